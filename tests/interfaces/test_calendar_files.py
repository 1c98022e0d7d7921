"""Calendar files come in and go out: other programs' habits, hostile files, and the way there and back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import icalendar
import pytest
from django.core.management import CommandError, call_command

from scheduling.models import Booking, EventSeries, Occurrence
from scheduling.rules.ical_reading import read_calendar
from scheduling.services.calendar_imports import import_calendar
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory
from tests.worlds import scheduling as calendar
from theater_site.core.errors import Invalid

PATH = "/api/v1/occurrences/import-calendar/"
LONDON = "TZID=Europe/London"


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def file(*events: str, zones: str = "") -> str:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//EN\n{zones}{body}END:VCALENDAR\n"


def event(uid: str = "one@example", start: str = f"DTSTART;{LONDON}:20311106T190000", *lines: str) -> str:
    return "\n".join([f"UID:{uid}", "SUMMARY:Rehearsal", start, *(lines or ("DURATION:PT3H",))])


def imported(theater: Theater, text: str, **body: Any) -> Any:
    given = {"section": theater.production.section_id, "production": theater.production.pk, "calendar": text, **body}
    answer = world.post(world.client(theater.director), PATH, given)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def rows() -> list[tuple[str, str, str]]:
    return [
        (row.date, f"{row.start_time or ''}"[:5], row.status) for row in Occurrence.objects.order_by("sort_at", "pk")
    ]


WEEKLY = (
    "DURATION:PT3H",
    "RRULE:FREQ=WEEKLY;COUNT=5",
    f"EXDATE;{LONDON}:20311113T190000,20320101T190000",
    f"RDATE;{LONDON}:20311108T140000",
)


def override(of: str, start: str, *lines: str) -> str:
    return event("one@example", f"DTSTART;{LONDON}:{start}", f"RECURRENCE-ID;{LONDON}:{of}T190000", *lines)


MOVED = override("20311120", "20311121T180000", "DURATION:PT2H")
CANCELED = override("20311127", "20311127T190000", "DURATION:PT3H", "STATUS:CANCELLED")
NOWHERE = override("20311130", "20311130T190000", "DURATION:PT3H")
ALARM = "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nDESCRIPTION:x\nEND:VALARM"


def test_a_series_comes_with_its_exceptions_and_again_by_uid(theater: Theater) -> None:
    text = file(event("one@example", f"DTSTART;{LONDON}:20311106T190000", *WEEKLY), MOVED, CANCELED, NOWHERE)
    first = imported(theater, text)
    assert (first["created"], first["changed"], first["skipped"]) == (1, 0, [])
    assert [note["message"] for note in first["notes"]] == [
        "The exception date 2032-01-01T19:00 matches no occurrence.",
        "The override of 2031-11-30T19:00 matches no occurrence.",
    ]
    expected = [
        ("2031-11-06", "19:00", "scheduled"),
        ("2031-11-08", "14:00", "scheduled"),
        ("2031-11-21", "18:00", "scheduled"),
        ("2031-11-27", "19:00", "canceled"),
        ("2031-12-04", "19:00", "scheduled"),
    ]
    assert rows() == expected
    keys = set(Occurrence.objects.values_list("pk", flat=True))
    again = imported(theater, text)
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 1)
    assert rows() == expected
    # The file changes: a longer rule, another exception, an override moved once more.
    longer = (
        text.replace("COUNT=5", "COUNT=6").replace("20311113T190000,", "").replace("20311121T180000", "20311122T180000")
    )
    changed = imported(theater, longer)
    assert (changed["created"], changed["changed"]) == (0, 1)
    assert [date for date, _, status in rows() if status == "scheduled"] == [
        "2031-11-06", "2031-11-08", "2031-11-13", "2031-11-22", "2031-12-04", "2031-12-11",
    ]  # fmt: skip
    assert keys < set(Occurrence.objects.values_list("pk", flat=True))
    # An hour earlier and shorter.
    earlier = imported(theater, longer.replace("T190000\nDURATION:PT3H\nRRULE", "T180000\nDURATION:PT2H\nRRULE"))
    assert earlier["skipped"] or earlier["changed"] == 1


def test_other_programs_habits_are_understood(theater: Theater) -> None:
    space = calendar.space(by=theater.director, name="Main stage")
    custom = (
        "BEGIN:VTIMEZONE\nTZID:My Zone\nX-LIC-LOCATION:Europe/Paris\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
        "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nBEGIN:DAYLIGHT\n"
        "DTSTART:19700329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n"
        "END:DAYLIGHT\nEND:VTIMEZONE\n"
    )
    answer = imported(
        theater,
        file(
            event("windows@x", 'DTSTART;TZID="GMT Standard Time":20310701T190000', "DURATION:PT2H"),
            event("floating@x", "DTSTART:20310702T190000", "DURATION:PT1H", "CATEGORIES:Tech,Red"),
            event("utc@x", "DTSTART:20310703T180000Z", "DTEND:20310703T190000Z", "STATUS:TENTATIVE"),
            event("custom@x", "DTSTART;TZID=My Zone:20310704T200000", "DURATION:PT1H"),
            event("allday@x", "DTSTART;VALUE=DATE:20310705", "DTEND;VALUE=DATE:20310707"),
            event("there@x", f"DTSTART;{LONDON}:20310706T190000", "DURATION:PT1H", "LOCATION:main stage"),
            event("nowhere@x", f"DTSTART;{LONDON}:20310707T190000", "LOCATION:The pub", "ATTENDEE:mailto:a@b.example", ALARM),
            event("lone@x", f"DTSTART;{LONDON}:20310708T190000", "DURATION:PT1H", f"RECURRENCE-ID;{LONDON}:20310709T190000"),
            zones=custom,
        ),
        timezone="Europe/Berlin",
    )  # fmt: skip
    assert (answer["created"], answer["skipped"]) == (8, [])
    assert answer["dropped"] == {"ATTENDEE": 1, "VALARM": 1}
    assert [note["message"] for note in answer["notes"]] == [
        "It lasts 2 days; only the first is stored.",
        "There is no space or venue called 'The pub'; no place is stored.",
    ]
    found = [
        (row.timezone, row.starts_at and f"{row.starts_at:%d %H:%M}", row.status)
        for row in Occurrence.objects.order_by("date")
    ]
    assert found[:5] == [
        ("Europe/London", "01 18:00", "scheduled"),
        ("Europe/Berlin", "02 17:00", "scheduled"),
        ("UTC", "03 18:00", "tentative"),
        ("Europe/Paris", "04 18:00", "scheduled"),
        ("", None, "scheduled"),
    ]
    assert Occurrence.objects.get(date="2031-07-02").category == "tech"
    assert Booking.objects.get().space == space


def test_rules_that_cannot_be_stored_are_reported_and_nothing_of_them_stays(theater: Theater) -> None:
    endless = event("endless@x", f"DTSTART;{LONDON}:20261201T190000", "DURATION:PT1H", "RRULE:FREQ=MONTHLY")
    bad = {
        "seconds@x": "RRULE:FREQ=SECONDLY;COUNT=5",
        "billion@x": "RRULE:FREQ=DAILY;COUNT=1000000000",
        "mismatch@x": "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3",
    }
    answer = imported(
        theater,
        file(
            endless,
            *(event(uid, f"DTSTART;{LONDON}:20311106T190000", "DURATION:PT1H", rule) for uid, rule in bad.items()),
            event("backwards@x", f"DTSTART;{LONDON}:20311106T190000", f"DTEND;{LONDON}:20311106T180000"),
            "SUMMARY:No UID\nDTSTART:20311106T190000Z",
            event(
                "twice@x", f"DTSTART;{LONDON}:20311106T190000", "RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2"
            ),
            event("days@x", "DTSTART;VALUE=DATE:20311224", "RRULE:FREQ=YEARLY;COUNT=2", "EXDATE;VALUE=DATE:20321224"),
        ),
    )
    codes = {one["uid"]: one["code"] for one in answer["skipped"]}
    assert codes == {
        "seconds@x": "rrule_too_often", "billion@x": "rrule_malformed", "mismatch@x": "rrule_start_mismatch",
        "backwards@x": "unreadable_event", "": "unreadable_event", "twice@x": "unreadable_event",
    }  # fmt: skip
    assert "Its rule has no end; it is stored for 18 months." in {note["message"] for note in answer["notes"]}
    assert EventSeries.objects.count() == 1
    assert 18 <= EventSeries.objects.get().occurrences.count() <= 60
    assert [row.date for row in Occurrence.objects.filter(series=None)] == ["2031-12-24"]
    for text, code in (("nonsense", "bad_calendar"), (file(), "bad_calendar")):
        body = {"section": theater.production.section_id, "production": theater.production.pk, "calendar": text}
        refused = world.post(world.client(theater.director), PATH, body)
        assert (refused.status_code, refused.json()["code"]) == (400, code), refused.json()
    with pytest.raises(Invalid) as refusal:
        read_calendar(b"x" * 2_000_001, "UTC")
    assert refusal.value.code == "calendar_too_large"
    elsewhere = {"section": theater.root.pk, "production": theater.production.pk, "calendar": file(event())}
    assert world.post(world.client(theater.director), PATH, elsewhere).json()["code"] == "other_section"
    other = world.production(world.season(theater.root, by=theater.director), by=theater.director)
    taken = imported(theater, file(endless), section=other.section_id, production=other.pk)
    assert [one["code"] for one in taken["skipped"]] == ["imported_elsewhere"]


def test_documented_cases_come_in_as_they_were_stated(theater: Theater, shared_data: Path) -> None:
    cases = [
        case
        for case in json.loads((shared_data / "recurrence/cases.json").read_text())
        if case["rrule"] and not case["all_day"] and case["tzid"] and len(case["expected"]) <= 60
    ]

    def line(name: str, case: dict[str, Any], *moments: str) -> str:
        return f"{name};TZID={case['tzid']}:" + ",".join(re.sub("[-:]", "", moment) for moment in moments)

    def events(case: dict[str, Any]) -> Iterator[str]:
        exceptions = [
            line(name, case, *case[key]) for name, key in (("EXDATE", "exdate"), ("RDATE", "rdate")) if case[key]
        ]
        rule = f"RRULE:{case['rrule']}"
        yield event(case["id"], line("DTSTART", case, case["dtstart"]), "DURATION:PT1M", rule, *exceptions)
        for moved in case["overrides"]:
            ids = [
                f"{name}:" + re.sub("[-:]", "", moved[key])
                for name, key in (("RECURRENCE-ID", "recurrence_id"), ("DTSTART", "start"))
            ]
            yield event(case["id"], ids[1], ids[0], "DURATION:PT1M")

    answer = import_calendar(
        actor=theater.acting(),
        section=theater.production.section,
        production=theater.production,
        calendar=file(*(one for case in cases for one in events(case))),
        timezone="UTC",
    )
    skipped = {one["uid"]: one["code"] for one in answer.skipped}
    wrong, compared = [], 0
    for case in cases:
        if case["id"] in skipped:
            continue
        series = EventSeries.objects.get(archive_key=f"ics:{case['id']}")
        found = [
            f"{row.starts_at:%Y-%m-%dT%H:%M:%SZ}"
            for row in series.occurrences.filter(status="scheduled").order_by("starts_at")
        ]
        first, last = case["window_start"] or "", case["window_end"] or "9999"
        found = [start for start in found if first <= start < last][: case["limit"]]
        compared += 1
        if found != case["expected"]:
            wrong.append((case["id"], case["rrule"], found[:4], case["expected"][:4]))
    print(f"{compared} compared, skipped: {Counter(skipped.values())}")
    assert wrong == []
    assert compared >= 85


def test_a_calendar_goes_out_and_comes_back(
    theater: Theater, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = directory.person(by=theater.director, published=True)
    series = calendar.series(theater.production, by=theater.director)
    calendar.occurrence(
        theater.production, by=theater.director, date="2031-11-07", start_time=None, duration_minutes=None
    )
    calendar.called(series.occurrences.order_by("pk")[0], person, by=theater.director)
    days = {"start": dt.date(2031, 11, 1), "end": dt.date(2032, 3, 1)}
    out = tmp_path / "out.ics"
    call_command("export_calendar", **days, output=str(out))
    before = list(Occurrence.objects.order_by("pk").values())
    call_command("import_calendar", str(out), production=theater.production.pk, json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["created"], told["changed"], told["unchanged"], told["skipped"]) == (0, 0, 11, [])
    assert list(Occurrence.objects.order_by("pk").values()) == before
    # A date that another program changed comes back.
    out.write_text(out.read_text().replace("20311106T190000", "20311106T183000"))
    call_command("import_calendar", str(out), production=theater.production.pk)
    assert "1 were changed, 10 are as they were" in capsys.readouterr().out
    assert f"{series.occurrences.get(date='2031-11-06').start_time}" == "18:30:00"

    def exported(form: str, **options: Any) -> str:
        call_command("export_calendar", format=form, **{**days, **options})
        return capsys.readouterr().out

    rows_ = json.loads(exported("json"))
    assert rows_[0] | {"uid": ""} == {
        "uid": "", "recurrence_id": "2031-11-06T19:00:00", "title": theater.production.title, "start": "2031-11-06T18:30:00Z",
        "end": "2031-11-06T21:30:00Z", "date": "2031-11-06", "timezone": "Europe/London", "status": "scheduled",
    }  # fmt: skip
    google = json.loads(exported("google-json", production=theater.production.pk))
    assert google[0]["start"] == {"dateTime": "2031-11-06T18:30:00", "timeZone": "Europe/London"}
    assert google[1]["start"] == {"date": "2031-11-07"}
    table = list(csv.reader(io.StringIO(exported("google-csv"))))
    assert (table[0][0], table[1][1:6], table[2][5]) == (
        "Subject",
        ["11/06/2031", "06:30 PM", "11/06/2031", "09:30 PM", "False"],
        "True",
    )
    Occurrence.objects.filter(date="2031-11-07").update(status="canceled")
    assert len(list(csv.reader(io.StringIO(exported("google-csv"))))) == 11
    assert len(json.loads(exported("json", person=person.pk))) == 1
    assert json.loads(exported("json", public=True)) == []
    assert len(icalendar.Calendar.from_ical(exported("ics")).walk("VEVENT")) == 11


def test_the_commands_name_what_is_wrong(theater: Theater, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.ics"
    bad = event("bad@x", f"DTSTART;{LONDON}:20311106T190000", "RRULE:FREQ=SECONDLY;COUNT=5")
    far = event("far@x", f"DTSTART;{LONDON}:20311107T190000", "LOCATION:The pub", "URL:https://x.example")
    path.write_text(file(event(), bad, far))
    call_command("import_calendar", str(path), preview=True)
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "2 would be created, 0 would be changed, 0 are as they were.",
        "note: Rehearsal: There is no space or venue called 'The pub'; no place is stored.",
        "skipped (rrule_too_often): Rehearsal: FREQ=SECONDLY is not supported. An event repeats at most daily.",
        "dropped, since this calendar does not store them: 1 URL",
    ]
    assert not Occurrence.objects.exists()
    call_command("import_calendar", str(path), email=theater.director.email)
    assert Occurrence.objects.count() == 2
    for arguments, message in (
        ({"production": 999}, "Production 999 does not exist"),
        ({"timezone": "Mars"}, "Mars"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("import_calendar", str(path), **arguments)
    for name, options, message in (
        ("import_calendar", {}, "cannot be read"),
        ("export_calendar", {"output": str(tmp_path / "no" / "x")}, "cannot be written"),
        ("export_calendar", {"start": dt.date(2031, 2, 1), "end": dt.date(2031, 1, 1)}, "before the first"),
    ):
        given = [str(tmp_path / "absent.ics")] if name == "import_calendar" else []
        with pytest.raises(CommandError, match=message):
            call_command(name, *given, **options)

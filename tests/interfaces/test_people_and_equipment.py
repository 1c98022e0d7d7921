"""Events call people and book equipment; conflicts of both are refused or need a reason."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from scheduling.models import Call, Equipment, EquipmentBooking, Occurrence, Unavailability
from scheduling.rules.availability import Absence
from scheduling.rules.free_slots import Window
from scheduling.rules.stock import Use, most_at_once
from scheduling.selectors.people_conflicts import people_conflicts
from scheduling.services.equipment import set_equipment
from scheduling.services.occurrences import update_occurrence
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory
from tests.worlds import scheduling as calendar
from theater_site.core.errors import Conflict

EVENTS = "/api/v1/occurrences/"
MORNING = {"date": "2031-03-10", "start_time": dt.time(10), "duration_minutes": 120, "timezone": "Europe/London"}


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def event(theater: Theater, **fields: Any) -> Occurrence:
    return calendar.occurrence(theater.production, by=theater.director, **{**MORNING, **fields})


def set_people(theater: Theater, to: Occurrence, *people: Any, **body: Any) -> Any:
    path = f"{EVENTS}{to.pk}/set-people/"
    return world.post(world.client(theater.director), path, {"people": [person.pk for person in people], **body})


def use(theater: Theater, at: Occurrence, of: Equipment, quantity: int) -> Any:
    body = {"equipment": [{"equipment": of.pk, "quantity": quantity}] if quantity else []}
    return world.post(world.client(theater.director), f"{EVENTS}{at.pk}/set-equipment/", body)


# --- Equipment --------------------------------------------------------------------------------------------------


def test_the_sum_of_booked_equipment_never_passes_the_stock(theater: Theater) -> None:
    microphones = calendar.equipment(by=theater.director)
    client = world.client(theater.director)
    first, second = event(theater), event(theater, start_time=dt.time(11))
    assert use(theater, first, microphones, 8).status_code == 200
    refused = use(theater, second, microphones, 5)
    assert (refused.status_code, refused.json()["code"]) == (409, "equipment_taken")
    assert refused.json()["data"] == {
        "equipment": microphones.pk, "name": "Radio microphone", "quantity": 12, "left": 4,
    }  # fmt: skip
    assert use(theater, second, microphones, 4).status_code == 200
    # The stock cannot shrink below what is booked at one instant.
    path = f"/api/v1/equipment/{microphones.pk}/"
    small = world.patch(client, path, {"quantity": 11}, microphones.version)
    assert (small.status_code, small.json()["code"], small.json()["data"]) == (409, "stock_booked", {"booked": 12})
    # A canceled event releases its equipment, and gets it back if it is left.
    world.post(client, f"{EVENTS}{first.pk}/cancel/", {})
    assert not EquipmentBooking.objects.filter(occurrence=first).exists()
    shown = client.get("/api/v1/equipment-needs/", {"occurrence": first.pk}).json()["results"]
    assert [(row["name"], row["quantity"], row["booked"]) for row in shown] == [("Radio microphone", 8, False)]
    assert use(theater, first, microphones, 1).json()["code"] == "canceled"
    assert use(theater, second, microphones, 5).status_code == 200
    gone = world.post(client, f"{EVENTS}{first.pk}/reinstate/", {})
    assert (gone.status_code, gone.json()["code"]) == (409, "equipment_taken")
    # Another time has room: the booking moves along.
    second.refresh_from_db()
    moved = world.patch(client, f"{EVENTS}{second.pk}/", {"start_time": "14:00"}, second.version)
    assert moved.status_code == 200
    assert world.post(client, f"{EVENTS}{first.pk}/reinstate/", {}).status_code == 200
    spans = EquipmentBooking.objects.order_by("starts_at").values_list("starts_at", "quantity")
    assert [(f"{start:%H:%M}", quantity) for start, quantity in spans] == [("10:00", 8), ("14:00", 5)]
    assert use(theater, second, microphones, 0).status_code == 200
    assert not second.equipment_needs.exists()
    first.refresh_from_db()
    tentative = world.patch(client, f"{EVENTS}{first.pk}/", {"tentative": True}, first.version)
    assert tentative.status_code == 200
    assert not EquipmentBooking.objects.exists()
    smaller = world.patch(client, path, {"quantity": 11}, microphones.version)
    assert smaller.status_code == 200
    assert world.patch(client, path, {"name": "Microphone"}, smaller.json()["version"]).json()["quantity"] == 11


def test_equipment_is_named_once_and_the_database_keeps_the_stock(theater: Theater) -> None:
    lamp = calendar.equipment(by=theater.director, name="Lamp", quantity=2)
    again = world.post(world.client(theater.director), "/api/v1/equipment/", {"name": "Lamp"})
    assert (again.status_code, again.json()["code"]) == (409, "equipment_name_taken")
    morning = event(theater)
    twice = [{"equipment": lamp.pk, "quantity": 1}] * 2
    answer = world.post(world.client(theater.director), f"{EVENTS}{morning.pk}/set-equipment/", {"equipment": twice})
    assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == (
        "equipment_repeated",
        "equipment.1.equipment",
    )
    use(theater, morning, lamp, 2)
    row = EquipmentBooking.objects.get()
    values = {"section": row.section, "equipment": lamp, "occurrence": row.occurrence, "quantity": 1}
    with pytest.raises(IntegrityError, match="guard:equipment_taken"), transaction.atomic():
        EquipmentBooking.objects.bulk_create(
            [EquipmentBooking(starts_at=row.starts_at - dt.timedelta(hours=1), ends_at=row.ends_at, **values)]
        )
    with transaction.atomic():
        EquipmentBooking.objects.bulk_create(
            [EquipmentBooking(starts_at=row.ends_at, ends_at=row.ends_at + dt.timedelta(hours=1), **values)]
        )


@pytest.mark.django_db(transaction=True)
def test_events_at_the_same_instant_share_the_stock(real_database: None) -> None:
    theater = Theater()
    lamps = calendar.equipment(by=theater.director, quantity=3)
    events = [event(theater) for _ in range(6)]
    answers: list[bool] = []

    def book(row: Occurrence) -> None:
        try:
            set_equipment(actor=theater.acting(), occurrence=row, equipment=[{"equipment": lamps, "quantity": 1}])
            answers.append(True)
        except Conflict as refusal:
            answers.append(refusal.code != "equipment_taken")
        finally:
            connection.close()

    with ThreadPoolExecutor(len(events)) as crowd:
        list(crowd.map(book, events))
    assert sorted(answers) == [False] * 3 + [True] * 3
    assert EquipmentBooking.objects.count() == 3


USES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10), st.integers(1, 4)), max_size=8)
BASE = dt.datetime(2031, 3, 10, tzinfo=dt.UTC)


def hours(number: int) -> dt.datetime:
    return BASE + dt.timedelta(hours=number)


@given(USES)
def test_the_largest_use_is_that_of_an_hour_by_hour_count(uses: list[tuple[int, int, int]]) -> None:
    naive = max(
        (sum(n for start, length, n in uses if start <= hour < start + length) for hour in range(30)), default=0
    )
    assert most_at_once(Use(hours(start), hours(start + length), n) for start, length, n in uses) == naive


# --- People -----------------------------------------------------------------------------------------------------


def test_a_double_call_needs_a_reason(theater: Theater, capsys: pytest.CaptureFixture[str]) -> None:
    anna, ben = (directory.person(by=theater.director, published=True, name=name) for name in ("Anna Bell", "Ben Cox"))
    first, second = event(theater, title="Read-through"), event(theater, start_time=dt.time(11), title="Fitting")
    assert set_people(theater, first, anna, ben).status_code == 200
    refused = set_people(theater, second, anna)
    assert (refused.status_code, refused.json()["code"]) == (409, "waiver_required")
    (finding,) = refused.json()["data"]["findings"]
    assert finding["rule"] == "person_called_elsewhere"
    assert finding["message"] == "Anna Bell is also called to Read-through, from 2031-03-10 11:00 to 12:00."
    waived = set_people(theater, second, anna, waive={"person_called_elsewhere": "She leaves at eleven."})
    assert waived.status_code == 200
    assert AuditEntry.objects.filter(action="event.set_people").latest("at").note["waived"] == [
        "person_called_elsewhere"
    ]
    # Nothing new is asked for what stays; a move that collides asks again.
    assert set_people(theater, second, anna, ben, waive={"person_called_elsewhere": "Both."}).status_code == 200
    assert set_people(theater, second, ben).status_code == 200
    third = event(theater, date="2031-03-11")
    assert set_people(theater, third, ben).status_code == 200
    third.refresh_from_db()
    moved = world.patch(world.client(theater.director), f"{EVENTS}{third.pk}/", {"date": "2031-03-10"}, third.version)
    assert moved.json()["code"] == "waiver_required"
    assert len(moved.json()["data"]["findings"]) == 2

    answer = world.client(theater.director).get("/api/v1/conflicts/", {"production": theater.production.pk}).json()
    people = [one for one in answer["conflicts"] if one["kind"] == "double_call"]
    assert [(one["person_name"], one["severity"], one["starts_at"]) for one in people] == [
        ("Ben Cox", "soft", "2031-03-10T11:00:00Z")
    ]
    assert [row["title"] for row in people[0]["occurrences"]] == ["Read-through", "Fitting"]
    before = timezone.now()
    path = f"/api/v1/conflicts/export/?production={theater.production.pk}"
    table = world.client(theater.director).get(path)
    lines = b"".join(table.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "kind,severity,starts_at,ends_at,where,who,first_event,second_event,since"
    assert lines[-1].startswith("double_call,soft,2031-03-10 11:00Z,2031-03-10 12:00Z,,Ben Cox,Read-through,Fitting,")
    # Nothing is new since then, until somebody changes a part of it.
    recent = {"production": theater.production.pk, "changed_since": before.isoformat()}
    assert world.client(theater.director).get("/api/v1/conflicts/", recent).json()["count"] == 0
    update_occurrence(
        actor=theater.acting(), occurrence=second, changes={"title": "Wigs"}, waive={"person_called_elsewhere": "Yes."}
    )
    assert world.client(theater.director).get("/api/v1/conflicts/", recent).json()["count"] == 1
    days = {"start": dt.date(2031, 3, 1), "end": dt.date(2031, 4, 1)}
    call_command("conflict_report", production=theater.production.pk, **days)
    told = capsys.readouterr().out
    assert "Ben Cox  Read-through  Wigs" in told
    assert told.splitlines()[-1] == "1 conflict."
    call_command("conflict_report", format="json", changed_since=timezone.now(), **days)
    assert json.loads(capsys.readouterr().out) == []
    call_command("conflict_report", format="csv", season=theater.production.season_id, **days)
    assert capsys.readouterr().out.count("double_call") == 1
    call_command("conflict_report", start=dt.date(2035, 1, 1))
    assert capsys.readouterr().out == "No conflicts.\n"
    for wrong in (
        {"start": dt.date(2031, 3, 1), "end": dt.date(2031, 2, 1)},
        {"changed_since": dt.datetime(2031, 1, 1)},
    ):
        with pytest.raises(CommandError):
            call_command("conflict_report", **wrong)
    assert ("calls" in answer["checked"], answer["not_checked"]) == (True, ["travel", "rest"])


def test_calls_are_seen_by_the_called_and_refused_for_strangers(theater: Theater) -> None:
    user = world.user("Anna Bell")
    anna = directory.person(by=theater.director, user=user, name="Anna Bell")
    morning = event(theater)
    calendar.called(morning, anna, by=theater.director)
    (call,) = world.client(user).get("/api/v1/calls/").json()["results"]
    assert (call["occurrence"], call["person_name"], call["status"]) == (morning.pk, "Anna Bell", "scheduled")
    assert world.client(world.user()).get("/api/v1/calls/").json()["results"] == []
    # A member of the production can be called, also without a public page.
    hidden = directory.person(by=theater.director, name="Eve Hidden")
    manager = world.client(world.give("stage_manager", theater.production.section, by=theater.director))
    path = f"{EVENTS}{morning.pk}/set-people/"
    assert world.post(manager, path, {"people": [anna.pk, hidden.pk]}).json()["code"] == "unknown_people"
    for person in (anna, hidden):
        directory.credit(theater.production, person, "Ghost", by=theater.director)
    assert world.post(manager, path, {"people": [anna.pk, hidden.pk]}).status_code == 200
    for _ in range(2):
        assert world.post(manager, path, {"people": [anna.pk]}).status_code == 200
    missing = world.post(world.client(theater.director), f"{EVENTS}{morning.pk}/set-people/", {"people": [999]})
    assert (missing.status_code, missing.json()["code"]) == (400, "unknown_people")
    world.post(world.client(theater.director), f"{EVENTS}{morning.pk}/cancel/", {})
    assert set_people(theater, morning).json()["code"] == "canceled"
    assert Call.objects.count() == 1


def test_people_enter_when_they_cannot_come(theater: Theater) -> None:
    user = world.user("Anna Bell")
    anna = directory.person(by=theater.director, user=user, published=True, name="Anna Bell")
    path = "/api/v1/unavailabilities/"
    body = {
        "person": anna.pk, "first_date": "2031-03-03", "last_date": "2031-03-31", "weekdays": ["TU", "MO"],
        "start_time": "09:00", "end_time": "11:00", "timezone": "Europe/London", "reason": "Evening classes",
    }  # fmt: skip
    made = world.post(world.client(user), path, body)
    assert (made.status_code, made.json()["weekdays"]) == (201, ["MO", "TU"])
    assert world.post(world.client(world.user()), path, body).json()["code"] == "not_own_record"
    refused = set_people(theater, event(theater), anna)
    (finding,) = refused.json()["data"]["findings"]
    assert (finding["rule"], finding["message"]) == (
        "person_unavailable",
        "Anna Bell is unavailable from 2031-03-10 10:00 to 11:00.",
    )
    # The reason is for the person and the directory.
    assert "Evening classes" not in refused.content.decode()
    stage_manager = world.client(world.give("stage_manager", theater.production.section, by=theater.director))
    assert stage_manager.get(path).json()["results"] == []
    assert world.client(theater.director).get(path).json()["results"][0]["reason"] == "Evening classes"
    calendar.called(event(theater, date="2031-03-12"), anna, by=theater.director)
    pk, version = made.json()["id"], made.json()["version"]
    changed = world.patch(world.client(user), f"{path}{pk}/", {"weekdays": [], "last_date": None}, version)
    assert changed.status_code == 200
    answer = world.client(theater.director).get("/api/v1/conflicts/", {"production": theater.production.pk}).json()
    assert [(one["kind"], one["starts_at"]) for one in answer["conflicts"]] == [("unavailable", "2031-03-12T10:00:00Z")]
    for wrong, code in (
        ({"end_time": None}, "half_a_span"),
        ({"last_date": "2031-01-01"}, "ends_before_start"),
        ({"timezone": "Mars"}, "unknown_timezone"),
        ({"timezone": ""}, "unknown_timezone"),
    ):
        answer = world.patch(world.client(user), f"{path}{pk}/", wrong, changed.json()["version"])
        refusal = answer.json()
        assert code in {refusal["code"], *(error["code"] for error in refusal.get("errors", []))}, wrong
    gone = world.client(user).delete(f"{path}{pk}/", headers={"If-Match": f'"{changed.json()["version"]}"'})
    assert gone.status_code == 204
    assert not Unavailability.objects.exists()


def test_many_conflicts_cost_constant_queries_and_are_counted(theater: Theater) -> None:
    people = [directory.person(by=theater.director, published=True) for _ in range(22)]
    first = event(theater)
    calendar.called(first, *people, by=theater.director)
    refused = set_people(theater, event(theater), *people)
    findings = refused.json()["data"]["findings"]
    assert (len(findings), findings[-1]["message"]) == (21, "There are 2 more conflicts of people.")
    calendar.called(event(theater), *people, by=theater.director, waive={"person_called_elsewhere": "A test."})
    with CaptureQueriesContext(connection) as asked:
        assert len(people_conflicts([first.pk])) == 22
    assert len(asked) == 3
    assert people_conflicts([]) == []
    Occurrence.objects.filter(pk=first.pk).update(status="canceled")
    assert people_conflicts([first.pk]) == []


DAY = st.dates(dt.date(2031, 3, 1), dt.date(2031, 4, 14))


@given(
    DAY,
    DAY | st.none(),
    st.sets(st.sampled_from(["MO", "WE", "SU"])),
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_the_spans_of_an_absence_are_those_of_an_hour_by_hour_search(
    first: dt.date, last: dt.date | None, days: set[str], times: tuple[int, int] | None
) -> None:
    start, end = (dt.time(times[0]), dt.time(times[1])) if times else (None, None)
    absence = Absence(first, last, tuple(days), start, end, "Europe/London")
    window = Window(dt.datetime(2031, 3, 20, 12, tzinfo=dt.UTC), dt.datetime(2031, 4, 4, 12, tzinfo=dt.UTC))
    found = {
        hour
        for span in absence.spans(window)
        for hour in range(15 * 24)
        if span.starts_at <= window.starts_at + dt.timedelta(hours=hour) < span.ends_at
    }
    names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    expected = set()
    for hour in range(15 * 24):
        # The clocks change within the window.
        wall = (window.starts_at + dt.timedelta(hours=hour)).astimezone(ZoneInfo("Europe/London"))
        for back in (0, 1):
            day = wall.date() - dt.timedelta(days=back)
            if day < first or (last is not None and day > last) or (days and names[day.weekday()] not in days):
                continue
            begins, ends = times or (0, 0)
            in_day = wall.hour + 24 * back
            if begins <= in_day < (ends if ends > begins else ends + 24):
                expected.add(hour)
    assert found == expected

"""Repeating events: the standard against stated cases and another expander, and this calendar's policy on
top."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.rules.recurrence import MAX_OCCURRENCES, Start, expand, occurrences, parse, validate
from scheduling.rules.wall_time import to_utc, to_wall
from theater_site.core.errors import Invalid

CASES = Path(__file__).parents[2] / ".." / "shared" / "data" / "recurrence" / "cases.json"
needs_cases = pytest.mark.skipif(not CASES.exists(), reason="../shared/data/recurrence/cases.json is absent")
UTC, LONDON, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("Europe/London"), ZoneInfo("America/New_York")


def read_cases() -> list[dict]:
    return json.loads(CASES.read_text())


def wall(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def walls(starts: list[Start]) -> list[str]:
    return [start.wall.isoformat(" ", "minutes") for start in starts]


def codes_of(call, *args, **kwargs) -> str:
    with pytest.raises(Invalid) as refusal:
        call(*args, **kwargs)
    assert len(refusal.value.message) > 20
    return f"{refusal.value.field}:{refusal.value.code}"


# --- the standard, against cases that others have stated ----------------------------------------------------


def ask(case: dict) -> list[Start]:
    return occurrences(
        case["rrule"],
        wall(case["dtstart"]),
        ZoneInfo(case["tzid"] or "UTC"),
        skipped=[wall(text) for text in case["exdate"]],
        added=[wall(text) for text in case["rdate"]],
        moved={instant(move["recurrence_id"]): instant(move["start"]) for move in case["overrides"]},
        since=instant(case["window_start"]),
        before=instant(case["window_end"]),
        limit=case["limit"],
    )


@needs_cases
def test_every_documented_case_expands_exactly_or_is_refused_with_a_reason():
    refused: collections.Counter[str] = collections.Counter()
    wrong = []
    cases = read_cases()
    for case in cases:
        try:
            found = ask(case)
        except Invalid as error:
            refused[error.code] += 1
            continue
        if [start.utc.strftime("%Y-%m-%dT%H:%M:%SZ") for start in found] != case["expected"]:
            wrong.append(case["id"])
    print(f"{len(cases)} cases, refused: {dict(refused)}")
    assert wrong == []
    assert len(cases) == 274
    # The one that begins on a Tuesday and says "every Friday the 13th": undefined by RFC 5545 section
    # 3.8.5.3.
    assert refused == {"rrule_start_mismatch": 1}


@needs_cases
def test_the_policy_accepts_every_documented_rule_that_ends_and_is_at_most_daily():
    refused: collections.Counter[str] = collections.Counter()
    taken = wrong = 0
    for case in read_cases():
        if case["rrule"] is None:
            continue
        start, zone = wall(case["dtstart"]), ZoneInfo(case["tzid"] or "UTC")
        try:
            stored = validate(case["rrule"], zone)
            found = expand(stored, start.date(), start.time(), zone, added=[wall(text) for text in case["rdate"]])
        except Invalid as error:
            assert error.field == "rrule"  # noqa: PT017 - most are taken
            refused[error.code] += 1
            continue
        taken += 1
        if not (case["exdate"] or case["overrides"] or case["limit"] or case["window_start"]):
            wrong += [item.utc.strftime("%Y-%m-%dT%H:%M:%SZ") for item in found] != case["expected"]
    print(f"{taken} taken, refused: {dict(refused)}")
    assert wrong == 0
    assert taken == 202
    assert refused == {
        "rrule_endless": 47,  # no COUNT and no UNTIL
        "rrule_too_often": 17,  # 16 hourly, one with BYSECOND
        "rrule_unsupported": 2,  # BYMONTHDAY=-31 and -7
        "rrule_ambiguous": 1,  # BYWEEKNO without BYDAY
        "rrule_too_many": 1,  # every hundred years
    }


# --- the standard, against another expander -----------------------------------------------------------------

weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
numbered = st.builds(lambda n, day: f"{n}{day}", st.integers(-4, 4).filter(bool), weekdays)


def some(values: st.SearchStrategy) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda items: ",".join(map(str, items)))


def signed(highest: int) -> st.SearchStrategy[int]:
    return st.integers(-highest, highest).filter(bool)


COMBINATIONS = {
    "YEARLY": [
        "",
        "BYMONTH",
        "BYDAY",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYMONTH BYDAY",
        "BYMONTH BYMONTHDAY",
        "BYWEEKNO BYDAY",
    ],
    "MONTHLY": ["", "BYMONTH", "BYDAY", "BYMONTHDAY", "BYMONTH BYDAY", "BYDAY BYMONTHDAY", "BYDAY BYHOUR"],
    "WEEKLY": ["", "BYDAY", "BYMONTH", "BYMONTH BYDAY", "BYDAY BYHOUR", "BYHOUR BYMINUTE"],
    "DAILY": ["", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYDAY BYMONTHDAY", "BYHOUR BYMINUTE"],
    "HOURLY": ["", "BYDAY", "BYMONTH", "BYMINUTE", "BYHOUR BYDAY"],
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that happen soon: the other expander searches up to the year 9999 for one that never does."""
    freq = draw(st.sampled_from(sorted(COMBINATIONS)))
    names = draw(st.sampled_from(COMBINATIONS[freq])).split()
    ordinals = freq in ("YEARLY", "MONTHLY") and not {"BYWEEKNO", "BYMONTHDAY"} & set(names)
    choices = {
        "BYMONTH": st.integers(1, 12),
        # Never "FR,1MO": the standard means all Fridays and one Monday, the other one takes what is both.
        "BYDAY": numbered if ordinals and draw(st.booleans()) else weekdays,
        "BYMONTHDAY": signed(28),
        "BYYEARDAY": signed(365),
        "BYWEEKNO": signed(52),
        "BYHOUR": st.integers(0, 23),
        "BYMINUTE": st.sampled_from([0, 15, 30]),
    }
    # Every third month may never be a February.
    interval = 1 if {"BYMONTH", "BYHOUR"} & set(names) else draw(st.integers(1, 4))
    parts = {"FREQ": freq, "INTERVAL": interval, "WKST": draw(weekdays)}
    parts |= {name: draw(some(choices[name])) for name in names}
    # Not with WEEKLY: the other one cuts its first week off at the start, and so counts positions from there.
    if names and freq in ("YEARLY", "MONTHLY") and draw(st.booleans()):
        parts["BYSETPOS"] = draw(st.sampled_from(["1", "-1", "1,-1"]))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    rrule=rules(),
    start=st.datetimes(dt.datetime(1999, 1, 1), dt.datetime(2012, 1, 1)),
    size=st.integers(1, 8),
)
def test_every_rule_expands_as_in_another_library(rrule, start, size):
    start = next(iter(rrulestr(rrule, dtstart=start.replace(second=0, microsecond=0))), None)
    assume(start is not None)
    # With INTERVAL, beginning where the rule begins is another rule, so the other one is asked again.
    theirs = list(itertools.islice(rrulestr(rrule, dtstart=start), size))
    assume(theirs[0] == start)
    assert [item.wall for item in occurrences(rrule, start, UTC, limit=size)] == theirs
    assert parse(str(parse(rrule))) == parse(rrule)


def test_a_weekday_and_a_numbered_weekday_can_be_combined():
    found = occurrences("FREQ=MONTHLY;BYDAY=FR,1MO", wall("2000-01-03T20:00"), UTC, limit=6)
    assert [start.wall.day for start in found] == [3, 7, 14, 21, 28, 4]


# --- wall time ----------------------------------------------------------------------------------------------


def test_occurrences_keep_their_wall_time_at_clock_changes():
    starts = expand("FREQ=WEEKLY;COUNT=3", dt.date(2026, 10, 16), dt.time(19), LONDON)
    assert walls(starts) == ["2026-10-16 19:00", "2026-10-23 19:00", "2026-10-30 19:00"]
    assert [start.utc.hour for start in starts] == [18, 18, 19]


def test_a_skipped_hour_happens_an_hour_later_and_a_repeated_one_once():
    spring = expand("FREQ=DAILY;COUNT=3", dt.date(2007, 3, 10), dt.time(2, 30), NEW_YORK)
    assert [to_wall(start.utc, NEW_YORK).hour for start in spring] == [2, 3, 2]
    autumn = expand("FREQ=DAILY;COUNT=3", dt.date(2007, 11, 3), dt.time(1, 30), NEW_YORK)
    assert [start.utc.hour for start in autumn] == [5, 5, 6]


def test_two_wall_times_that_coincide_at_a_clock_change_are_one_occurrence():
    starts = expand("FREQ=DAILY;COUNT=4;BYHOUR=2,3;BYMINUTE=30", dt.date(2007, 3, 11), dt.time(2, 30), NEW_YORK)
    assert [start.utc.strftime("%d %H:%M") for start in starts] == ["11 07:30", "12 06:30", "12 07:30"]


@pytest.mark.parametrize("until", ["20261030", "20261030T190000", "20261030T190000Z"])
def test_until_is_inclusive_in_all_three_forms(until):
    stored = validate(f"FREQ=WEEKLY;UNTIL={until}", LONDON)
    assert stored.endswith("Z")
    assert len(expand(stored, dt.date(2026, 10, 16), dt.time(19), LONDON)) == 3


def test_until_is_read_in_the_zone_of_the_event():
    # 18:30Z is 19:30 in summer but 18:30 on the 30th.
    found = expand("FREQ=WEEKLY;UNTIL=20261030T183000Z", dt.date(2026, 10, 16), dt.time(19), LONDON)
    assert walls(found)[-1] == "2026-10-23 19:00"


# --- skipped, added, moved, windows -------------------------------------------------------------------------


def test_skipped_and_added_dates_are_beside_the_rule():
    starts = expand(
        "FREQ=DAILY;COUNT=4",
        dt.date(2026, 3, 1),
        dt.time(20),
        LONDON,
        skipped=[wall("2026-03-02T20:00"), dt.date(2026, 3, 4)],
        added=[wall("2026-03-01T14:00"), wall("2026-03-03T20:00")],
    )
    assert walls(starts) == ["2026-03-01 14:00", "2026-03-01 20:00", "2026-03-03 20:00"]


def test_an_exception_date_without_an_occurrence_is_refused():
    off_by_an_hour = [wall("2026-03-02T19:00")]
    args = ("FREQ=DAILY;COUNT=4", dt.date(2026, 3, 1), dt.time(20), LONDON)
    assert codes_of(expand, *args, skipped=off_by_an_hour) == "skipped:nothing_to_skip"
    assert codes_of(expand, *args, skipped=[dt.date(2026, 4, 1)]) == "skipped:nothing_to_skip"
    # The standard, which reads other people's calendars, passes over it.
    assert len(occurrences("FREQ=DAILY;COUNT=4", wall("2026-03-01T20:00"), LONDON, skipped=off_by_an_hour)) == 4


def test_a_window_is_half_open_and_only_filters():
    args = ("FREQ=DAILY;COUNT=10", dt.date(2026, 3, 1), dt.time(20), LONDON)
    everything = expand(*args)
    assert expand(*args, since=everything[2].utc, before=everything[5].utc) == everything[2:5]
    assert expand(*args, since=everything[-1].utc + dt.timedelta(seconds=1)) == []


def test_an_endless_rule_needs_a_window_or_a_limit():
    start = wall("1990-01-01T20:00")
    assert codes_of(occurrences, "FREQ=WEEKLY", start, LONDON) == "rrule:rrule_endless"
    assert len(occurrences("FREQ=WEEKLY", start, LONDON, limit=7)) == 7
    later = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    found = occurrences("FREQ=WEEKLY", start, LONDON, since=later, before=later + dt.timedelta(days=21), limit=2)
    assert walls(found) == ["2026-01-05 20:00", "2026-01-12 20:00"]


def test_an_occurrence_moved_into_the_window_is_included():
    start = wall("2026-01-02T20:00")
    moved = {to_utc(dt.date(2026, 3, 6), dt.time(20), LONDON): dt.datetime(2026, 1, 20, 20, tzinfo=dt.UTC)}
    window = {
        "since": dt.datetime(2026, 1, 12, tzinfo=dt.UTC),
        "before": dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
    }
    found = occurrences("FREQ=WEEKLY", start, LONDON, moved=moved, **window)
    assert [start.utc.day for start in found] == [16, 20, 23, 30]
    assert walls(found)[1] == "2026-03-06 20:00"


# --- refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rrule", "code"),
    [
        ("", "rrule_malformed"),
        ("every Monday", "rrule_malformed"),
        ("FREQ=FORTNIGHTLY;COUNT=2", "rrule_malformed"),
        ("INTERVAL=2;COUNT=2", "rrule_malformed"),
        ("FREQ=DAILY;INTERVAL=0;COUNT=2", "rrule_malformed"),
        ("FREQ=DAILY;INTERVAL=-1;COUNT=2", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=0", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;COUNT=3", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z", "rrule_malformed"),
        ("FREQ=DAILY;UNTIL=20270231T000000Z", "rrule_malformed"),
        ("FREQ=DAILY;UNTIL=tomorrow", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYHOUR=24", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYHOUR=19,", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYEASTER=1", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYDAY=1MO", "rrule_malformed"),
        ("FREQ=MONTHLY;COUNT=2;BYDAY=0MO", "rrule_malformed"),
        ("FREQ=WEEKLY;COUNT=2;BYMONTHDAY=1", "rrule_malformed"),
        ("FREQ=MONTHLY;COUNT=2;BYYEARDAY=1", "rrule_malformed"),
        ("FREQ=MONTHLY;COUNT=2;BYWEEKNO=1;BYDAY=MO", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYSETPOS=1", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;WKST=XX", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=\u0662", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2\nRRULE:FREQ=WEEKLY;COUNT=2", "rrule_malformed"),
        ("DTSTART:20260101T190000Z\nRRULE:FREQ=DAILY;COUNT=2", "rrule_malformed"),
        ("FREQ=DAILY;COUNT=2;BYMONTH=" + "1," * 600 + "1", "rrule_malformed"),
        ("FREQ=SECONDLY;COUNT=2", "rrule_too_often"),
        ("FREQ=MINUTELY;COUNT=2", "rrule_too_often"),
        ("FREQ=HOURLY;COUNT=2", "rrule_too_often"),
        ("FREQ=DAILY;BYSECOND=0,30;COUNT=2", "rrule_too_often"),
        ("FREQ=WEEKLY", "rrule_endless"),
        (f"FREQ=DAILY;COUNT={MAX_OCCURRENCES + 1}", "rrule_too_many"),
        ("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "rrule_ambiguous"),
        ("FREQ=WEEKLY;UNTIL=20270101", "rrule_ambiguous"),
        ("FREQ=MONTHLY;BYMONTHDAY=-5;COUNT=2", "rrule_unsupported"),
    ],
)
def test_the_policy_refuses_unsupported_rules(rrule, code):
    assert codes_of(validate, rrule) == f"rrule:{code}"


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text("FREQ=DAILYBYUNTCOMH;,:-+0123456789TZ", max_size=60))
def test_invalid_rules_are_refused_and_never_crash(text):
    try:
        assert validate(validate(text, LONDON), LONDON) == validate(text, LONDON)
    except Invalid as error:
        assert error.field == "rrule"  # noqa: PT017 - some are rules


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=WEEKLY;BYDAY=TU;COUNT=4",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=3",
        "FREQ=DAILY;BYHOUR=14;COUNT=3",
        "FREQ=DAILY;UNTIL=20260226T235959Z",
    ],
)
def test_a_rule_that_does_not_give_its_own_start_is_refused(rrule):
    friday = dt.date(2026, 2, 27)
    assert codes_of(expand, rrule, friday, dt.time(19), UTC) == "rrule:rrule_start_mismatch"


@pytest.mark.parametrize(
    ("rrule", "start"),
    [
        ("FREQ=DAILY;UNTIL=20400101T000000Z", "2026-02-27"),
        ("FREQ=DAILY;BYHOUR=19,20;COUNT=2000;INTERVAL=100", "2026-02-27"),
        ("FREQ=YEARLY;COUNT=60", "2026-02-27"),
        ("FREQ=YEARLY;UNTIL=20900101T000000Z", "2026-02-27"),
        # 29 February on a Thursday: every 28 years. It must not be searched for up to the year 9999.
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH;COUNT=2000", "2024-02-29"),
    ],
)
def test_too_many_occurrences_are_refused(rrule, start):
    assert codes_of(expand, rrule, dt.date.fromisoformat(start), dt.time(19), UTC) == "rrule:rrule_too_many"


def test_exactly_the_maximum_number_is_accepted():
    rule = f"FREQ=DAILY;COUNT={MAX_OCCURRENCES}"
    assert len(expand(rule, dt.date(2026, 1, 1), dt.time(19), LONDON)) == MAX_OCCURRENCES
    extra = [wall("2026-01-01T14:00")]
    assert codes_of(expand, rule, dt.date(2026, 1, 1), dt.time(19), LONDON, added=extra) == "rrule:rrule_too_many"


def test_times_with_a_zone_are_refused():
    aware = [dt.datetime(2026, 1, 2, 19, tzinfo=dt.UTC)]
    args = ("FREQ=DAILY;COUNT=3", dt.date(2026, 1, 1), dt.time(19), LONDON)
    assert codes_of(expand, *args, added=aware).startswith("added:")
    assert codes_of(expand, *args, skipped=aware).startswith("skipped:")


# --- the text that is stored --------------------------------------------------------------------------------


def test_the_normal_form_is_unique_and_equivalent():
    assert validate("rrule:count=4;freq=monthly;byday=-1fr,+1mo,1MO;interval=1;wkst=mo") == (
        "FREQ=MONTHLY;COUNT=4;BYDAY=1MO,-1FR"
    )
    assert validate("FREQ=WEEKLY;UNTIL=20260630", NEW_YORK) == "FREQ=WEEKLY;UNTIL=20260701T035959Z"


@needs_cases
def test_the_field_returns_the_rule_unchanged():
    import recurrence
    from django.utils import timezone

    stored = 0
    for case in read_cases():
        try:
            rrule = validate(case["rrule"] or "", ZoneInfo(case["tzid"] or "UTC"))
        except Invalid:
            continue
        with timezone.override(dt.UTC):
            back = recurrence.serialize(recurrence.deserialize(f"RRULE:{rrule}"))
        assert back == f"RRULE:{rrule}"
        stored += 1
    assert stored == 203

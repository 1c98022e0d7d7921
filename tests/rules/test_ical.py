"""The calendar as iCalendar: what a program that reads it understands is what was meant."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules import ical
from scheduling.rules.wall_time import to_utc

ZONES = sorted(available_timezones() - {"localtime", "Factory"})


def event(**said):
    usual = {
        "uid": "occurrence-1@here", "sequence": 0, "changed_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "summary": "Hamlet", "start": dt.datetime(2031, 11, 20, 19), "minutes": 90, "timezone": "Europe/London",
        "location": "", "note": "", "status": "CONFIRMED",
    }  # fmt: skip
    return ical.CalendarEvent(**{**usual, **said})


def read(*events):
    content = ical.write("Lantern", events)
    lines = content.split(b"\r\n")
    assert lines.count(b"BEGIN:VCALENDAR") == lines.count(b"END:VCALENDAR") == 1
    assert all(len(line) <= 75 for line in lines)
    return icalendar.Calendar.from_ical(content)


def by_its_own_zone(feed):
    """The instant of the one event, by nothing but what is in the feed."""
    (found,) = feed.walk("VEVENT")
    start = found["DTSTART"]
    if "TZID" not in start.params:
        return start.dt
    (zone,) = (zone for zone in feed.walk("VTIMEZONE") if zone["TZID"] == start.params["TZID"])
    return start.dt.replace(tzinfo=zone.to_tz(lookup_tzid=False)).astimezone(dt.UTC)


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(dt.date(2015, 1, 1), dt.date(2040, 12, 31)),
    # Times that no clock change skips or repeats.
    hour=st.integers(8, 21),
)
def test_every_zone_is_parsed_to_the_intended_instants(zone, day, hour):
    start = dt.datetime.combine(day, dt.time(hour))
    assert by_its_own_zone(read(event(start=start, timezone=zone))) == to_utc(day, start.time(), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "rules"),
    [
        ("Europe/London", {"-1SU"}),
        ("America/New_York", {"2SU", "1SU"}),
        ("Australia/Sydney", {"1SU"}),
        ("Asia/Tokyo", set()),
    ],
)
def test_a_zone_is_written_by_its_rules(zone, rules):
    (written,) = read(event(timezone=zone)).walk("VTIMEZONE")
    assert len(written.to_ical()) < 450
    assert {rule for part in written.subcomponents if "RRULE" in part for rule in part["RRULE"]["BYDAY"]} == rules
    assert not any("RDATE" in part for part in written.subcomponents)


def test_a_zone_without_rules_is_written_as_instants():
    # Its clocks follow the month of fasting.
    feed = read(event(timezone="Africa/Casablanca"))
    assert feed.walk("VTIMEZONE") == []
    assert feed.walk("VEVENT")[0]["DTSTART"].dt.tzinfo is not None


def test_each_zone_is_written_once_from_the_first_year_that_needs_it():
    feed = read(
        event(start=dt.datetime(2031, 7, 1, 19)), event(uid="2", start=dt.datetime(2029, 1, 1, 19)),
        event(uid="3", timezone="Asia/Tokyo"),
    )  # fmt: skip
    zones = {zone["TZID"]: zone for zone in feed.walk("VTIMEZONE")}
    assert sorted(zones) == ["Asia/Tokyo", "Europe/London"]
    assert min(part["DTSTART"].dt.year for part in zones["Europe/London"].subcomponents) == 2028


def test_unknown_values_are_omitted():
    day, floating = read(
        event(start=dt.date(2031, 11, 20), timezone="", minutes=None),
        event(uid="2", timezone="", minutes=None),
    ).walk("VEVENT")
    assert day["DTSTART"].dt == dt.date(2031, 11, 20)
    assert floating["DTSTART"].dt == dt.datetime(2031, 11, 20, 19)
    assert floating["DTSTART"].dt.tzinfo is None
    assert "DTEND" not in floating
    assert "DURATION" not in floating


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\x85"), min_size=1))
def test_any_text_is_read_back(text):
    (found,) = read(event(summary=text, location=text, note=f"{text}\nEND:VCALENDAR")).walk("VEVENT")
    assert str(found["SUMMARY"]) == text
    assert str(found["DESCRIPTION"]) == f"{text}\nEND:VCALENDAR"

"""The calendar as iCalendar (RFC 5545), for programs that subscribe to it.

Each occurrence is a separate event, not an override of a recurring one: several readers ignore
RECURRENCE-ID, and would show a rescheduled performance twice.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

PRODUCT = "-//theater-site//calendar//EN"
_YEARS = 12
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event. `uid` never changes, `sequence` increases with every change. `start` is a wall time in
    `timezone`, floating if that is ""; a date without a time lasts all day. `minutes` is None if the end is not
    known. `status` is CONFIRMED, TENTATIVE or CANCELLED.
    """

    uid: str
    sequence: int
    changed_at: dt.datetime
    summary: str
    start: dt.datetime | dt.date
    minutes: int | None
    timezone: str
    location: str
    note: str
    status: str


def write(name: str, events: Iterable[CalendarEvent]) -> bytes:
    """Return the events as one iCalendar object, with all time zones that they use."""
    listed = list(events)
    head = Calendar()
    head.add("prodid", PRODUCT)
    head.add("version", "2.0")
    head.add("method", "PUBLISH")
    head.add("name", name)
    head.add("x-wr-calname", name)
    # The lines between BEGIN and END are joined from cached texts: the library takes 0.4 ms to write an event.
    opening, end = head.to_ical().rsplit(b"END:VCALENDAR", 1)
    zones = [_zone(zone, first).to_ical() for zone, first in sorted(_zones_of(listed).items())]
    return b"".join([opening, *zones, *(_event(event) for event in listed), b"END:VCALENDAR", end])


def _zones_of(events: list[CalendarEvent]) -> dict[str, int]:
    """Return the zones of times written as wall time, with the first year needed of each."""
    found: dict[str, int] = {}
    for event in events:
        if (
            event.timezone
            and isinstance(event.start, dt.datetime)
            and _rules(event.timezone, event.start.year) is not None
        ):
            found[event.timezone] = min(event.start.year, found.get(event.timezone, 9999))
    return found


@lru_cache(maxsize=8192)
def _event(event: CalendarEvent) -> bytes:
    made = Event()
    made.add("uid", event.uid)
    made.add("dtstamp", event.changed_at)
    made.add("last-modified", event.changed_at)
    made.add("sequence", event.sequence)
    made.add("summary", event.summary)
    made.add("status", event.status)
    if event.location:
        made.add("location", event.location)
    if event.note:
        made.add("description", event.note)
    start = event.start
    if isinstance(start, dt.datetime) and event.timezone:
        start = start.replace(tzinfo=ZoneInfo(event.timezone))
        if _rules(event.timezone, start.year) is None:
            start = start.astimezone(dt.UTC)
    made.add("dtstart", start)
    if isinstance(start, dt.datetime) and event.minutes is not None:
        # Real minutes: DURATION says so, while an end in wall time would be wrong across a clock change.
        made.add("duration", dt.timedelta(minutes=event.minutes))
    return made.to_ical()


class _Onset(NamedTuple):
    """A clock change: its wall time by the clock before it, and the offsets before and after."""

    wall: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    name: str
    summer: bool


class _Yearly(NamedTuple):
    """A yearly clock change: in this month, on this weekday, the `nth` or, with -1, the last."""

    onset: _Onset
    month: int
    nth: int
    weekday: int


def _zone(name: str, first: int) -> Timezone:
    """Return a compact VTIMEZONE of yearly rules. Some readers misread lists of single changes, which the library
    would write.
    """
    made = Timezone()
    made.add("tzid", name)
    rules = _rules(name, first) or ()
    if not rules:
        there = dt.datetime(first, 1, 1, tzinfo=ZoneInfo(name))
        always = TimezoneStandard()
        always.add("dtstart", dt.datetime(1970, 1, 1))  # noqa: DTZ001 - wall time
        always.add("tzoffsetfrom", there.utcoffset())
        always.add("tzoffsetto", there.utcoffset())
        always.add("tzname", there.tzname())
        made.add_component(always)
    for rule in rules:
        part = TimezoneDaylight() if rule.onset.summer else TimezoneStandard()
        part.add("dtstart", rule.onset.wall)
        part.add("tzoffsetfrom", rule.onset.before)
        part.add("tzoffsetto", rule.onset.after)
        part.add("tzname", rule.onset.name)
        part.add("rrule", {"freq": "yearly", "bymonth": rule.month, "byday": f"{rule.nth}{_DAYS[rule.weekday]}"})
        made.add_component(part)
    return made


@lru_cache(maxsize=512)
def _rules(name: str, first: int) -> tuple[_Yearly, ...] | None:
    """Return the two yearly changes of a zone from the year before `first` on, none if its clocks never change;
    None if they follow no yearly rule (such as Ramadan): its times are then written in UTC.
    """
    zone = ZoneInfo(name)
    years = range(max(first - 1, 1), min(first + _YEARS, 9998))
    by_year = [list(_onsets(zone, year)) for year in years]
    if not any(by_year):
        return ()
    if any(len(onsets) != 2 for onsets in by_year):
        return None
    found = []
    for place in (0, 1):
        same = [onsets[place] for onsets in by_year]
        fits = set.intersection(*(_names(onset) for onset in same))
        if not fits or len({onset[1:] for onset in same}) != 1 or len({onset.wall.time() for onset in same}) != 1:
            return None
        month, nth, weekday = max(fits)
        found.append(_Yearly(same[0], month, nth, weekday))
    return tuple(found)


def _names(onset: _Onset) -> set[tuple[int, int, int]]:
    """Return the possible names of the day of a change: month, which week, weekday."""
    day = onset.wall
    names = {(day.month, (day.day - 1) // 7 + 1, day.weekday())}
    if day.day + 7 > calendar.monthrange(day.year, day.month)[1]:
        names.add((day.month, -1, day.weekday()))
    return names


def _onsets(zone: ZoneInfo, year: int) -> Iterator[_Onset]:
    days = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(367)]
    for low, high in itertools.pairwise(days):
        before, after = low.astimezone(zone).utcoffset(), high.astimezone(zone).utcoffset()
        if before == after or before is None or after is None:
            continue
        while high - low > dt.timedelta(seconds=1):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle.astimezone(zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        there = high.astimezone(zone)
        if high.year == year:
            yield _Onset((high + before).replace(tzinfo=None), before, after, there.tzname() or "", bool(there.dst()))

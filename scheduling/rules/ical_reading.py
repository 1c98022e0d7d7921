"""Reads calendars that other programs write (RFC 5545), as far as this calendar stores them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar
from icalendar.timezone import tzids_from_tzinfo
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from scheduling.rules.wall_time import to_wall, valid_zone
from theater_site.core.errors import Invalid

MOST_BYTES = 2_000_000
# Components and properties of an event that are not stored.
_DROPPED = ("ATTENDEE", "ORGANIZER", "ATTACH", "URL", "GEO", "CONTACT", "RESOURCES")
Moment = dt.datetime | dt.date


@dataclass(slots=True)
class ReadEvent:
    """One VEVENT. A time is wall time in `zone`; a date alone lasts all day. `minutes` is None if the end is not known.

    `recurrence_id` is as it was written: its series may be in another zone; see `wall_in`.
    """

    uid: str
    title: str
    location: str
    categories: list[str]
    status: str
    start: Moment
    minutes: int | None
    zone: str
    rrule: str = ""
    excluded: list[Moment] = field(default_factory=list)
    added: list[Moment] = field(default_factory=list)
    recurrence_id: Moment | None = None


@dataclass(slots=True)
class ReadCalendar:
    """The events of a calendar in its order, and how often what was dropped."""

    events: list[ReadEvent]
    dropped: dict[str, int]
    unreadable: list[dict[str, str]]


def read_calendar(data: bytes, zone: str) -> ReadCalendar:
    """Read an iCalendar file. Times without a zone are wall time in `zone`.

    Raises Invalid: `calendar_too_large` above 2 MB; `bad_calendar` for any other file. An event that cannot be read
    is listed as unreadable, with the others read.
    """
    if len(data) > MOST_BYTES:
        message = f"A calendar file has at most {MOST_BYTES // 1_000_000} MB. Divide it, or leave out attachments."
        raise Invalid(message, code="calendar_too_large", field="calendar")
    try:
        calendars = Calendar.from_ical(data, multiple=True)
    except (ValueError, IndexError, KeyError, UnicodeError) as error:
        text = f"This is not a readable iCalendar file: {str(error)[:200]}"
        raise Invalid(text, code="bad_calendar", field="calendar") from None
    components: list[Any] = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if not components:
        raise Invalid("This calendar has no events.", code="bad_calendar", field="calendar")
    # Where a program says it of a zone that it defines: "Europe/Paris".
    places = {
        str(part.get("TZID", "")): str(part.get("X-LIC-LOCATION", ""))
        for calendar in calendars
        for part in calendar.walk("VTIMEZONE")
    }
    dropped: Counter[str] = Counter()
    events: list[ReadEvent] = []
    unreadable: list[dict[str, str]] = []
    for event in components:
        dropped.update(name for name in _DROPPED if name in event)
        dropped.update(part.name for part in event.subcomponents)
        try:
            events.append(_event(event, zone, places))
        except (Invalid, ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            told = error.message if isinstance(error, Invalid) else f"This event cannot be read: {str(error)[:200]}"
            unreadable.append({"uid": str(event.get("UID", "")), "title": _text(event, "SUMMARY"), "message": told})
    return ReadCalendar(events, dict(sorted(dropped.items())), unreadable)


def _event(event: Any, floating: str, places: dict[str, str]) -> ReadEvent:
    uid = str(event.get("UID", "")).strip()
    if not uid:
        raise Invalid("This event has no UID, by which it would be found again.")
    if event.errors:
        name, message = event.errors[0]
        raise Invalid(f"{name}: {message}")
    start = event["DTSTART"].dt
    place = places.get(str(event["DTSTART"].params.get("TZID", "")), "")
    zone = _zone(start, floating, place)
    rules = event.get("RRULE")
    if isinstance(rules, list):
        raise Invalid("This event has several rules. Keep one.")
    recurrence_id = event.get("RECURRENCE-ID")
    return ReadEvent(
        uid=uid,
        title=_text(event, "SUMMARY"),
        location=_text(event, "LOCATION"),
        categories=[str(name).strip().lower() for name in _categories(event)],
        status=str(event.get("STATUS", "CONFIRMED")).upper(),
        start=wall_in(start, zone),
        minutes=_minutes(event, start),
        zone=zone,
        rrule=rules.to_ical().decode() if rules is not None else "",
        excluded=[wall_in(moment, zone) for moment in _moments(event, "EXDATE")],
        added=[wall_in(moment, zone) for moment in _moments(event, "RDATE")],
        recurrence_id=recurrence_id.dt if recurrence_id is not None else None,
    )


def _text(event: Any, name: str) -> str:
    """A text in one line, without control characters."""
    return "".join(one if one.isprintable() else " " for one in str(event.get(name, ""))).strip()[:300]


def _categories(event: Any) -> list[Any]:
    found = event.get("CATEGORIES", [])
    listed = found if isinstance(found, list) else [found]
    return [name for one in listed for name in getattr(one, "cats", [one])]


def _moments(event: Any, name: str) -> list[Any]:
    found = event.get(name, [])
    listed = found if isinstance(found, list) else [found]
    moments = [one.dt for many in listed for one in many.dts]
    # A period (RDATE;VALUE=PERIOD) counts by its start.
    return [moment[0] if isinstance(moment, tuple) else moment for moment in moments]


def _minutes(event: Any, start: Moment) -> int | None:
    if "DURATION" in event:
        length = event["DURATION"].dt
    elif "DTEND" in event:
        length = _instant(event["DTEND"].dt) - _instant(start)
    else:
        return None
    minutes = -(-int(length.total_seconds()) // 60)
    if minutes < 0:
        raise Invalid("The end is before the start.")
    return minutes or None


def _instant(moment: Any) -> dt.datetime:
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time(), tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC) if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _zone(moment: Any, floating: str, place: str) -> str:
    """The IANA name of a moment's zone: of its TZID, of a Windows name, of a zone that the file defines; else UTC."""
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        return floating
    if moment.tzinfo in (dt.UTC, ZoneInfo("UTC")):
        return "UTC"
    for name in (getattr(moment.tzinfo, "key", ""), place, *tzids_from_tzinfo(moment.tzinfo)):
        try:
            return valid_zone(WINDOWS_TO_OLSON.get(name, name)).key
        except Invalid:
            continue
    return "UTC"


def wall_in(moment: Any, zone: str) -> Moment:
    """A moment as wall time in a zone; a date, and a time without a zone, as it is."""
    if not isinstance(moment, dt.datetime):
        return moment
    wall = to_wall(moment, ZoneInfo(zone)) if moment.tzinfo is not None else moment
    return wall.replace(microsecond=0)

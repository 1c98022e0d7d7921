"""The span of an event as instants; the only module that derives them from wall time and zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from productions.rules.partial_dates import PartialDate
from scheduling.rules.wall_time import to_utc, valid_zone
from theater_site.core.errors import Invalid

LONGEST_DAYS = 31
LONGEST_MINUTES = LONGEST_DAYS * 24 * 60
# For events without any date. Not the very first instant, which zones west of Greenwich cannot show.
UNDATED = dt.datetime(1, 1, 2, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """`starts_at` and `ends_at` in UTC, None if not known; `sort_at` is always set, for the order of lists.

    It is the start; else the wall time, or midnight, of the first day that the date can mean, in the zone (UTC if
    the zone is not known); else `UNDATED`.
    """

    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    sort_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Placing:
    """When and where an event is: the source values that rescheduling changes."""

    date: str
    start_time: dt.time | None
    duration_minutes: int | None
    timezone: str
    venue_id: int | None
    space_id: int | None

    @property
    def span(self) -> Span:
        return span_of(self.date, self.start_time, self.duration_minutes, self.timezone)


@lru_cache(maxsize=4096)
def span_of(date: str, start_time: dt.time | None, duration_minutes: int | None, timezone: str) -> Span:
    """Return the span of a partial `date` ("2026-11-23", "1998", ""), a wall time and an IANA zone ("": unknown).

    The start is known only if day, time and zone are, and the end only with the duration, which
    counts real minutes (a clock change does not make a show longer). Raises Invalid, with the field, for
    a date or zone that does not exist, a time without a known day, or an end after the year 9999.
    """
    known = PartialDate.parse(date, field="date")
    zone = valid_zone(timezone) if timezone else None
    if start_time is not None and (known is None or known.precision != "day"):
        raise Invalid("A start time needs a full date. Write it as 2026-11-23.", code="time_without_day", field="date")
    if known is None:
        return Span(None, None, UNDATED)
    if zone is None:
        wall = dt.datetime.combine(known.earliest, start_time or dt.time())
        return Span(None, None, max(wall.replace(tzinfo=dt.UTC), UNDATED))
    if start_time is None:
        return Span(None, None, max(to_utc(known.earliest, dt.time(), zone), UNDATED))
    starts_at = to_utc(known.earliest, start_time, zone)
    try:
        ends_at = starts_at + dt.timedelta(minutes=duration_minutes) if duration_minutes is not None else None
    except OverflowError:
        raise Invalid(
            "The event ends after the year 9999. Choose an earlier date.", code="out_of_range", field="duration_minutes"
        ) from None
    return Span(starts_at, ends_at, max(starts_at, UNDATED))

"""When a notification may go out: outside the reader's quiet hours, or at the hour of their digest.

Hours are what the clocks of the reader's zone show, the days of a clock change included: a time that is skipped is read
with the offset before the jump (02:30 happens at 03:30), and a time that comes twice means its first pass.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def after_quiet_hours(now: datetime, zone: ZoneInfo, begin: time | None, end: time | None) -> datetime:
    """`now`, or the end of the quiet hours that it falls into. They may span midnight; equal or missing ends are none."""
    if begin is None or end is None or begin == end:
        return now
    today = now.astimezone(zone).date()
    for day in (today - _DAY, today, today + _DAY):
        starts = _instant(day, begin, zone)
        ends = _instant(day if begin < end else day + _DAY, end, zone)
        if starts <= now < ends:
            return ends
    return now


def next_at(now: datetime, zone: ZoneInfo, hour: time) -> datetime:
    """The next instant after `now` at which the clocks show `hour`."""
    today = now.astimezone(zone).date()
    return next(instant for n in range(-1, 4) if (instant := _instant(today + n * _DAY, hour, zone)) > now)


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)

"""Calculates when a notification is sent: outside the reader's quiet hours, or at the time of their digest.

Times are wall times in the reader's zone. On the day of a clock change, a skipped time is read with the offset before the
change (02:30 is 03:30), and a repeated time is its first occurrence.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def after_quiet_hours(now: datetime, zone: ZoneInfo, begin: time | None, end: time | None) -> datetime:
    """`now`, or the end of the quiet hours around it. They may span midnight. Equal or missing ends mean no quiet hours."""
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
    """The next instant after `now` at this wall time."""
    today = now.astimezone(zone).date()
    return next(instant for n in range(-1, 4) if (instant := _instant(today + n * _DAY, hour, zone)) > now)


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)

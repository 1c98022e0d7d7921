"""The spans in which a person is unavailable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from scheduling.rules.free_slots import Window
from scheduling.rules.performance_dates import WEEK
from scheduling.rules.wall_time import to_utc, valid_zone

_DAY = dt.timedelta(days=1)


class Absence(NamedTuple):
    """Days from `first` to `last` (None: without an end), on these weekdays (none: each), by the hour or all day.

    The hours are wall time in `timezone`. An end that is not after the start is on the next day.
    """

    first: dt.date
    last: dt.date | None
    weekdays: tuple[str, ...]
    start: dt.time | None
    end: dt.time | None
    timezone: str

    def spans(self, window: Window) -> Iterator[Window]:
        """The spans that overlap `window`, day by day."""
        zone = valid_zone(self.timezone)
        # A day begins at most 26 hours from the same day in UTC, and a span reaches into the next day.
        day = max(self.first, window.starts_at.date() - 2 * _DAY)
        last = min(self.last or dt.date.max, window.ends_at.date() + _DAY)
        while day <= last and day < dt.date.max:
            if not self.weekdays or WEEK[day.weekday()] in self.weekdays:
                start, end = self.start or dt.time(), self.end or dt.time()
                ends_on = day + _DAY if end <= start else day
                span = Window(to_utc(day, start, zone), to_utc(ends_on, end, zone))
                if span.starts_at < window.ends_at and span.ends_at > window.starts_at:
                    yield span
            day += _DAY

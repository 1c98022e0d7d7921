"""The dates of a run of performances, from its pattern of a week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

Performance = tuple[dt.date, dt.time]


class Weekday(StrEnum):
    """A day of the week, as RFC 5545 3.3.10 writes it."""

    MONDAY = "MO"
    TUESDAY = "TU"
    WEDNESDAY = "WE"
    THURSDAY = "TH"
    FRIDAY = "FR"
    SATURDAY = "SA"
    SUNDAY = "SU"


WEEK = tuple(Weekday)


def performance_dates(
    first: dt.date, last: dt.date, week: Iterable[tuple[Collection[Weekday], dt.time]], not_on: Collection[dt.date]
) -> list[Performance]:
    """The days from `first` to `last` (both included) with the wall times of their weekdays, in order, without the days
    `not_on`. A time that two patterns give for one day counts once."""
    patterns = list(week)
    return sorted(
        {
            (day, start)
            for day in _days(first, last)
            if day not in not_on
            for weekdays, start in patterns
            if WEEK[day.weekday()] in weekdays
        }
    )


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=number) for number in range((last - first).days + 1))

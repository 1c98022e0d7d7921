"""The spans that are free between bookings, within the hours of each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Window(NamedTuple):
    """A span of instants, half open."""

    starts_at: dt.datetime
    ends_at: dt.datetime


def free_windows(window: Window, busy: Iterable[Window], at_least: dt.timedelta) -> Iterator[Window]:
    """The parts of `window` that no span of `busy` overlaps and that last `at_least`, in order of time."""
    start = window.starts_at
    for taken in sorted(busy):
        if min(taken.starts_at, window.ends_at) - start >= at_least:
            yield Window(start, min(taken.starts_at, window.ends_at))
        start = max(start, taken.ends_at)
    if window.ends_at - start >= at_least:
        yield Window(start, window.ends_at)


def rounded_up(instant: dt.datetime, minutes: int) -> dt.datetime:
    """The first instant from `instant` on whose minutes of the hour are a multiple of `minutes`."""
    whole = instant.replace(second=0, microsecond=0)
    if whole < instant:
        whole += dt.timedelta(minutes=1)
    return whole + dt.timedelta(minutes=-whole.minute % minutes)

"""How many of some equipment are in use at one instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple


class Use(NamedTuple):
    """A quantity in use from `starts_at` up to, and not including, `ends_at`."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    quantity: int

    def overlaps(self, other: Use) -> bool:
        """Whether both are in use at some instant."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def most_at_once(uses: Iterable[Use]) -> int:
    """The largest sum of quantities in use at one instant."""
    changes = sorted(change for use in uses for change in ((use.starts_at, use.quantity), (use.ends_at, -use.quantity)))
    now = most = 0
    # At one instant ends come before starts, since -n sorts first.
    for _, quantity in changes:
        now += quantity
        most = max(most, now)
    return most

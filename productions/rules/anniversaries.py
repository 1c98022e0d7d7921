"""What happened on this day of another year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from theater_site.core.errors import Invalid

# In the order in which they are notified of one day.
EVENTS: Final = ("opened", "performed", "closed")


@dataclass(frozen=True, slots=True)
class Played:
    """A production opened, was performed or closed on a day of `year`; `times` counts the performances of that day."""

    production_id: int
    year: int
    event: str
    times: int = 1


def ending_of(month: int, day: int) -> str:
    """How a full date on this day ends: "-02-29". Invalid for a day that no year has."""
    try:
        return f"{dt.date(2000, month, day):-%m-%d}"
    except (ValueError, OverflowError):
        raise Invalid("No year has this day.", code="bad_date", field="day") from None

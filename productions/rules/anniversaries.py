"""Events on this day of another year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from theater_site.core.errors import Invalid

# The order of events on one day.
EVENTS: Final = ("opened", "performed", "closed")


@dataclass(frozen=True, slots=True)
class Played:
    """The opening, a performance or the closing of a production on a day of `year`; `times` counts that day's performances."""

    production_id: int
    year: int
    event: str
    times: int = 1


def ending_of(month: int, day: int) -> str:
    """Return the ending of a full date on this day ("-02-29"). Invalid for a day that does not exist in any year."""
    try:
        return f"{dt.date(2000, month, day):-%m-%d}"
    except (ValueError, OverflowError):
        raise Invalid(
            "This day does not exist in any year. Correct the month or the day.", code="bad_date", field="day"
        ) from None

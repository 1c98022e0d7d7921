"""Dates as archives print them: a year, a month of a year, or a day.

A partial date is stored as imprecise as it was given. Code that needs real dates uses `earliest` and
`latest`; storing the first of January instead would later be read as a known date.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from theater_site.core.errors import Invalid

_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A year, a month or a day of the proleptic Gregorian calendar, years 1 to 9999; 0 means not known.

    Sorts by `earliest`; if that is equal, the less precise date comes first: 1998 < 1998-01 < 1998-01-01 <
    1998-02. (With 0 for unknown parts, this is the order of the fields.) Raises Invalid for a date that does
    not exist, and for a day without its month.
    """

    year: int
    month: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        if self.day and not self.month:
            raise _invalid(f"Day {self.day} of {self.year} has no month.", None)
        try:
            dt.date(self.year, self.month or 1, self.day or 1)
        except ValueError:
            raise _invalid(f"The date {self} does not exist.", None) from None

    @classmethod
    def parse(cls, text: str | None, *, field: str | None = None) -> PartialDate | None:
        """Parse "1998", "2001-06" or "2001-06-14"; None and "" mean not known and return None.

        Raises: Invalid (`bad_date`, with `field`) for anything else.
        """
        if text is None or text == "":
            return None
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
        if match is None or "00" in match.groups():
            raise _invalid(f"{str(text)[:40]!r} is not a date.", field)
        try:
            return cls(*(int(part) for part in match.groups() if part))
        except Invalid as error:
            raise _invalid(error.message.partition(" Write ")[0], field) from None

    @classmethod
    def of(cls, day: dt.date) -> PartialDate:
        """Return the fully known date."""
        return cls(day.year, day.month, day.day)

    @property
    def precision(self) -> Literal["year", "month", "day"]:
        return "day" if self.day else "month" if self.month else "year"

    @property
    def earliest(self) -> dt.date:
        """The first day that it can mean."""
        return dt.date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> dt.date:
        """The last day that it can mean."""
        month = self.month or 12
        return dt.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def __str__(self) -> str:
        text = f"{self.year:04d}"
        if self.month:
            text += f"-{self.month:02d}"
        if self.day:
            text += f"-{self.day:02d}"
        return text


def check_span(start: PartialDate | None, end: PartialDate | None) -> bool:
    """Return False only if `end` is before `start` however the two are read.

    "2001-06-14" to "2001" is possible, "2001-06-14" to "2001-05" is not. An unknown start or end always is.
    """
    return start is None or end is None or end.latest >= start.earliest


def _invalid(message: str, field: str | None) -> Invalid:
    return Invalid(
        f"{message} Write a year, a month or a day: 1998, 2001-06 or 2001-06-14.",
        code="bad_date",
        field=field,
    )

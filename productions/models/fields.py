"""Model fields shared by productions and the apps above it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from productions.rules.partial_dates import PartialDate
from theater_site.core.errors import Invalid


def _is_partial_date(text: str) -> None:
    try:
        PartialDate.parse(text)
    except Invalid as error:
        raise ValidationError(error.message, code=error.code) from error


class PartialDateField(models.CharField):
    """A date known to the year ("1998"), the month ("2001-06") or the day; "" if not known.

    Stored as printed. The text sorts as PartialDate does, on every collation, since all its parts have fixed widths.
    """

    default_validators = [_is_partial_date]
    # Comparisons of values treat this text as a code, not as prose.
    shown_as = "date"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": "", **kwargs, "max_length": 10})

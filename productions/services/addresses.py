"""What seasons and productions check alike: addresses that are free, spans that run forward."""

from __future__ import annotations

from django.db import models

from productions.rules.partial_dates import PartialDate
from productions.rules.slugs import slug_of
from theater_site.core.errors import Invalid
from theater_site.core.text import fold


def free_slug(model: type[models.Model], text: str) -> str:
    """A slug of `text` that no row of `model` has. Two at once may still meet; the database then refuses one of them."""
    return slug_of(
        fold(text),
        taken=lambda slug: model._default_manager.filter(slug=slug).exists(),
        otherwise=model._meta.model_name or "",
    )


def in_order(start: str, end: str, *, field: str) -> None:
    """Invalid if `end` is surely before `start`: the last day that it can mean is before the first that `start` can."""
    first, last = PartialDate.parse(start), PartialDate.parse(end)
    if first is not None and last is not None and last.latest < first.earliest:
        raise Invalid(f"{end} is before {start}. Swap or correct them.", code="ends_before_start", field=field)

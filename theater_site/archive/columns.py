"""What the columns of the database ask of imported rows: addresses that are free, texts that fit."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models

from productions.models import FormerAddress, Production
from productions.rules.slugs import slug_of
from theater_site.core.text import fold


class Slugs:
    """Free slugs for many rows at once: what is taken is read once and kept."""

    def __init__(self, model: type[Any]) -> None:
        self._taken = set(model.objects.values_list("slug", flat=True))
        if model is Production:
            # Links to what was renamed still lead there.
            self._taken |= set(FormerAddress.objects.values_list("slug", flat=True))
        self._next: dict[str, int] = {}
        self._otherwise = model._meta.model_name

    def free(self, text: str) -> str:
        base = slug_of(fold(text), taken=lambda slug: False, otherwise=self._otherwise)
        number = self._next.get(base, 1)
        slug = base
        while slug in self._taken:
            number += 1
            slug = f"{base}-{number}"
        self._next[base] = number
        self._taken.add(slug)
        return slug


def too_long(row: models.Model) -> str | None:
    """What of the row does not fit into its column; cutting it would change what the archive says."""
    values = row.__dict__
    for name, longest in _lengths(type(row)):
        value = values.get(name)
        if isinstance(value, str) and len(value) > longest:
            return f"{name} has {len(value)} characters; {longest} fit."
    return None


@cache
def _lengths(model: type[models.Model]) -> list[tuple[str, int]]:
    """How many characters fit into each text column."""
    lengths = {}
    for column in model._meta.concrete_fields:
        limits = [v.limit_value for v in column.validators if isinstance(v, MaxLengthValidator)]
        if column.max_length is not None:
            limits.append(column.max_length)
        if limits:
            lengths[column.attname] = min(limits)
    return list(lengths.items())

"""Checks of imported rows against the database columns: free slugs, and texts that fit."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.validators import MaxLengthValidator
from django.db import models

from productions.models import FormerAddress, Production
from productions.rules.slugs import slug_of
from theater_site.core.text import fold


class Slugs:
    """Assigns free slugs to many new rows. The existing slugs are read once."""

    def __init__(self, model: type[Any]) -> None:
        self._taken = set(model.objects.values_list("slug", flat=True))
        if model is Production:
            # The former address of a renamed production still redirects to it.
            self._taken |= set(FormerAddress.objects.values_list("slug", flat=True))
        self._next: dict[str, int] = {}
        self._otherwise = model._meta.model_name

    def free(self, text: str) -> str:
        """A free slug for `text`, which is reserved from now on."""
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
    """Why a text of the row is too long for its column; None if all fit. It is not cut: that would change the archive's text."""
    values = row.__dict__
    for name, longest in _lengths(type(row)):
        value = values.get(name)
        if isinstance(value, str) and len(value) > longest:
            return f"{name} has {len(value)} characters; at most {longest} are allowed."
    return None


@cache
def _lengths(model: type[models.Model]) -> list[tuple[str, int]]:
    """The maximum number of characters of each text column."""
    lengths = {}
    for column in model._meta.concrete_fields:
        limits = [v.limit_value for v in column.validators if isinstance(v, MaxLengthValidator)]
        if column.max_length is not None:
            limits.append(column.max_length)
        if limits:
            lengths[column.attname] = min(limits)
    return list(lengths.items())

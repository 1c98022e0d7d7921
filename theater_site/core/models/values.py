"""Checks of the values of a row before it is saved, the same on both databases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from theater_site.core.errors import DomainError, Invalid
from theater_site.core.text import refuse_controls

# Columns that only the runner and the recorder write.
BOOKKEEPING = frozenset({"version", "created_at", "updated_at"})
_ABSENT = object()
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def problems_of(row: models.Model, loaded: Mapping[str, Any], names: Collection[str] | None) -> list[DomainError]:
    """What is wrong with the values of `row` that differ from the `loaded` ones, of the columns `names` or of all.

    Replaces each correct value by the cleaned one.
    """
    problems: list[DomainError] = []
    for field in _checked(type(row)):
        if names is not None and field.name not in names and field.attname not in names:
            continue
        value = row.__dict__.get(field.attname, _ABSENT)
        if value is _ABSENT or (field.attname in loaded and loaded[field.attname] == value):
            continue
        if not hasattr(value, "resolve_expression"):
            problems += _problems_of_value(row, field, value)
    return problems


def _problems_of_value(row: models.Model, field: models.Field[Any, Any], value: Any) -> Iterator[DomainError]:
    if not _storable(value):
        yield Invalid(
            "This contains a NUL character or half of a surrogate pair. Remove it.",
            code="null_character",
            field=field.name,
        )
    elif _is_one_line(field) and (problem := _control_problem(value, field.name)) is not None:
        yield problem
    elif value in field.empty_values:
        if not (field.null if value is None else field.blank):
            yield Invalid("This field is required.", code="required", field=field.name)
    elif isinstance(value, str) and field.max_length is not None and len(value) > field.max_length:
        # Django checks this for CharField only.
        message = f"The text has {len(value)} characters. Shorten it to {field.max_length}."
        yield Invalid(message, code="max_length", field=field.name)
    else:
        try:
            setattr(row, field.attname, field.clean(value, row))
        except ValidationError as error:
            for message in error.messages:
                yield Invalid(message, code=_code_of(error), field=field.name)


@cache
def _checked(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not field.primary_key
        and field.attname not in BOOKKEEPING
        and not getattr(field, "derived", False)
        and not isinstance(field, models.ForeignKey | models.FileField)
    )


def _storable(value: Any) -> bool:
    """Whether both databases can store the texts in `value`, also inside a JSON value."""
    if isinstance(value, str):
        return _UNSTORABLE.search(value) is None
    if isinstance(value, dict):
        return all(_storable(key) and _storable(inner) for key, inner in value.items())
    return not isinstance(value, list | tuple) or all(map(_storable, value))


def _is_one_line(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField) or getattr(field, "one_line", False)


def _control_problem(value: Any, field: str) -> Invalid | None:
    try:
        refuse_controls(value, field=field) if isinstance(value, str) else None
    except Invalid as problem:
        return problem
    return None


def _code_of(error: ValidationError) -> str:
    """The code of the error, such as "max_length" or "invalid_choice"; "invalid" if it has none."""
    return str(getattr(error.error_list[0], "code", None) or "invalid")

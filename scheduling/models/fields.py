"""Model fields of the calendar: derived instants, time zones, and recurrence rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

import recurrence
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from recurrence.exceptions import RecurrenceError
from recurrence.fields import RecurrenceField

from scheduling.rules.recurrence import parse
from scheduling.rules.wall_time import valid_zone
from theater_site.core.errors import Invalid


def _is_zone(name: str) -> None:
    try:
        valid_zone(name)
    except Invalid as error:
        raise ValidationError(error.message, code=error.code) from error


class ZoneField(models.CharField):
    """The name of an IANA time zone; "" if not known."""

    default_validators = [_is_zone]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": "", **kwargs, "max_length": 64})


class SpanField(models.DateTimeField):
    """One instant of the row's `span` (see rules/spans.py), with the same name; set by every way of saving but `update()`.

    Code that updates its source columns without `save()` must update this column too.
    """

    # A derived column: the recorder leaves it out.
    derived = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "editable": False})

    def pre_save(self, model_instance: Any, add: bool) -> dt.datetime | None:
        instant: dt.datetime | None = getattr(model_instance.span, self.attname)
        setattr(model_instance, self.attname, instant)
        return instant


class RuleField(RecurrenceField):
    """One RRULE, stored through django-recurrence; in Python it is its text, without "RRULE:".

    The library stores only the rule, under UTC: with another active zone it shifts UNTIL, and it would store start,
    EXDATE and RDATE as UTC, so these have their own columns. A rule that the library does not return unchanged is an
    error (`rrule_unsupported`).
    """

    description = "an RFC 5545 recurrence rule"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "include_dtstart": False})

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        # Not the parent's method, which adds a descriptor that converts the text to an object of the library.
        models.Field.contribute_to_class(self, cls, name, private_only)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("include_dtstart", None)
        return name, path, args, kwargs

    def to_python(self, value: Any) -> str | None:
        if value is None or value == "":
            return value
        try:
            return str(parse(_through_library(value)))
        except Invalid as error:
            raise ValidationError(error.message, code=error.code) from error

    def from_db_value(self, value: Any, *args: Any) -> Any:
        return value.removeprefix("RRULE:") if value is not None else None

    def get_prep_value(self, value: Any) -> Any:
        return f"RRULE:{_through_library(value)}" if value else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def formfield(self, **kwargs: Any) -> None:
        """Not supported: this project has no forms."""


def _through_library(text: str) -> str:
    wanted = parse(text)
    try:
        with timezone.override(dt.UTC):
            kept = recurrence.serialize(recurrence.deserialize(f"RRULE:{wanted}", include_dtstart=False))
        if parse(kept) == wanted:
            return kept.removeprefix("RRULE:")
    except (RecurrenceError, Invalid, ValueError, TypeError):
        pass
    raise Invalid("This rule cannot be stored. Write it in a simpler form.", code="rrule_unsupported", field="rrule")

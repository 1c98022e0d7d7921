"""The inputs of actions: which annotations are allowed, and how values are dumped to JSON and loaded again.

A submission is applied days later by another process, so every input must survive as JSON. Allowed are scalars, enums,
model instances, TypedDicts and lists of these, each possibly None; and `dict` for a JSON object that is stored unchanged.
Anything else fails when the module is imported.

An input is described at its annotation: `Annotated[int, Doc("Length in minutes. Example: 150")]`. The OpenAPI schema and
the list of actions show the text. An input named like a field of the action's model needs none: the field's `help_text`
is used.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

import orjson
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_duration

from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, all_of

SCALARS: tuple[type, ...] = (str, bool, int, Decimal, date, datetime, time, timedelta, UUID)


def kinds_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotated kind of each argument. Raises TypeError for an argument that cannot be an input."""
    hints = get_type_hints(function)
    kinds = {}
    for name, parameter in inspect.signature(function).parameters.items():
        where = f"{function.__module__}.{function.__qualname__}({name})"
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(f"{where} must be keyword-only")
        if name not in hints:
            raise TypeError(f"{where} has no annotation")
        _check(hints[name], where)
        kinds[name] = hints[name]
    return kinds


def docs_of(described: Any) -> dict[str, Doc]:
    """The `Doc` of each described argument of a function, or key of a TypedDict."""
    hints = get_type_hints(described, include_extras=True)
    return {name: doc for name, hint in hints.items() if (doc := _doc_in(hint)) is not None}


def _doc_in(hint: Any) -> Doc | None:
    if get_origin(hint) is Annotated:
        found = next((each for each in hint.__metadata__ if isinstance(each, Doc)), None)
        return found or _doc_in(get_args(hint)[0])
    if get_origin(hint) in (Required, NotRequired, Union, types.UnionType):
        return next((doc for arm in get_args(hint) if (doc := _doc_in(arm)) is not None), None)
    return None


def model_of(function: Callable[..., Any], subject: str | None) -> type[models.Model] | None:
    """The model that an action creates or changes: the first model that it returns, else the model of its subject."""
    hints = get_type_hints(function)
    returned = hints.get("return")
    kinds = get_args(returned) if get_origin(returned) in (Union, types.UnionType) else (returned,)
    for kind in (*kinds, hints.get(subject or "")):
        kind, _ = without_none(kind)
        if isinstance(kind, type) and issubclass(kind, models.Model):
            return kind
    return None


def without_none(kind: Any) -> tuple[Any, bool]:
    """`X | None` as (X, True), any other kind as (kind, False). Required and NotRequired are removed."""
    if get_origin(kind) in (Required, NotRequired):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        rest = [arm for arm in get_args(kind) if arm is not type(None)]
        if len(rest) == 1 and len(get_args(kind)) == 2:
            return rest[0], True
    return kind, False


def entries_of(kind: Any) -> dict[str, Any]:
    """The kind of each key of a TypedDict."""
    return get_type_hints(kind)


def _check(kind: Any, where: str) -> None:
    kind, _ = without_none(kind)
    if get_origin(kind) is list:
        _check(get_args(kind)[0], where)
    elif is_typeddict(kind):
        for name, inner in entries_of(kind).items():
            _check(inner, f"{where}.{name}")
    elif kind is not dict and not (isinstance(kind, type) and issubclass(kind, (*SCALARS, Enum, models.Model))):
        raise TypeError(f"{where}: {kind!r} cannot be stored as JSON; see theater_site/core/inputs.py")


def dump(value: Any) -> Any:
    """`value` as JSON data. Instances become their primary keys; amounts, dates and times become text."""
    if isinstance(value, Enum):
        return value.value
    # No input is annotated as float, but a `dict` can contain one.
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, models.Model):
        return str(value.pk) if isinstance(value.pk, UUID) else value.pk
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta | Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {name: dump(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [dump(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} cannot be an input")


Finder = Callable[[type[models.Model], Any, str], models.Model]


def existing(kind: type[models.Model], raw: Any, field: str) -> models.Model:
    """The row of this model with this id, visible or not. Raises Invalid: `not_an_id`, `reference_gone`."""
    return row_of(kind._base_manager.all(), raw, field)


def row_of(rows: models.QuerySet[Any], raw: Any, field: str) -> models.Model:
    """The one of `rows` with this id.

    Raises Invalid: `not_an_id`, also for a float or a bool; `reference_gone` if none of `rows` has it.
    """
    kind = rows.model
    found = None
    try:
        if isinstance(raw, bool | float | dict | list):
            raise TypeError(raw)
        found = rows.filter(pk=raw).first()
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise Invalid("This is not a valid id.", code="not_an_id", field=field) from error
    if found is None:
        raise Invalid(
            f"There is no such {kind._meta.verbose_name} any more. Choose another.", code="reference_gone", field=field
        )
    return found


def load(kind: Any, raw: Any, field: str, find: Finder = existing) -> Any:
    """The value of this kind that `dump` wrote as `raw`. Raises Invalid with an error for each field that is wrong."""
    reading = Reading(find)
    value = reading.read(kind, raw, field)
    all_of(reading.problems)
    return value


class Reading:
    """Reads raw inputs. Collects an error for each wrong field in `problems`, and leaves the field out of the value.

    `find` returns the object with an id, or raises a DomainError.
    """

    WRONG = object()

    def __init__(self, find: Finder = existing) -> None:
        self.problems: list[DomainError] = []
        self._find = find

    def read_all(self, kinds: Mapping[str, Any], raw: Mapping[str, Any], field: str) -> dict[str, Any]:
        """The arguments `kinds` from one JSON object. An absent one is None or empty if it may be; a wrong one is left out."""
        given: dict[str, Any] = {}
        for name in sorted(raw.keys() - kinds.keys()):
            self._wrong(
                f"There is no such input. Inputs: {', '.join(kinds)}.", code="unknown_field", field=f"{field}.{name}"
            )
        for name, kind in kinds.items():
            bare, may_be_none = without_none(kind)
            if name not in raw and may_be_none:
                given[name] = None
                continue
            absent: Any = {} if is_typeddict(bare) else None
            value = self.read(kind, raw.get(name, absent), f"{field}.{name}")
            if value is not self.WRONG:
                given[name] = value
        return given

    def read(self, kind: Any, raw: Any, field: str) -> Any:
        """`raw` as `kind`; WRONG if it has errors."""
        kind, may_be_none = without_none(kind)
        if raw is None:
            return None if may_be_none else self._wrong("This field is required.", code="required", field=field)
        if get_origin(kind) is list:
            if not isinstance(raw, list):
                return self._wrong("This must be a list.", code="not_a_list", field=field)
            values = [self.read(get_args(kind)[0], inner, f"{field}.{n}") for n, inner in enumerate(raw)]
            return [value for value in values if value is not self.WRONG]
        if is_typeddict(kind) or kind is dict:
            if not isinstance(raw, dict):
                return self._wrong("This must be an object.", code="not_an_object", field=field)
            return raw if kind is dict else self._entries(kind, raw, field)
        if issubclass(kind, models.Model):
            try:
                return self._find(kind, raw, field)
            except DomainError as error:
                self.problems.append(error)
                return self.WRONG
        try:
            return _load_scalar(kind, raw)
        except (ValueError, TypeError, InvalidOperation, OverflowError):
            return self._wrong(
                f"This is not a valid {kind.__name__}.", code=f"not_a_{kind.__name__.lower()}", field=field
            )

    def _entries(self, kind: Any, raw: dict[str, Any], field: str) -> Any:
        entries = entries_of(kind)
        for name in sorted(raw.keys() - entries.keys()):
            self._wrong(f"There is no field {name!r} here.", code="unknown_field", field=f"{field}.{name}")
        for name in sorted(kind.__required_keys__ - raw.keys()):
            self._wrong("This field is required.", code="required", field=f"{field}.{name}")
        read = {name: self.read(entries[name], raw[name], f"{field}.{name}") for name in entries if name in raw}
        valid = {name: value for name, value in read.items() if value is not self.WRONG}
        return self.WRONG if kind.__required_keys__ - valid.keys() else valid

    def _wrong(self, message: str, *, code: str, field: str) -> Any:
        self.problems.append(Invalid(message, code=code, field=field))
        return self.WRONG


def _load_scalar(kind: Any, raw: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(raw)
    if kind is datetime or kind is date or kind is time:
        return kind.fromisoformat(raw)
    if kind is timedelta:
        if (length := parse_duration(raw)) is None:
            raise ValueError(raw)
        return length
    if kind is bool or kind is int:
        if type(raw) is not kind:
            raise TypeError(raw)
        return raw
    if kind is str and not isinstance(raw, str):
        raise TypeError(raw)
    return kind(raw)


def to_text(given: Mapping[str, Any]) -> str:
    """The inputs of an action as JSON text."""
    return orjson.dumps(dump(given)).decode()


def from_text(text: str) -> dict[str, Any]:
    """The raw inputs that `to_text` wrote. Read them with `Reading`, or each with `load`."""
    return orjson.loads(text)

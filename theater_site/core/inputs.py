"""The inputs of actions: which kinds of annotation are allowed, and how they are written down and read back.

A submission waits for days and is applied by another process; so whatever an action takes must survive as JSON and
mean the same then. Allowed are scalars, enums, model instances, TypedDicts and lists of these, each possibly None; and
`dict` for a JSON object that is kept as it came, whatever is in it. Anything else fails when the module is imported.

What an input means is written at its annotation, `Annotated[int, Doc("Length in minutes. Example: 150")]`, and read by
the OpenAPI schema and the list of actions. A key that is named like a field of the model that the action makes or changes
needs none: it has the field's `help_text`.
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
    """The annotated kind of each keyword-only argument; TypeError names the argument that cannot be an input."""
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
    """The `Doc` of each argument of a function, or of each key of a TypedDict, that has one."""
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
    """The model that an action makes or changes: what it returns (also as one of several kinds), else its subject."""
    hints = get_type_hints(function)
    returned = hints.get("return")
    kinds = get_args(returned) if get_origin(returned) in (Union, types.UnionType) else (returned,)
    for kind in (*kinds, hints.get(subject or "")):
        kind, _ = without_none(kind)
        if isinstance(kind, type) and issubclass(kind, models.Model):
            return kind
    return None


def without_none(kind: Any) -> tuple[Any, bool]:
    """`X | None` as (X, True), anything else as (kind, False); Required and NotRequired are looked through."""
    if get_origin(kind) in (Required, NotRequired):
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        rest = [arm for arm in get_args(kind) if arm is not type(None)]
        if len(rest) == 1 and len(get_args(kind)) == 2:
            return rest[0], True
    return kind, False


def entries_of(kind: Any) -> dict[str, Any]:
    """The keys of a TypedDict with their kinds."""
    return get_type_hints(kind)


def _check(kind: Any, where: str) -> None:
    kind, _ = without_none(kind)
    if get_origin(kind) is list:
        _check(get_args(kind)[0], where)
    elif is_typeddict(kind):
        for name, inner in entries_of(kind).items():
            _check(inner, f"{where}.{name}")
    elif kind is not dict and not (isinstance(kind, type) and issubclass(kind, (*SCALARS, Enum, models.Model))):
        raise TypeError(f"{where}: {kind!r} cannot be written down and read back; see theater_site/core/inputs.py")


def dump(value: Any) -> Any:
    """`value` as JSON can hold it. Instances become their primary key, amounts and instants text."""
    if isinstance(value, Enum):
        return value.value
    # A fraction is not an input of its own, but may be in an object that is kept as it came.
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
    """The row of this id, visible or not. Raises Invalid: not an id, or no such row."""
    return row_of(kind._base_manager.all(), raw, field)


def row_of(rows: models.QuerySet[Any], raw: Any, field: str) -> models.Model:
    """The one of `rows` that has this id. Invalid: no id (a fraction or a truth value is none), or not among them."""
    kind = rows.model
    found = None
    try:
        if isinstance(raw, bool | float | dict | list):
            raise TypeError(raw)
        found = rows.filter(pk=raw).first()
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise Invalid("This is not a valid id.", code="not_an_id", field=field) from error
    if found is None:
        raise Invalid(f"This {kind._meta.verbose_name} is gone.", code="reference_gone", field=field)
    return found


def load(kind: Any, raw: Any, field: str, find: Finder = existing) -> Any:
    """What `dump` wrote, as `kind` again. Invalid names every field at fault: a wrong shape, or an object that is gone."""
    reading = Reading(find)
    value = reading.read(kind, raw, field)
    all_of(reading.problems)
    return value


class Reading:
    """Reads raw inputs to their end: what is wrong is told in `problems`, field by field, and left out of the value.

    `find` answers an object for an id; it refuses by raising a DomainError.
    """

    WRONG = object()

    def __init__(self, find: Finder = existing) -> None:
        self.problems: list[DomainError] = []
        self._find = find

    def read_all(self, kinds: Mapping[str, Any], raw: Mapping[str, Any], field: str) -> dict[str, Any]:
        """The arguments `kinds` from one object. An absent one is None or empty where it may be; a wrong one is left out."""
        given: dict[str, Any] = {}
        for name in sorted(raw.keys() - kinds.keys()):
            self._wrong(
                f"There is no such input. There are: {', '.join(kinds)}.", code="unknown_field", field=f"{field}.{name}"
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
        """`raw` as `kind`; WRONG where there is nothing to be made of it."""
        kind, may_be_none = without_none(kind)
        if raw is None:
            return None if may_be_none else self._wrong("This may not be empty.", code="required", field=field)
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
            self._wrong("This is needed.", code="required", field=f"{field}.{name}")
        read = {name: self.read(entries[name], raw[name], f"{field}.{name}") for name in entries if name in raw}
        permission = {name: value for name, value in read.items() if value is not self.WRONG}
        return self.WRONG if kind.__required_keys__ - permission.keys() else permission

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
    """The inputs of one action as JSON text."""
    return orjson.dumps(dump(given)).decode()


def from_text(text: str) -> dict[str, Any]:
    """What `to_text` wrote, still raw: `load` each with its kind."""
    return orjson.loads(text)

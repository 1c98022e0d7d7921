"""The inputs of actions: which kinds of annotation are allowed, and how they are written down and read back.

A submission waits for days and is applied by another process; so whatever an action takes must survive as JSON and
mean the same then. Allowed are scalars, enums, model instances, TypedDicts and lists of these, each possibly None.
Anything else fails when the module is imported.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict
from uuid import UUID

import orjson
from django.db import models
from django.utils.dateparse import parse_duration

from theater_site.core.errors import Invalid

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
    elif not (isinstance(kind, type) and issubclass(kind, (*SCALARS, Enum, models.Model))):
        raise TypeError(f"{where}: {kind!r} cannot be written down and read back; see theater_site/core/inputs.py")


def dump(value: Any) -> Any:
    """`value` as JSON can hold it. Instances become their primary key, amounts and instants text."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
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


def load(kind: Any, raw: Any, field: str) -> Any:
    """What `dump` wrote, as `kind` again. Invalid names the field: a wrong shape, or an object that is gone."""
    kind, may_be_none = without_none(kind)
    if raw is None:
        if may_be_none:
            return None
        raise Invalid("This may not be empty.", code="required", field=field)
    if get_origin(kind) is list:
        if not isinstance(raw, list):
            raise Invalid("This must be a list.", code="not_a_list", field=field)
        return [load(get_args(kind)[0], inner, f"{field}.{n}") for n, inner in enumerate(raw)]
    if is_typeddict(kind):
        return _load_entries(kind, raw, field)
    if issubclass(kind, models.Model):
        return _load_instance(kind, raw, field)
    try:
        return _load_scalar(kind, raw)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise Invalid(
            f"This is no valid {kind.__name__}.", code=f"not_a_{kind.__name__.lower()}", field=field
        ) from error


def _load_entries(kind: Any, raw: Any, field: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Invalid("This must be an object.", code="not_an_object", field=field)
    entries = entries_of(kind)
    if unknown := raw.keys() - entries.keys():
        name = min(unknown)
        raise Invalid(f"There is no field {name!r} here.", code="unknown_field", field=f"{field}.{name}")
    if absent := kind.__required_keys__ - raw.keys():
        raise Invalid("This is needed.", code="required", field=f"{field}.{min(absent)}")
    return {name: load(entries[name], inner, f"{field}.{name}") for name, inner in raw.items()}


def _load_instance(kind: type[models.Model], raw: Any, field: str) -> models.Model:
    try:
        found = kind._base_manager.filter(pk=raw).first()
    except (ValueError, TypeError) as error:
        raise Invalid("This is no valid id.", code="not_an_id", field=field) from error
    if found is None:
        raise Invalid(f"This {kind._meta.verbose_name} is gone.", code="reference_gone", field=field)
    return found


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

"""The inputs of an action as JSON Schema, for programs that write submissions or build forms."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_origin, is_typeddict
from uuid import UUID

from django.apps import apps
from django.db import models

from theater_site.api import descriptions
from theater_site.core.actions import Action
from theater_site.core.docs import Doc
from theater_site.core.inputs import docs_of, entries_of, without_none

_SCALARS: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "string", "format": "decimal"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "uuid"},
}


def inputs_of(action: Action[Any, Any]) -> dict[str, Any]:
    """The schema of the `inputs` of `action` in an item of a submission. Model instances are ids, TypedDicts are objects."""
    properties = {name: _argument_schema(action, name, kind) for name, kind in action.kinds.items()}
    required = [
        name
        for name, kind in action.kinds.items()
        # A TypedDict without required keys may be left out.
        if not without_none(kind)[1] and not (is_typeddict(kind) and not kind.__required_keys__)
    ]
    return _object(properties, required)


def _argument_schema(action: Action[Any, Any], name: str, kind: Any) -> dict[str, Any]:
    bare, _ = without_none(kind)
    if not is_typeddict(bare):
        return _described_schema(kind, descriptions.input_doc(action, name))
    entries = {
        key: _described_schema(
            inner, descriptions.input_doc(action, key, group=bare), descriptions.field_at(action.model, key)
        )
        for key, inner in entries_of(bare).items()
    }
    return {**_object(entries, sorted(bare.__required_keys__)), "description": descriptions.paragraphs(bare.__doc__)}


def _described_schema(kind: Any, doc: Doc | None, column: Any = None) -> dict[str, Any]:
    """The schema of a kind, with its description, and with the choices and the length of its model field."""
    kind, may_be_none = without_none(kind)
    schema = _kind_schema(kind, doc)
    if isinstance(column, models.Field) and kind is str:
        if column.choices:
            schema["enum"] = [value for value, _ in column.flatchoices]
        if column.max_length:
            schema["maxLength"] = column.max_length
    if may_be_none:
        schema = {"anyOf": [schema, {"type": "null"}]}
    text = doc.text if doc is not None else descriptions.id_text(kind)
    return {**schema, "description": text} if text else schema


def _kind_schema(kind: Any, doc: Doc | None) -> dict[str, Any]:
    if get_origin(kind) is list:
        item_doc = Doc("", doc.one_of, doc.of) if doc is not None else None
        return {"type": "array", "items": _described_schema(get_args(kind)[0], item_doc)}
    if kind is dict:
        return {"type": "object"}
    if is_typeddict(kind):
        docs, model = docs_of(kind), apps.get_model(doc.of) if doc is not None and doc.of else None
        entries = {
            key: _described_schema(inner, docs.get(key) or _column_doc(model, key), descriptions.field_at(model, key))
            for key, inner in entries_of(kind).items()
        }
        return _object(entries, sorted(kind.__required_keys__))
    if issubclass(kind, models.Model):
        pk: Any = kind._meta.pk
        return {"type": "string", "format": "uuid"} if isinstance(pk, models.UUIDField) else {"type": "integer"}
    if issubclass(kind, Enum):
        return {"type": "string", "enum": [member.value for member in kind]}
    schema = dict(next(scalar_schema for scalar, scalar_schema in _SCALARS.items() if issubclass(kind, scalar)))
    if doc is not None and doc.one_of is not None:
        schema["enum"] = sorted(doc.one_of())
    return schema


def _column_doc(model: type[models.Model] | None, key: str) -> Doc | None:
    text = descriptions.help_of(descriptions.field_at(model, key))
    return Doc(text) if text else None


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

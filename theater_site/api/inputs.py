"""The request body of an action, generated from the annotations of its inputs.

The keys of a TypedDict argument are at the top level of the body: `update_production(production, changes)` takes
{"title": ...}. A key with the name of a field of `model` is validated as that field (length, choices, blank), any other key
by its annotation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, is_typeddict
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from theater_site.api.descriptions import input_doc, sentence_of
from theater_site.core.actions import Action
from theater_site.core.docs import Doc
from theater_site.core.inputs import docs_of, entries_of, without_none

WAIVE = "waive"
_SCALARS: dict[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    date: serializers.DateField,
    datetime: serializers.DateTimeField,
    time: serializers.TimeField,
    timedelta: serializers.DurationField,
    UUID: serializers.UUIDField,
}


class VisibleRelated(serializers.PrimaryKeyRelatedField):
    """The id of an object that the actor may see. To the actor, other objects do not exist."""

    # The same text as for a hidden address, so that it does not reveal whether the object exists.
    default_error_messages = {
        "does_not_exist": "Not found, or not visible to you.",
        "incorrect_type": "This is not a valid id. Send a whole number, not {data_type}.",
    }

    def get_queryset(self) -> models.QuerySet[Any]:
        rows: Any = vars(self)["queryset"].all()
        actor = self.context.get("actor")
        return rows.visible_to(actor) if actor is not None and hasattr(rows, "visible_to") else rows

    def use_pk_only_optimization(self) -> bool:
        return False

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, float):  # int() would round it to the id of another row
            self.fail("incorrect_type", data_type="float")
        return super().to_internal_value(data)


class NamedText(serializers.CharField):
    """A text. With `one_of`, the schema lists its allowed values; the action refuses others with its own error code."""

    def __init__(self, *, one_of: Callable[[], Iterable[str]] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.one_of = one_of


class ActionInput(serializers.Serializer[Any]):
    """The base class of generated bodies. Refuses unknown keys: a misspelled field would be ignored silently."""

    # The argument that each key of a TypedDict belongs to.
    grouped: Mapping[str, str] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            message = f"There is no such field. Fields: {', '.join(self.fields)}."
            raise serializers.ValidationError(
                {str(name): [serializers.ErrorDetail(message, "unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)


class _Entries(ActionInput):
    """A TypedDict inside a list."""


def body_of(
    action: Action[Any, Any],
    *,
    leave_out: tuple[str, ...] = (),
    model: type[models.Model] | None = None,
    partial: bool = False,
) -> type[ActionInput]:
    """The serializer class for the inputs of `action`, without `leave_out`, which come from the address.

    `model` is the model that the action creates or changes. With `partial`, the keys of a TypedDict are optional. Without,
    a key is required if its model field has no default.
    """
    fields: dict[str, Any] = {}
    grouped: dict[str, str] = {}
    for name, kind in action.kinds.items():
        if name in leave_out:
            continue
        bare, optional = without_none(kind)
        if is_typeddict(bare):
            for key, inner in entries_of(bare).items():
                doc = input_doc(action, key, group=bare)
                needed = key in bare.__required_keys__
                fields[key] = _field_of_key(key, inner, model, needed=needed, partial=partial, doc=doc)
                grouped[key] = name
        else:
            fields[name] = _field_of_kind(kind, needed=not optional, doc=input_doc(action, name))
    fields[WAIVE] = serializers.DictField(
        child=serializers.CharField(max_length=1000),
        required=False,
        help_text="Warnings to waive: the rule of each finding, with the reason why it may be broken here. "
        'Example: {"title_too_long": "The author insists on it."}',
    )
    title = "".join(part.capitalize() for part in action.name.replace(".", "_").split("_"))
    class_doc = f"The inputs of `{action.name}`: {sentence_of(action.__doc__)}."
    return type(f"{title}Input", (ActionInput,), {**fields, "grouped": grouped, "__doc__": class_doc})


def arguments_of(action: Action[Any, Any], body: ActionInput) -> dict[str, Any]:
    """The validated body as the action's arguments."""
    arguments: dict[str, Any] = {}
    for key, value in body.validated_data.items():
        if key == WAIVE:
            continue
        if group := body.grouped.get(key):
            arguments.setdefault(group, {})[key] = value
        else:
            arguments[key] = value
    for group in set(body.grouped.values()):
        arguments.setdefault(group, {})
    for name, field in body.fields.items():
        # An absent optional argument is None; an absent key of a TypedDict stays absent, which means unchanged.
        if name != WAIVE and name not in body.grouped and not field.required:
            arguments.setdefault(name, None)
    return arguments


def _field_of_key(
    key: str, kind: Any, model: type[models.Model] | None, *, needed: bool, partial: bool, doc: Doc | None
) -> Any:
    """The serializer field for a key of a TypedDict, built from the model field of this name if there is one."""
    column = _column(model, key)
    if column is None or get_origin(without_none(kind)[0]) is list:
        return _field_of_kind(kind, needed=needed, doc=doc)
    required = not partial and not (column.has_default() or column.blank or column.null)
    if isinstance(column, models.ForeignKey):
        return _field_of_kind(kind, needed=required or needed, doc=doc)
    builder: serializers.ModelSerializer[Any] = serializers.ModelSerializer()
    field_class, options = builder.build_standard_field(key, column)
    for option in ("read_only", "default", "model_field"):
        options.pop(option, None)
    if field_class in (serializers.ModelField, serializers.JSONField):
        # The annotation describes the content of a JSON column.
        return _field_of_kind(kind, needed=required or needed, doc=doc)
    options["required"] = required or needed
    options["validators"] = [v for v in options.get("validators", ()) if not isinstance(v, UniqueValidator)] or None
    if options["validators"] is None:
        del options["validators"]
    if _takes_none(kind):
        options["allow_null"] = True
    if doc is not None:
        options["help_text"] = doc.text
    return field_class(**options)


def _field_of_kind(kind: Any, *, needed: bool, doc: Doc | None = None) -> Any:
    """The serializer field for an annotated kind."""
    kind, may_be_none = without_none(kind)
    options: dict[str, Any] = {"required": needed, "allow_null": may_be_none}
    if doc is not None:
        options["help_text"] = doc.text
    if get_origin(kind) is list:
        # The text describes the list, not each of its items.
        inner = _field_of_kind(get_args(kind)[0], needed=True, doc=Doc("", doc.one_of) if doc is not None else None)
        return serializers.ListField(child=inner, max_length=1000, **options)
    if kind is dict:
        return serializers.DictField(**options)
    if is_typeddict(kind):
        return _entries_class(kind)(**options)
    if issubclass(kind, models.Model):
        return VisibleRelated(queryset=kind._default_manager.all(), **options)
    if issubclass(kind, Enum):
        choices = getattr(kind, "choices", None) or [(member.value, member.name) for member in kind]
        return serializers.ChoiceField(choices=choices, **options)
    if issubclass(kind, Decimal):
        return serializers.DecimalField(max_digits=14, decimal_places=4, **options)
    if kind is str:
        one_of = doc.one_of if doc is not None else None
        return NamedText(
            one_of=one_of,
            allow_blank=True,
            max_length=doc.longest if doc is not None else 10_000,
            trim_whitespace=True,
            **options,
        )
    if kind is int:
        return serializers.IntegerField(min_value=-(2**63), max_value=2**63 - 1, **options)
    return _SCALARS[kind](**options)


@cache
def _entries_class(kind: Any) -> type[_Entries]:
    """The serializer class of a TypedDict in a list. Cached, so that actions with the same input share a component."""
    docs = docs_of(kind)
    inner = {
        key: _field_of_kind(value, needed=key in kind.__required_keys__, doc=docs.get(key))
        for key, value in entries_of(kind).items()
    }
    return type(kind.__name__, (_Entries,), {**inner, "__doc__": kind.__doc__})


def _column(model: type[models.Model] | None, key: str) -> models.Field[Any, Any] | None:
    if model is None:
        return None
    try:
        found = model._meta.get_field(key)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, models.Field) else None


def _takes_none(kind: Any) -> bool:
    return without_none(kind)[1]

"""The history of one object with its differences, and its state at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import orjson
from django.apps import apps
from django.db.models import QuerySet

from accounts.audit.models.entries import AuditChange, AuditValue
from accounts.audit.selectors.searching import Reader
from theater_site.core import encryption
from theater_site.core.actors import EVERYWHERE
from theater_site.core.changes import CREATED, DELETED
from theater_site.core.errors import Invalid, NotFound
from theater_site.core.models import ContentModel


class Known(str, Enum):
    """Whether a value is shown, was erased, or is hidden from the reader."""

    SHOWN = "shown"
    ERASED = "erased"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one change. Unless `known` is SHOWN, `before` and `after` are None."""

    field: str
    known: Known
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class FieldState:
    """One field of an object at an instant."""

    known: Known
    value: Any = None


@dataclass(frozen=True, slots=True)
class State:
    """The state of an object at `at`: `version` and field values, or `deleted`."""

    at: datetime
    version: int
    deleted: bool
    fields: dict[str, FieldState]


def changed_since(object_type: str, object_id: Any, version: int) -> list[str]:
    """The names of the fields of one object that changed after `version`, sorted. Answers the runner's question."""
    told = AuditChange.objects.filter(object_type=object_type, object_id=str(object_id), version__gt=version)
    return sorted({name for fields in told.values_list("fields", flat=True) for name in fields})


def history(reader: Reader, object_type: str, object_id: str) -> QuerySet[AuditChange]:
    """The changes of one object that the reader may read, with entries and values. Raises: Invalid `unknown_object_type`."""
    model_of(object_type)
    found = reader.changes().filter(object_type=object_type, object_id=object_id)
    return found.select_related("entry", "value")


def differences(reader: Reader, change: AuditChange) -> list[Difference]:
    """The differences of `change` (loaded with its value) by field, as far as `reader` may see them.

    Values need the object's `view_permission` on its section at that time. Personal values, such as an old phone number, need
    `manage_` of the same area there.
    """
    model = model_of(change.object_type)
    value: AuditValue | None = getattr(change, "value", None)
    area = model.view_permission.split("_", 1)[1]
    may_view = _held(reader, model.view_permission, change)
    may_view_personal = may_view and _held(reader, f"manage_{area}", change)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if value is not None and may_view:
        values: Any = value.values
        before, after = dict(values["before"]), dict(values["after"])
        if value.personal and may_view_personal:
            personal = orjson.loads(encryption.decrypt(value.personal))
            before |= personal["before"]
            after |= personal["after"]
    told = []
    for name in change.fields:
        if not may_view or (name in model.personal and not may_view_personal):
            told.append(Difference(name, Known.HIDDEN))
        elif value is None:
            told.append(Difference(name, Known.ERASED))
        else:
            told.append(Difference(name, Known.SHOWN, before.get(name), after.get(name)))
    return told


def reasons(reader: Reader, change: AuditChange) -> dict[str, str]:
    """Why warnings about the object were waived for this change, by rule. Only for readers of its personal values."""
    area = model_of(change.object_type).view_permission.split("_", 1)[1]
    value: AuditValue | None = getattr(change, "value", None)
    if value is None or not value.personal or not _held(reader, f"manage_{area}", change):
        return {}
    told: dict[str, str] = reasons_in(value)
    return told


def reasons_in(value: AuditValue) -> dict[str, str]:
    """The reasons stored with the values of a change."""
    told: dict[str, str] = orjson.loads(encryption.decrypt(value.personal)).get("waived", {}) if value.personal else {}
    return told


def state_at(reader: Reader, object_type: str, object_id: str, at: datetime) -> State:
    """The state of the object at `at`, built from its changes up to then.

    The reader needs the log of its section at that time. If the last value of a field was erased, the field is ERASED, even if a
    later change still has its old value. Raises: NotFound if the object did not exist then, or the reader may not see it.
    """
    model_of(object_type)
    rows = AuditChange.objects.filter(object_type=object_type, object_id=object_id, entry__at__lte=at)
    changes = list(rows.select_related("entry", "value").order_by("version", "id"))
    if not changes or not reader.may_read(changes[-1]):
        raise NotFound("Nothing is known of such an object at that time.", code="no_such_object")
    last = changes[-1]
    if last.operation == DELETED:
        return State(at, last.version, True, {})
    return State(at, last.version, False, _built(reader, changes, last))


def _built(reader: Reader, changes: Iterable[AuditChange], last: AuditChange) -> dict[str, FieldState]:
    fields: dict[str, FieldState] = {}
    for change in changes:
        if change.operation in (CREATED, DELETED):
            fields = {}
        # The section at the end counts, since the object took its values along.
        change.section_id = last.section_id
        for told in differences(reader, change):
            fields[told.field] = FieldState(told.known, told.after)
    return dict(sorted(fields.items()))


def model_of(object_type: str) -> type[ContentModel]:
    """The content model of this label. Raises: Invalid `unknown_object_type`."""
    try:
        model = apps.get_model(object_type)
    except (LookupError, ValueError):
        model = None
    if model is None or not issubclass(model, ContentModel) or model._meta.label_lower != object_type:
        raise Invalid(
            'There is no such type of object. Types are like "productions.production".', code="unknown_object_type",
            field="object_type",
        )  # fmt: skip
    return model


def _held(reader: Reader, permission: str, change: AuditChange) -> bool:
    held = reader.actor.sections_held(permission, reader.at)
    return held is EVERYWHERE or change.section_id in held  # type: ignore[operator]

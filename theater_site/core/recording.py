"""The change recorder: what an action changed, field by field, whichever way it was written.

Inside a service the changes gather in the running action and are told once, at the end of the outermost one. A write
outside of one is told at once, as an action of nobody, so that nothing goes unseen. Raw SQL and upserts are not seen:
whoever writes them calls `record_change` or `record_created`.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from theater_site.core.encryption import EncryptedJSONField

if TYPE_CHECKING:
    from theater_site.core.models.content import ContentModel
    from theater_site.core.runs import Run

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
# Of what an action shows to others than before: no change, but part of what somebody agrees to.
EXPOSED = "exposed"
_UNTRACKED = frozenset({"id", "version", "created_at", "updated_at"})

running: ContextVar[Run | None] = ContextVar("running_action", default=None)


@dataclass(slots=True)
class Change:
    """What one action did to one object: attribute values before and after, the changed ones only.

    `before` is empty for a created object, `after` for a deleted one. `section_id` is where it belongs after the change;
    `version` is the object's after it, `seen` the one before (0: there was none).
    """

    model: type[ContentModel]
    object_id: Any
    operation: str
    section_id: int | None
    version: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    seen: int = 0

    @property
    def object_type(self) -> str:
        return self.model._meta.label_lower


def instant() -> datetime:
    """The running action's one instant; outside an action, now."""
    run = running.get()
    return run.instant if run is not None else timezone.now()


@cache
def tracked(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(
        f.attname
        for f in model._meta.concrete_fields
        if f.attname not in _UNTRACKED and not f.primary_key and not getattr(f, "derived", False)
    )


@cache
def _mutable(model: type[models.Model]) -> tuple[str, ...]:
    kinds = models.JSONField | EncryptedJSONField | models.FileField
    return tuple(f.attname for f in model._meta.concrete_fields if isinstance(f, kinds))


def snapshot(row: models.Model) -> dict[str, Any]:
    """The row's values as loaded, safe against later changes in place; deferred fields are absent."""
    values = row.__dict__.copy()
    values.pop("_loaded", None)
    for name in _mutable(type(row)):
        if name in values:
            values[name] = _frozen(values[name])
    return values


def _frozen(value: Any) -> Any:
    return value.name if isinstance(value, models.fields.files.FieldFile) else copy.deepcopy(value)


def _value(row: models.Model, name: str) -> Any:
    value = row.__dict__[name]
    return value.name if isinstance(value, models.fields.files.FieldFile) else value


def section_id_of(row: models.Model) -> int | None:
    """Follows `section_lookup` ("production__section_id") over loaded relations, asking the database where one is not."""
    lookup: str = row.section_lookup  # type: ignore[attr-defined]
    if "__" not in lookup:
        return getattr(row, lookup)
    here: Any = row
    for step in lookup.split("__"):
        if here is None:
            return None
        here = getattr(here, step)
    return here


def exposed(row: ContentModel) -> Change:
    """All that stands in `row`, as what is shown from now on."""
    values = snapshot(row)
    shown = {name: values[name] for name in tracked(type(row)) if name in values}
    return Change(type(row), row.pk, EXPOSED, None, row.version, {}, shown)


def record_created(rows: Iterable[ContentModel]) -> None:
    run = running.get()
    changes = []
    for row in rows:
        names = tracked(type(row))
        values = row.__dict__
        if _mutable(type(row)):
            after = {name: _frozen(values[name]) if name in _mutable(type(row)) else values[name] for name in names}
        else:
            after = {name: values[name] for name in names}
        changes.append(Change(type(row), row.pk, CREATED, section_id_of(row), row.version, {}, after))
        row._loaded = snapshot(row)
    _tell(run, changes)


def record_saved(row: ContentModel, written: Collection[str]) -> None:
    """Record what a save of these fields changed since `row` was loaded."""
    loaded = getattr(row, "_loaded", None) or {}
    columns = {row._meta.get_field(name).attname for name in written}  # type: ignore[union-attr]
    now = row.__dict__
    names = [name for name in tracked(type(row)) if name in columns and name in now]
    if expressions := [name for name in names if hasattr(now[name], "resolve_expression")]:
        # Only the database knows what F("sold") + 1 came to.
        row.refresh_from_db(fields=expressions)
    # From a snapshot, since a list of the row may still be changed in place. What was not written is not loaded by it.
    fresh = snapshot(row)
    row._loaded = loaded | {name: fresh[name] for name in columns if name in fresh}
    record_change(row, {name: loaded[name] for name in names if name in loaded}, {name: fresh[name] for name in names})


def record_change(row: ContentModel, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Record that `row` went from `before` to `after` (attribute names); equal values are dropped, no change is none."""
    differing = [name for name, value in after.items() if name not in before or before[name] != value]
    if not differing:
        return
    change = Change(
        type(row),
        row.pk,
        CHANGED,
        section_id_of(row),
        row.version,
        {name: before.get(name) for name in differing},
        {name: after[name] for name in differing},
        row.version - 1,
    )
    _tell(running.get(), [change])


def record_deleted(row: ContentModel) -> None:
    values = row.__dict__
    before = {name: _value(row, name) for name in tracked(type(row)) if name in values}
    change = Change(type(row), row.pk, DELETED, section_id_of(row), row.version, before, {}, row.version)
    _tell(running.get(), [change])


def _tell(run: Run | None, changes: list[Change]) -> None:
    if not changes:
        return
    if run is not None:
        run.keep(changes)
    else:
        from theater_site.core.actions import tell_unattributed

        tell_unattributed(changes)


def merged(first: Change, then: Change) -> Change | None:
    """Two changes of one object in one action, told as one; None where it came and went within it."""
    if first.operation == CREATED and then.operation == DELETED:
        return None
    if first.operation == CREATED:
        return Change(
            first.model, first.object_id, CREATED, then.section_id, then.version, {}, {**first.after, **then.after}
        )
    if then.operation == DELETED:
        return Change(
            first.model,
            first.object_id,
            DELETED,
            then.section_id,
            then.version,
            {**then.before, **first.before},
            {},
            first.seen,
        )
    before, after = {**then.before, **first.before}, {**first.after, **then.after}
    for name in [name for name in before if before[name] == after.get(name)]:
        del before[name]
        after.pop(name, None)
    return (
        Change(first.model, first.object_id, CHANGED, then.section_id, then.version, before, after, first.seen)
        if after
        else None
    )

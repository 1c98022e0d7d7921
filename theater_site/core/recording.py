"""The change recorder: records every write of a content model, field by field.

Inside an action, changes are collected in its run and announced once, at the end of the outermost action. A write outside
of an action is announced immediately, as an action without an actor. Raw SQL and upserts are not seen: code that runs them
calls `record_change` or `record_created`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import models
from django.utils import timezone

from theater_site.core.actors import Actor
from theater_site.core.changes import (
    CHANGED,
    CREATED,
    DELETED,
    Change,
    frozen,
    mutable,
    section_id_of,
    snapshot,
    tracked,
)
from theater_site.core.logs import request_id
from theater_site.core.runs import Run, running
from theater_site.core.signals import action_done


def _value(row: models.Model, name: str) -> Any:
    value = row.__dict__[name]
    return value.name if isinstance(value, models.fields.files.FieldFile) else value


def record_created(rows: Iterable[Any]) -> None:
    """Record that these rows were inserted."""
    changes = []
    for row in rows:
        model: type[models.Model] = type(row)
        mutable_names, values = mutable(model), row.__dict__
        after = {name: frozen(values[name]) if name in mutable_names else values[name] for name in tracked(model)}
        changes.append(Change(model, row.pk, CREATED, section_id_of(row), row.version, {}, after))
        row._loaded = snapshot(row)
    _record(changes)


def record_saved(row: Any, written: Collection[str]) -> None:
    """Record what a save of the fields `written` changed since `row` was loaded."""
    loaded = getattr(row, "_loaded", None) or {}
    columns = {row._meta.get_field(name).attname for name in written}
    model: type[models.Model] = type(row)
    values = row.__dict__
    names = [name for name in tracked(model) if name in columns and name in values]
    if expressions := [name for name in names if hasattr(values[name], "resolve_expression")]:
        # Only the database knows the result of F("sold") + 1.
        row.refresh_from_db(fields=expressions)
    # A snapshot, since a list in the row may be changed in place later. Only the written columns count as loaded.
    after = snapshot(row)
    row._loaded = loaded | {name: after[name] for name in columns if name in after}
    record_change(row, {name: loaded[name] for name in names if name in loaded}, {name: after[name] for name in names})


def record_change(row: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Record that the values of `row` changed from `before` to `after`, by attribute name. Equal values are ignored."""
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
    _record([change])


def record_deleted(row: Any) -> None:
    """Record that `row` was deleted."""
    model: type[models.Model] = type(row)
    values = row.__dict__
    before = {name: _value(row, name) for name in tracked(model) if name in values}
    change = Change(model, row.pk, DELETED, section_id_of(row), row.version, before, {}, row.version)
    _record([change])


def _record(changes: list[Change]) -> None:
    if not changes:
        return
    if (run := running.get()) is not None:
        run.keep(changes)
    else:
        announce_unattributed(changes)


def announce_unattributed(changes: list[Change]) -> None:
    """Announce writes outside of any action, as an action without an actor."""
    actor = Actor()
    actor.label = "unattributed"
    run = Run(actor=actor, instant=timezone.now(), request_id=request_id())
    run.begin()
    run.keep(changes)
    action_done.announce(run=run)

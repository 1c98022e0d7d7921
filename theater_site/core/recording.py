"""The change recorder: what an action changed, field by field, whichever way it was written.

Inside an action the changes gather in its run and are announced once, at the end of the outermost action. A write outside
of an action is announced at once, as an action without an actor, so that no write is missed. Raw SQL and upserts are not
seen: code that writes them calls `record_change` or `record_created`.
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
    run = running.get()
    changes = []
    for row in rows:
        model: type[models.Model] = type(row)
        in_place, values = mutable(model), row.__dict__
        after = {name: frozen(values[name]) if name in in_place else values[name] for name in tracked(model)}
        changes.append(Change(model, row.pk, CREATED, section_id_of(row), row.version, {}, after))
        row._loaded = snapshot(row)
    _tell(run, changes)


def record_saved(row: Any, written: Collection[str]) -> None:
    """Record what a save of these fields changed since `row` was loaded."""
    loaded = getattr(row, "_loaded", None) or {}
    columns = {row._meta.get_field(name).attname for name in written}
    model: type[models.Model] = type(row)
    now = row.__dict__
    names = [name for name in tracked(model) if name in columns and name in now]
    if expressions := [name for name in names if hasattr(now[name], "resolve_expression")]:
        # Only the database knows what F("sold") + 1 came to.
        row.refresh_from_db(fields=expressions)
    # From a snapshot, since a list of the row may still be changed in place. What was not written is not loaded by it.
    fresh = snapshot(row)
    row._loaded = loaded | {name: fresh[name] for name in columns if name in fresh}
    record_change(row, {name: loaded[name] for name in names if name in loaded}, {name: fresh[name] for name in names})


def record_change(row: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
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


def record_deleted(row: Any) -> None:
    """Record that `row` was deleted."""
    model: type[models.Model] = type(row)
    values = row.__dict__
    before = {name: _value(row, name) for name in tracked(model) if name in values}
    change = Change(model, row.pk, DELETED, section_id_of(row), row.version, before, {}, row.version)
    _tell(running.get(), [change])


def _tell(run: Run | None, changes: list[Change]) -> None:
    if not changes:
        return
    if run is not None:
        run.keep(changes)
    else:
        tell_unattributed(changes)


def tell_unattributed(changes: list[Change]) -> None:
    """Announce a write outside of any action, at once and without an actor."""
    actor = Actor()
    actor.label = "unattributed"
    run = Run(actor=actor, instant=timezone.now(), request_id=request_id())
    run.begin()
    run.keep(changes)
    action_done.announce(run=run)

"""Changes: what an action did to one object, from snapshots of its row."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models

from theater_site.core.actors import Actor, Everywhere
from theater_site.core.encryption import EncryptedJSONField

CREATED, CHANGED, DELETED = "created", "changed", "deleted"
# The object is shown to more people. It does not change, but an approver approves all of its values.
EXPOSED = "exposed"
_UNTRACKED = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(slots=True)
class Change:
    """What one action did to one object: the changed attribute values before and after.

    `before` is empty for a created object, `after` for a deleted one. `section_id` is the object's section after the change.
    `version` is the object's version after the change, `seen` the version before; 0 for a created object.
    """

    # The class of a content model. Content models import this module, so the type is Any.
    model: Any
    object_id: Any
    operation: str
    section_id: int | None
    version: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    seen: int = 0

    def values_visible_to(self, actor: Actor, at: datetime) -> bool:
        """Whether `actor` may see the personal values of the object, by its section after the change."""
        sections = actor.sections_held(self.model.view_permission, at)
        if isinstance(sections, Everywhere):
            return True
        return self.section_id is not None and self.section_id in sections

    @property
    def object_type(self) -> str:
        """The label of the object's model, such as "productions.production"."""
        label: str = self.model._meta.label_lower
        return label


def visible_to(actor: Actor, changes: Sequence[Change], at: datetime) -> list[Change]:
    """The changes of objects that `actor` may see, by the rows as they are now. An object that the action creates is one.

    An action also changes objects that follow along, such as the events of a canceled production: the actor may change them,
    and need not see them. One query for each model with objects outside the sections where the actor sees all.
    """
    asked: dict[Any, set[Any]] = defaultdict(set)
    for change in changes:
        if change.operation != CREATED and not change.values_visible_to(actor, at):
            asked[change.model].add(change.object_id)
    hidden = {
        (model, key)
        for model, keys in asked.items()
        for key in keys.difference(
            model._base_manager.visible_to(actor).filter(pk__in=keys).values_list("pk", flat=True)
        )
    }
    return [change for change in changes if (change.model, change.object_id) not in hidden]


@cache
def tracked(model: type[models.Model]) -> tuple[str, ...]:
    """The attribute names of the columns whose changes are recorded."""
    return tuple(
        f.attname
        for f in model._meta.concrete_fields
        if f.attname not in _UNTRACKED and not f.primary_key and not getattr(f, "derived", False)
    )


@cache
def mutable(model: type[models.Model]) -> tuple[str, ...]:
    """The attribute names of the columns whose values can change in place."""
    kinds = models.JSONField | EncryptedJSONField | models.FileField
    return tuple(f.attname for f in model._meta.concrete_fields if isinstance(f, kinds))


def snapshot(row: models.Model) -> dict[str, Any]:
    """A copy of the row's values that later changes in place do not alter. Deferred fields are absent."""
    values = row.__dict__.copy()
    values.pop("_loaded", None)
    for name in mutable(type(row)):
        if name in values:
            values[name] = frozen(values[name])
    return values


def frozen(value: Any) -> Any:
    """A copy of `value` that later changes in place do not alter; of a file, its name."""
    return value.name if isinstance(value, models.fields.files.FieldFile) else copy.deepcopy(value)


def section_id_of(row: models.Model) -> int | None:
    """The id of the row's section, along `section_lookup` ("production__section_id").

    A relation that is not loaded costs a query.
    """
    lookup: str = row.section_lookup  # type: ignore[attr-defined]
    if "__" not in lookup:
        return getattr(row, lookup)
    value: Any = row
    for step in lookup.split("__"):
        if value is None:
            return None
        value = getattr(value, step)
    return value


def exposed(row: Any) -> Change:
    """All recorded values of `row`, as an EXPOSED change."""
    model: type[models.Model] = type(row)
    values = snapshot(row)
    after = {name: values[name] for name in tracked(model) if name in values}
    return Change(model, row.pk, EXPOSED, None, row.version, {}, after)


def merged(first: Change, then: Change) -> Change | None:
    """Two changes of one object in one action as one change; None if nothing changed in the end."""
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

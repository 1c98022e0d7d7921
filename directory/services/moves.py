"""Moves the rows that point at a merged person to the survivor, and returns those that are untouched when it is undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from django.db import models

from directory.models import Person
from theater_site.core.changes import tracked
from theater_site.core.inputs import dump
from theater_site.core.models import ContentModel


class Moves:
    """The moves of one merge. `memory` is JSON data, stored with the merge: per model the ids of the moved rows with a
    digest of their values, and the values of rows that were deleted because the survivor has an equal one."""

    def __init__(self, survivor: Person, other: Person, memory: dict[str, Any]) -> None:
        """`other` is the duplicate, or the restored person when the merge is undone."""
        self.survivor = survivor
        self.other = other
        self.memory = memory
        # Rows that were changed since the merge and stay with the survivor: ids by model label.
        self.stayed: dict[str, list[Any]] = {}

    def take_over(
        self,
        model: type[ContentModel],
        *,
        same: Sequence[str] = (),
        person: str = "person",
        dropped: Callable[[Any, Any], None] | None = None,
    ) -> None:
        """Move the rows of `model` whose foreign key `person` is the duplicate.

        A row that equals one of the survivor's in the columns `same` is deleted instead: it would be a duplicate.
        `dropped` is called before with that row and the survivor's. Constant queries without such rows.
        """
        rows = list(model._base_manager.select_for_update(of=("self",)).filter(**{person: self.other}).order_by("pk"))
        own: dict[str, Any] = {}
        if rows and same:
            own = {_digest(row, same): row for row in model._base_manager.filter(**{person: self.survivor})}
        moved, deleted = [], []
        for row in rows:
            equal = own.get(_digest(row, same)) if same else None
            if equal is None:
                moved.append([row.pk, _digest(row, _values_but(model, person))])
                continue
            deleted.append({"id": row.pk, **values_of(row)})
            if dropped is not None:
                dropped(row, equal)
            row.delete()
        model._base_manager.filter(pk__in=[pk for pk, _ in moved]).update(**{person: self.survivor})
        if moved or deleted:
            self.memory[model._meta.label_lower] = {"moved": moved, "dropped": deleted}

    def give_back(self, model: type[ContentModel], *, person: str = "person") -> None:
        """Return the rows that `take_over` moved and nobody changed since, and create the deleted ones again.

        Rows that changed stay with the survivor and are added to `stayed`. A deleted row whose other references are gone
        is left out.
        """
        label = model._meta.label_lower
        told = self.memory.get(label, {"moved": [], "dropped": []})
        marks = dict(told["moved"])
        rows = model._base_manager.select_for_update(of=("self",)).filter(pk__in=marks, **{person: self.survivor})
        back = []
        for row in rows.order_by("pk"):
            if _digest(row, _values_but(model, person)) == marks[row.pk]:
                back.append(row.pk)
            else:
                self.stayed.setdefault(label, []).append(row.pk)
        model._base_manager.filter(pk__in=back).update(**{person: self.other})
        for values in told["dropped"]:
            again = rebuilt(model, {**values, model._meta.get_field(person).attname: self.other.pk})  # type: ignore[union-attr]
            if again is not None:
                again.save()


def values_of(row: ContentModel) -> dict[str, Any]:
    """The recorded values of a row as JSON data."""
    return {name: dump(getattr(row, name)) for name in tracked(type(row))}


def rebuilt(model: type[ContentModel], values: dict[str, Any]) -> Any | None:
    """An unsaved row with these values, from `values_of`; None if a row that it needs is gone."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    read: dict[str, Any] = {}
    for name in tracked(model):
        if name not in values:
            continue
        field, value = fields[name], values[name]
        if isinstance(field, models.ForeignKey) and value is not None:
            if not field.related_model._base_manager.filter(pk=value).exists():
                if not field.null:
                    return None
                value = None
        read[name] = field.to_python(value)
    return model(**read)


def _values_but(model: type[ContentModel], person: str) -> list[str]:
    attname = model._meta.get_field(person).attname  # type: ignore[union-attr]
    return [name for name in tracked(model) if name != attname]


def _digest(row: ContentModel, names: Sequence[str]) -> str:
    """A digest of these values of a row. Rows are compared by values, not by versions: undoing a later merge returns a row
    to the same values, but not to the same version."""
    values = [dump(getattr(row, name)) for name in names]
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()

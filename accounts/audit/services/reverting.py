"""Reverts a change: gives the old values to the object's ordinary update, which checks them by today's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, is_typeddict

from django.core.exceptions import ValidationError
from django.db import models

from accounts.audit.models.entries import AuditChange, AuditEntry
from accounts.audit.selectors.history import Difference, Known, differences, model_of
from accounts.audit.selectors.searching import Reader
from theater_site.core import inputs
from theater_site.core.actions import Action, registered
from theater_site.core.changes import CHANGED, snapshot
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from theater_site.core.models import ContentModel

_BODY = "changes"


@dataclass(frozen=True, slots=True)
class Reversal:
    """How to revert a change: run `action` on `subject` with `given`, if its version still is `version`."""

    action: Action[Any, Any]
    subject: ContentModel
    given: dict[str, Any]
    version: int


def reversal_of(reader: Reader, entry: AuditEntry, change: Any = None) -> Reversal:
    """How to revert what `entry` changed. Runs nothing yet; the update checks whether the actor may change the object.

    If the entry changed several objects, `change` is the id of the change to revert.
    Raises: Conflict for a created or deleted object, fields that the update does not take, and erased values; Stale, with the
    names, for fields that have changed again; NotAllowed for values that the reader may not see; NotFound for a change or
    object that does not exist.
    """
    told = _one_change(reader, entry, change)
    model = model_of(told.object_type)
    if told.operation != CHANGED:
        raise Conflict(
            f"This {told.operation} the {model._meta.verbose_name}; only a change of its fields can be taken back.",
            code="not_revertible",
        )
    subject: ContentModel | None = model._base_manager.filter(pk=told.object_id).first()
    if subject is None:
        raise NotFound(f"This {model._meta.verbose_name} is gone.", code="object_gone")
    action = _update_of(model)
    seen = _known(differences(reader, told))
    taken = _taken(action, model, seen)
    _still_there(subject, seen)
    return Reversal(action, subject, {_BODY: taken}, subject.version)


def _one_change(reader: Reader, entry: AuditEntry, wanted: Any) -> AuditChange:
    changes = reader.changes().filter(entry=entry).select_related("entry", "value").order_by("id")
    if wanted is not None:
        found = changes.filter(pk=wanted).first()
        if found is None:
            raise NotFound("This entry has no such change.", code="no_such_change", field="change")
        return found
    first = list(changes[:2])
    if not first:
        raise Conflict("This changed nothing that could be taken back.", code="not_revertible")
    if len(first) > 1:
        raise Invalid(
            "This changed several things. Name one by the id of its change.", code="several_changes", field="change"
        )
    return first[0]


def _update_of(model: type[ContentModel]) -> Action[Any, Any]:
    """The action "<noun>.update" whose subject is such an object, and which takes the new values as a TypedDict."""
    for name, action in registered().items():
        if name.endswith(".update") and action.subject is not None and action.kinds.keys() == {action.subject, _BODY}:
            if action.kinds[action.subject] is model and is_typeddict(action.kinds[_BODY]):
                return action
    raise Conflict(
        f"There is no update that a {model._meta.verbose_name} could be given its old values by. Use the action that "
        "changed it to change it back.",
        code="not_revertible",
    )


def _known(told: list[Difference]) -> dict[str, Difference]:
    if any(one.known is Known.HIDDEN for one in told):
        raise NotAllowed("You may not know the old values, so you cannot bring them back.", code="values_hidden")
    if any(one.known is Known.ERASED for one in told):
        raise Conflict("The old values were erased; they cannot be brought back.", code="values_erased")
    return {one.field: one for one in told}


def _taken(action: Action[Any, Any], model: type[ContentModel], seen: dict[str, Difference]) -> dict[str, Any]:
    """The old values as inputs of the update: a foreign key is named without its `_id`, and its value is the object."""
    kinds = inputs.entries_of(action.kinds[_BODY])
    taken, foreign = {}, []
    for name, one in seen.items():
        field = _field(model, name)
        if field.name in kinds:
            taken[field.name] = inputs.load(kinds[field.name], one.before, field.name)
        elif getattr(field, "source", None) not in kinds:  # A blind index follows from its source.
            foreign.append(name)
    if foreign:
        raise Conflict(
            f"{action.name} does not take {', '.join(foreign)}; use the action that changed "
            f"{'it' if len(foreign) == 1 else 'them'} to change {'it' if len(foreign) == 1 else 'them'} back.",
            code="not_revertible",
            data={"fields": foreign},
        )
    return taken


def _still_there(subject: ContentModel, seen: dict[str, Difference]) -> None:
    now = snapshot(subject)
    moved = [name for name, one in seen.items() if not _same(_field(type(subject), name), now.get(name), one.after)]
    if moved:
        raise Stale(
            f"{', '.join(moved)} changed again since. Take the later change back first, or set the values by hand.",
            code="changed_since",
            data={"current_version": subject.version, "changed": moved},
        )


def _field(model: type[ContentModel], attname: str) -> models.Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == attname)


def _same(field: models.Field[Any, Any], now: Any, told: Any) -> bool:
    """Whether the column has the value that was logged as JSON."""
    try:
        return bool(field.to_python(told) == field.to_python(now))
    except (ValidationError, TypeError, ValueError):
        return False

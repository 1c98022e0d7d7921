"""The difference that a submission makes to the current content, for those who decide; or made, once it was decided."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.apps import apps
from django.db import models

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.differences import list_difference, text_difference
from accounts.approvals.rules.submission_states import APPLIED, REJECTED
from accounts.approvals.services.submissions.collisions import add_collisions, rebased
from accounts.approvals.services.submissions.items import Trial, items_of, seen_by, trying_out
from accounts.approvals.services.submissions.looking import look_of
from accounts.approvals.services.submissions.naming import name_of
from accounts.approvals.services.submissions.submitting import readable_items
from accounts.approvals.signals import picture_urls
from theater_site.core import runs
from theater_site.core.actors import EVERYWHERE, Actor
from theater_site.core.changes import CREATED, DELETED, Change, merged, tracked
from theater_site.core.errors import DomainError
from theater_site.core.inputs import dump

_DECIDED = frozenset({APPLIED, REJECTED})


def difference_of(submission: Submission, actor: Actor) -> dict[str, Any]:
    """Object by object and field by field, with the judges' findings and the problems, as far as `actor` may see them.

    Shows what an approval now would apply: the submission on top of what others changed meanwhile. `digest` approves
    exactly that; it is empty while there are problems. Of a decided submission it shows what was decided on, without a
    digest. Changes nothing.
    """
    if submission.state in _DECIDED and submission.decided_changes is not None:
        return _shown(submission, Trial(), _objects(_kept(submission.decided_changes), actor, decided=True))
    try:
        items = readable_items(submission.items) if submission.items else []
        items_of(submission.items)
    except DomainError as error:
        return _shown(submission, Trial(problems=list(error.problems or (error,))), [])
    items = rebased(submission, items)
    # What the reader may not see is not shown because it is named in the submission.
    with trying_out(items, actor, seen_by(actor), look_of(actor, submission).allowed) as trial:
        # Inside, since what the submission itself makes is there only now.
        objects = _objects(_by_object(trial.changes), actor)
    add_collisions(submission, trial)
    return _shown(submission, trial, objects)


def _shown(submission: Submission, trial: Trial, objects: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "state": submission.state,
        "decided_by": submission.decided_by_id,
        "decided_at": submission.decided_at,
        "digest": "" if trial.problems or not trial.digest else submission.token(trial.digest),
        "current": bool(trial.digest) and not trial.problems and trial.digest == submission.digest,
        "objects": objects,
        "findings": trial.findings_as_data(),
        "problems": [{"field": p.field or "", "code": p.code, "message": p.message} for p in trial.problems],
    }


def kept_changes(changes: list[Change]) -> list[dict[str, Any]]:
    """These changes as JSON, to be shown after the decision."""
    return [
        {
            "object_type": change.object_type,
            "object_id": str(change.object_id),
            "operation": change.operation,
            "section_id": change.section_id,
            "before": dump(change.before),
            "after": dump(change.after),
        }
        for change in _by_object(changes)
    ]


def _kept(written: list[dict[str, Any]]) -> list[Change]:
    kept = []
    for one in written:
        model = apps.get_model(one["object_type"])
        key = model._meta.pk.to_python(one["object_id"])
        kept.append(Change(model, key, one["operation"], one["section_id"], 0, one["before"], one["after"]))
    return kept


def _by_object(changes: list[Change]) -> list[Change]:
    """One change an object, whichever items touched it; what came and went within is none."""
    found: dict[tuple[type, Any], Change] = {}
    for change in changes:
        key = (change.model, change.object_id)
        both = merged(found.pop(key), change) if key in found else change
        if both is not None:
            found[key] = both
    return list(found.values())


def _objects(changes: list[Change], actor: Actor, *, decided: bool = False) -> list[dict[str, Any]]:
    """What changes of which objects. Afterwards, with `decided`, the reader may no longer see an object: then it shows what
    the submission wrote, and nothing of what was there."""
    names = _Names(changes, actor, decided=decided)
    return [
        {
            "object_type": change.object_type,
            "object_id": names.id_of(change.model, change.object_id),
            "name": names.name_of(change.model, change.object_id),
            "operation": change.operation,
            "fields": [
                _field(change, name, names, hidden=decided and not names.seen(change), actor=actor)
                for name in _worth_telling(change)
            ],
        }
        for change in changes
    ]


def _worth_telling(change: Change) -> list[str]:
    """The changed fields in the order of the model; of what is new or gone only those in which something is."""
    told = {**change.before, **change.after}
    if change.operation in (CREATED, DELETED):
        told = {name: value for name, value in told.items() if value not in (None, "", [], {})}
    return [name for name in tracked(change.model) if name in told]


def _field(change: Change, attname: str, names: _Names, *, hidden: bool, actor: Actor) -> dict[str, Any]:
    column: Any = _column(change.model, attname)
    before, after = change.before.get(attname), change.after.get(attname)
    told: dict[str, Any] = {"field": column.name, "kind": "value", "hidden": False, "before": None, "after": None}
    if hidden or (attname in change.model.personal and not _may_view(actor, change)):
        # What is submitted is in the submission itself, for all who may read that; what is there now does not.
        return {**told, "kind": "hidden", "hidden": True, "after": dump(after)}
    if isinstance(column, models.ForeignKey):
        reference = {"before": names.reference(column, before), "after": names.reference(column, after)}
        return {**told, "kind": "reference", **reference}
    told |= {"before": dump(before), "after": dump(after)}
    if isinstance(before or after, list):
        return {**told, "kind": "list", **list_difference(before or [], after or [])._asdict()}
    if isinstance(column, models.DateField | models.TimeField) or getattr(column, "shown_as", "") == "date":
        return {**told, "kind": "date"}
    if isinstance(before or after, str) and not column.choices:
        segments = [segment._asdict() for segment in text_difference(before or "", after or "")]
        return {**told, "kind": "text", "segments": segments}
    return told


def _column(model: type[models.Model], attname: str) -> Any:
    return next(column for column in model._meta.concrete_fields if column.attname == attname)


def _may_view(actor: Actor, change: Change) -> bool:
    if change.operation == CREATED:
        return True
    sections = actor.sections_held(change.model.view_permission, runs.instant())
    return sections is EVERYWHERE or (change.section_id is not None and change.section_id in sections)  # type: ignore[operator]


class _Names:
    """What the objects that changes are about or refer to are called: a query a model, for those that the reader may see."""

    def __init__(self, changes: list[Change], actor: Actor, *, decided: bool) -> None:
        # What the submission makes is shown to all who may read the submission, as long as it is not there yet.
        self._new = {
            (change.model, change.object_id) for change in changes if change.operation == CREATED and not decided
        }
        self._names: dict[tuple[type, Any], str] = {}
        self._urls: dict[tuple[str, str], str] = {}
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for change in changes:
            wanted[change.model].add(change.object_id)
            for attname in {**change.before, **change.after}:
                column = _column(change.model, attname)
                if isinstance(column, models.ForeignKey):
                    values = {change.before.get(attname), change.after.get(attname)} - {None}
                    wanted[column.related_model] |= values
        seen = seen_by(actor)
        for model, keys in wanted.items():
            new = {key for key in keys if (model, key) in self._new}
            rows = [*seen(model).filter(pk__in=keys - new), *model._base_manager.filter(pk__in=new)]
            self._names |= {(model, row.pk): name_of(row) for row in rows}
            label = model._meta.label_lower
            for key, url in picture_urls.ask(object_type=label, ids=frozenset(keys)).items():
                self._urls[(label, str(key))] = url

    def seen(self, change: Change) -> bool:
        """Whether the reader may see the object, or its submission created it."""
        return change.operation == CREATED or (change.model, change.object_id) in self._names

    def id_of(self, model: type, key: Any) -> str | None:
        return None if (model, key) in self._new else str(key)

    def name_of(self, model: type, key: Any) -> str | None:
        return self._names.get((model, key))

    def reference(self, column: Any, key: Any) -> dict[str, Any] | None:
        if key is None:
            return None
        model = column.related_model
        return {
            "id": self.id_of(model, key),
            "name": self.name_of(model, key),
            "url": self._urls.get((model._meta.label_lower, str(key))),
        }

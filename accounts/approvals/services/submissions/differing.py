"""The difference that a submission makes to the current content; after the decision, the difference decided on."""

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
from theater_site.core.actions import registered
from theater_site.core.actors import Actor
from theater_site.core.changes import CREATED, DELETED, Change, merged, tracked, visible_to
from theater_site.core.errors import DomainError
from theater_site.core.inputs import dump

_DECIDED = frozenset({APPLIED, REJECTED})


def difference_of(submission: Submission, actor: Actor) -> dict[str, Any]:
    """The difference by object and field, with the findings and the problems, as far as `actor` may see them.

    It shows the changes that an approval would apply now, including to content that others changed since. `digest` approves
    exactly these; it is empty while there are problems. For a decided submission it shows the changes decided on, without a
    digest. Changes nothing.
    """
    if submission.state in _DECIDED and submission.decided_changes is not None:
        kept = _kept(submission.decided_changes)
        visible = _keys(visible_to(actor, kept, runs.instant())) | _subjects(submission)
        shown = [change for change in kept if _key(change) in visible]
        return _shown(submission, Trial(), _objects(shown, actor, decided=True))
    try:
        items = readable_items(submission.items) if submission.items else []
        items_of(submission.items)
    except DomainError as error:
        return _shown(submission, Trial(problems=list(error.problems or (error,))), [])
    items = rebased(submission, items)
    # Looks objects up as the reader: naming a hidden object in a submission must not reveal it.
    with trying_out(items, actor, seen_by(actor), look_of(actor, submission).allowed) as trial:
        # Before the rollback, since new objects exist only until then.
        objects = _objects(_by_object(trial.changes), actor)
    # After it, since deleted objects exist again.
    visible = _keys(visible_to(actor, trial.changes, runs.instant()))
    objects = [
        shown
        for shown in objects
        if shown["object_id"] is None or (shown["object_type"], shown["object_id"]) in visible
    ]
    add_collisions(submission, trial)
    return _shown(submission, trial, objects)


def _key(change: Change) -> tuple[str, str]:
    return change.object_type, str(change.object_id)


def _keys(changes: list[Change]) -> set[tuple[str, str]]:
    return {_key(change) for change in changes}


def _subjects(submission: Submission) -> set[tuple[str, str]]:
    """The objects that the items name, as type and id. Their authors saw them when they submitted."""
    named = set()
    for item in submission.items:
        action = registered().get(item["action"])
        if action is not None and action.subject is not None:
            named.add((action.kinds[action.subject]._meta.label_lower, str(item["inputs"].get(action.subject))))
    return named


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
    """These changes as JSON, to show them after the decision."""
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
    """The changes merged to one for each object; without objects that were created and deleted again."""
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
    """The changed fields in the order of the model; of a created or deleted object only those with a value."""
    values = {**change.before, **change.after}
    if change.operation in (CREATED, DELETED):
        values = {name: value for name, value in values.items() if value not in (None, "", [], {})}
    return [name for name in tracked(change.model) if name in values]


def _field(change: Change, attname: str, names: _Names, *, hidden: bool, actor: Actor) -> dict[str, Any]:
    column: Any = _column(change.model, attname)
    before, after = change.before.get(attname), change.after.get(attname)
    data: dict[str, Any] = {"field": column.name, "kind": "value", "hidden": False, "before": None, "after": None}
    if hidden or (attname in change.model.personal and not _may_view(actor, change)):
        # The submitted value is shown: who may read the submission sees it there. The current value is hidden.
        return {**data, "kind": "hidden", "hidden": True, "after": dump(after)}
    if isinstance(column, models.ForeignKey):
        reference = {"before": names.reference(column, before), "after": names.reference(column, after)}
        return {**data, "kind": "reference", **reference}
    data |= {"before": dump(before), "after": dump(after)}
    if isinstance(before or after, list):
        return {**data, "kind": "list", **list_difference(before or [], after or [])._asdict()}
    if isinstance(column, models.DateField | models.TimeField) or getattr(column, "shown_as", "") == "date":
        return {**data, "kind": "date"}
    if isinstance(before or after, str) and not column.choices:
        segments = [segment._asdict() for segment in text_difference(before or "", after or "")]
        return {**data, "kind": "text", "segments": segments}
    return data


def _column(model: type[models.Model], attname: str) -> Any:
    return next(column for column in model._meta.concrete_fields if column.attname == attname)


def _may_view(actor: Actor, change: Change) -> bool:
    return change.operation == CREATED or change.values_visible_to(actor, runs.instant())


class _Names:
    """The names of the objects that changes are about or refer to, if the reader may see them. One query for each model."""

    def __init__(self, changes: list[Change], actor: Actor, *, decided: bool) -> None:
        created = [change for change in changes if change.operation == CREATED]
        self._new = {(change.model, change.object_id) for change in created}
        # Under the name that the submission gives. Once it was decided the object may have another name, which is not for
        # every reader, or it was never created and its id is another object's.
        self._names: dict[tuple[type, Any], str] = {
            (change.model, change.object_id): str(change.after.get("title") or change.after.get("name") or "")
            for change in created
        }
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
            rows = [*seen(model).filter(pk__in=keys - new), *model._base_manager.filter(pk__in=() if decided else new)]
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

"""Reads the items of a submission, and runs them together in a dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict, is_typeddict

from django.db import models, transaction

from accounts.approvals.rules import submission_items as rules
from accounts.approvals.services.submissions.naming import title_of
from accounts.approvals.signals import submittable_besides
from accounts.permissions.models.sections import Section
from theater_site.core.actions import Action, registered, rehearsal
from theater_site.core.actors import Actor
from theater_site.core.changes import CREATED, Change
from theater_site.core.digests import digest_of
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotSignedIn, Stale
from theater_site.core.inputs import Reading, entries_of, row_of, without_none
from theater_site.core.judges import Finding, Severity
from theater_site.core.models import ContentModel


@dataclass(frozen=True, slots=True)
class Item:
    """An action of a submission, with its position and its inputs as they were written."""

    number: int
    action: Action[Any, Any]
    raw: Mapping[str, Any]
    name: str
    if_version: int | None

    @property
    def path(self) -> str:
        return f"items.{self.number}"


class SubjectSeen(TypedDict):
    """An object that a submission is about, with its version at the preview."""

    object_type: Annotated[str, Doc("The model of the object. Example: productions.production")]
    object_id: Annotated[str, Doc("Id of the object, as text. Example: 12")]
    version: Annotated[int, Doc("Its version at the preview. Example: 7")]
    fields: Annotated[list[str], Doc('The names of the fields that would change. Example: ["subtitle"]')]


def items_of(written: list[dict[str, Any]]) -> list[Item]:
    """The items with their actions.

    Raises: Conflict `action_gone` if an action does not exist any more; Invalid `not_for_submissions`.
    """
    known = registered()
    if gone := [(n, item["action"]) for n, item in enumerate(written) if item["action"] not in known]:
        raise Conflict(
            f"The action {gone[0][1]} does not exist any more. Remove the item, or reject the submission.",
            code="action_gone",
            problems=[
                Conflict(f"The action {name} does not exist any more.", code="action_gone", field=f"items.{n}.action")
                for n, name in gone
            ],
        )
    for n, item in enumerate(written):
        refuse_internal(known[item["action"]], f"items.{n}.action")
    return [
        Item(n, known[item["action"]], item["inputs"], item.get("name", ""), item.get("if_version"))
        for n, item in enumerate(written)
    ]


def may_be_item(action: Action[Any, Any]) -> bool:
    """Whether an action can be an item of a submission: actions of accounts cannot."""
    return action.function.__module__.partition(".")[0] != Section._meta.app_label


def refuse_internal(action: Action[Any, Any], path: str) -> None:
    """Check that an action can be an item.

    Actions on roles, sections, steps, waivers and submissions cannot: they change the rules of approval, so they must not be
    approved as a part of something else.
    Raises: Invalid `not_for_submissions`.
    """
    if not may_be_item(action):
        raise Invalid(
            f"{action.name} cannot be part of a submission. Do it directly.",
            code="not_for_submissions",
            field=path,
        )


class Finder:
    """Finds the objects that an item's inputs refer to: results of earlier items by name, and rows by id.

    `rows` returns the rows of a model in which ids are looked up; for an author only the visible ones.
    """

    def __init__(self, rows: Callable[[type[models.Model]], models.QuerySet[Any]], results: Mapping[str, Any]) -> None:
        self._rows = rows
        self._results = results

    def __call__(self, kind: type[models.Model], raw: Any, path: str) -> models.Model:
        name = rules.result_named(raw)
        if name is None:
            return row_of(self._rows(kind), raw, path)
        made = self._results.get(name)
        if made is None:
            raise Invalid(f"The item {name!r} has no result: fix its errors first.", code="result_missing", field=path)
        if not isinstance(made, kind):
            raise Invalid(
                f"The result of {name!r} is a {made._meta.verbose_name}, not a {kind._meta.verbose_name}.",
                code="wrong_result",
                field=path,
            )
        return made


def every_row(kind: type[models.Model]) -> models.QuerySet[Any]:
    """All rows of a model, visible or not. Used after submission, since the author's visibility was checked then."""
    return kind._base_manager.all()


def seen_by(actor: Actor) -> Callable[[type[models.Model]], models.QuerySet[Any]]:
    """A function that returns the rows of a model that `actor` may see: authors can refer only to these."""

    def rows(kind: type[models.Model]) -> models.QuerySet[Any]:
        every = every_row(kind)
        return every.visible_to(actor) if issubclass(kind, ContentModel) else every  # type: ignore[attr-defined]

    return rows


@dataclass(slots=True)
class Place:
    """The area and the section that decide on an item."""

    area: str
    section_id: int | None


@dataclass(slots=True)
class Trial:
    """The result of a dry run of the items: their changes, findings and problems."""

    problems: list[DomainError] = field(default_factory=list)
    # Each with the path of its field.
    findings: list[tuple[Finding, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    digest: str = ""
    subjects: list[SubjectSeen] = field(default_factory=list)
    # A title for each item.
    titles: list[str] = field(default_factory=list)
    # The place of the first item.
    first: Place | None = None
    # The first error that `allowed` raised; it is among the problems too.
    refusal: DomainError | None = None
    # The places of the items that need approval; empty if the author may run all items.
    places: list[Place] = field(default_factory=list)

    def refuse_problems(self) -> None:
        """Raise one error with all problems and findings. A missing permission is raised first.

        Raises: the refusal of `allowed`; Stale; Invalid `submission_incomplete` or `rules_broken`.
        """
        if self.refusal is not None:
            raise self.refusal
        errors = [found.as_problem(path) for found, path in self.findings if found.severity is Severity.ERROR]
        data = {"findings": self.findings_as_data()} if self.findings else {}
        if self.problems and all(isinstance(problem, Stale) for problem in self.problems):
            first = self.problems[0]
            raise Stale(first.message, data={**first.data, **data}, problems=self.problems)
        if self.problems:
            raise Invalid(
                "The submission has errors. Fix the fields in `errors`.",
                code="submission_incomplete",
                data=data,
                problems=[*self.problems, *errors],
            )
        if errors:
            raise Invalid("This breaks the theater's rules.", code="rules_broken", data=data, problems=errors)

    def findings_as_data(self) -> list[dict[str, str]]:
        """The findings with their paths among the items."""
        return [{**finding.as_data(), "path": path} for finding, path in self.findings]


Allowed = Callable[[Item, dict[str, Any]], Place | None]


@contextmanager
def trying_out(
    items: list[Item],
    actor: Actor,
    rows: Callable[[type[models.Model]], models.QuerySet[Any]],
    allowed: Allowed | None = None,
) -> Iterator[Trial]:
    """Run all items in a dry run: applied inside the context, rolled back at its end. Yields the result.

    Collects the problems of all items. An item with invalid fields runs without them, so that the errors of its action are
    collected too. An item for which `allowed` raises NotAllowed or NotSignedIn does not run.
    """
    trial, results = Trial(), dict[str, Any]()
    finder = Finder(rows, results)
    givens: list[tuple[Item, Mapping[str, Any]]] = []
    with rehearsal(actor) as run:
        for item in items:
            reading = Reading(finder)
            given = reading.read_all(item.action.kinds, item.raw, f"{item.path}.inputs")
            trial.problems += reading.problems
            if given.keys() != item.action.kinds.keys():
                continue
            trial.titles.append(title_of(item.action, given))
            if allowed is not None:
                try:
                    _note_place(trial, allowed(item, given), item, given)
                except (NotAllowed, NotSignedIn) as refusal:
                    trial.refusal = trial.refusal or refusal
                    trial.problems.append(Conflict(refusal.message, code=refusal.code, field=item.path))
                    continue
            try:
                # Without a savepoint, an error in one item breaks the transaction for the others.
                with transaction.atomic() if len(items) > 1 else _alone():
                    made = item.action.as_consequence(if_version=item.if_version, **given)
            except DomainError as error:
                trial.problems += placed(error, item, known={problem.field for problem in trial.problems})
                continue
            givens.append((item, given))
            trial.findings += [(f, path_of(item, f.field)) for f in run.consequences[-1].all_findings()]
            if item.name and made is not None:
                results[item.name] = made
        trial.changes = run.all_changes()
        trial.digest = digest_of(run.agreed_to(), run.instant)
        trial.subjects = subjects_of(trial.changes, givens)
        _lift_out_of_the_new(trial)
        yield trial


def _alone() -> AbstractContextManager[None]:
    return nullcontext()


def _note_place(trial: Trial, place: Place | None, item: Item, given: Mapping[str, Any]) -> None:
    if place is not None:
        trial.places.append(place)
    if trial.first is None:
        trial.first = place_of(item, given)


def place_of(item: Item, given: Mapping[str, Any]) -> Place:
    """The area of an item, and the section of its object."""
    permission, scope = item.action.scopes(given)[0]
    return Place(permission.split("_", 1)[1], scope.pk if isinstance(scope, Section) else scope.owning_section_id)


def _lift_out_of_the_new(trial: Trial) -> None:
    """Replace sections that the items create by their parents, since a new section has no approvers yet."""
    parents = {
        change.object_id: change.after["parent_id"]
        for change in trial.changes
        if change.model is Section and change.operation == CREATED
    }
    for place in (*trial.places, trial.first):
        while place is not None and place.section_id in parents:
            place.section_id = parents[place.section_id]


def needed_of(actor: Actor, at: Any) -> Allowed:
    """A check of items for their author: None if they may run the item, its place if they may submit it.

    The check raises NotAllowed if they may do neither.
    """

    def judge(item: Item, given: dict[str, Any]) -> Place | None:
        if item.action.permits(actor, given, at=at):
            return None
        if not may_submit(actor, item.action, given, at):
            item.action.refuse(actor, given)
        return place_of(item, given)

    return judge


def may_submit(actor: Actor, action: Action[Any, Any], given: Mapping[str, Any], at: Any) -> bool:
    """Whether `actor` may submit this action for approval."""
    return action.submittable and (
        action.permits(actor, given, submit=True, at=at)
        or submittable_besides.ask(actor=actor, action=action, given=given)
    )


def subjects_of(changes: list[Change], givens: list[tuple[Item, Mapping[str, Any]]]) -> list[SubjectSeen]:
    """The existing objects that would change or get related objects."""
    new = {(change.object_type, str(change.object_id)) for change in changes if change.operation == CREATED}
    found: dict[tuple[str, str], SubjectSeen] = {}
    for change in changes:
        key = (change.object_type, str(change.object_id))
        if key in new:
            continue
        known = found.get(key)
        fields = {*change.before, *change.after, *(known["fields"] if known else ())}
        version = known["version"] if known else change.seen
        found[key] = SubjectSeen(object_type=key[0], object_id=key[1], version=version, fields=sorted(fields))
    for item, given in givens:
        subject = [item.action.subject] if item.action.subject else []
        for argument in {*subject, *(need.on.split(".")[0] for need in item.action.needs)}:
            about = given[argument]
            key = (about._meta.label_lower, str(about.pk))
            # A new object in a section does not change the section itself.
            if not isinstance(about, Section) and about.pk is not None and key not in new and key not in found:
                found[key] = SubjectSeen(object_type=key[0], object_id=key[1], version=about.version, fields=[])
    return [found[key] for key in sorted(found)]


def placed(error: DomainError, item: Item, known: set[str | None] = frozenset()) -> list[DomainError]:  # type: ignore[assignment]
    """The errors of an action, with the paths of their fields in the submission; without fields in `known`."""
    faults = error.problems or (error,)
    if isinstance(error, Stale):
        return [Stale(error.message, code=error.code, field=item.path, data=error.data)]
    kinds = [Conflict if isinstance(fault, Conflict) else Invalid for fault in faults]
    paths = [path_of(item, fault.field) for fault in faults]
    return [
        kind(fault.message, code=fault.code, field=path, data=fault.data)
        for kind, fault, path in zip(kinds, faults, paths, strict=True)
        if path not in known or path == item.path
    ]


def path_of(item: Item, name: str | None) -> str:
    """The path of the input `name` of an item; the path of the item if it has no such input."""
    if name:
        head = name.split(".")[0]
        for argument, kind in item.action.kinds.items():
            bare, _ = without_none(kind)
            if argument == head:
                return f"{item.path}.inputs.{name}"
            if is_typeddict(bare) and head in entries_of(bare):
                return f"{item.path}.inputs.{argument}.{name}"
    return item.path

"""The items of a submission: read, and tried out together."""

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
    """One action of a submission, at its place, with its inputs as they were written."""

    number: int
    action: Action[Any, Any]
    raw: Mapping[str, Any]
    name: str
    if_version: int | None

    @property
    def path(self) -> str:
        return f"items.{self.number}"


class SubjectSeen(TypedDict):
    """An object that a submission is about, as it was previewed."""

    object_type: Annotated[str, Doc("The model of the object. Example: productions.production")]
    object_id: Annotated[str, Doc("Id of the object, as text. Example: 12")]
    version: Annotated[int, Doc("Its version then. Example: 7")]
    fields: Annotated[list[str], Doc('The names of the fields that would change. Example: ["subtitle"]')]


def items_of(written: list[dict[str, Any]]) -> list[Item]:
    """Conflict: an action does not exist any more. Invalid: one that no submission does (see `refuse_internal`)."""
    known = registered()
    if gone := [(n, item["action"]) for n, item in enumerate(written) if item["action"] not in known]:
        raise Conflict(
            f"There is no action {gone[0][1]} any more. Take it out of the submission, or reject this.",
            code="action_gone",
            problems=[
                Conflict(f"There is no action {name} any more.", code="action_gone", field=f"items.{n}.action")
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
    """Whether an action can be an item of a submission: those of accounts cannot."""
    return action.function.__module__.partition(".")[0] != Section._meta.app_label


def refuse_internal(action: Action[Any, Any], path: str) -> None:
    """Invalid for what makes the rules by which submissions are decided on: roles, sections, steps, waivers, submissions
    themselves. Nobody agrees to these as to a part of something else."""
    if not may_be_item(action):
        raise Invalid(
            f"{action.name} cannot be part of a submission. Do it directly.",
            code="not_for_submissions",
            field=path,
        )


class Finder:
    """Finds the objects that an item's inputs name: the results of earlier items, and rows by their id.

    `rows` says among which rows of a model an id is looked up: for an author only among those that they may see.
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
            raise Invalid(f"{name!r} cannot be made yet: see what is wrong there.", code="result_missing", field=path)
        if not isinstance(made, kind):
            raise Invalid(
                f"{name!r} is not a {kind._meta.verbose_name}, but a {made._meta.verbose_name}.",
                code="wrong_result",
                field=path,
            )
        return made


def every_row(kind: type[models.Model]) -> models.QuerySet[Any]:
    """All rows of a model, visible or not: what a submission names was judged when it was submitted."""
    return kind._base_manager.all()


def seen_by(actor: Actor) -> Callable[[type[models.Model]], models.QuerySet[Any]]:
    """The rows of a model that `actor` may see: what they may not see cannot be named in what they submit."""

    def rows(kind: type[models.Model]) -> models.QuerySet[Any]:
        every = every_row(kind)
        return every.visible_to(actor) if issubclass(kind, ContentModel) else every  # type: ignore[attr-defined]

    return rows


@dataclass(slots=True)
class Place:
    """Where an item is decided on: in which area, and on which object's section."""

    area: str
    section_id: int | None


@dataclass(slots=True)
class Trial:
    """What the items came to when they were tried out together, and everything that is in their way."""

    problems: list[DomainError] = field(default_factory=list)
    # Each with the path of the field that it is about.
    findings: list[tuple[Finding, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    digest: str = ""
    subjects: list[SubjectSeen] = field(default_factory=list)
    # What each item does, and to what, in words.
    titles: list[str] = field(default_factory=list)
    # Of the first item.
    first: Place | None = None
    # The first item that `allowed` refused: it is among the problems as well.
    refusal: DomainError | None = None
    # Of every item that needs approval; none: its author may do all of it.
    places: list[Place] = field(default_factory=list)

    def refuse_problems(self) -> None:
        """Raise everything that is wrong at once: with the paths of the fields, and what the judges found; but before that
        what may not be done here at all."""
        if self.refusal is not None:
            raise self.refusal
        errors = [found.as_problem(path) for found, path in self.findings if found.severity is Severity.ERROR]
        told = {"findings": self.findings_as_data()} if self.findings else {}
        if self.problems and all(isinstance(problem, Stale) for problem in self.problems):
            first = self.problems[0]
            raise Stale(first.message, data={**first.data, **told}, problems=self.problems)
        if self.problems:
            raise Invalid(
                "This cannot be submitted yet: fix what is listed.",
                code="submission_incomplete",
                data=told,
                problems=[*self.problems, *errors],
            )
        if errors:
            raise Invalid("This breaks the theater's rules.", code="rules_broken", data=told, problems=errors)

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
    """Everything that the items would do, done; what is yielded tells what came of it, and at the end it is taken back.

    All problems of all items are collected. An item with wrong fields is tried without them, so that what its action
    itself refuses is told as well. `allowed` refuses an item by raising NotAllowed or NotSignedIn: it is not tried, then.
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
                # What one item breaks must not keep the others from being tried.
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
    """The area of an item, and the section that it is about."""
    permission, scope = item.action.scopes(given)[0]
    return Place(permission.split("_", 1)[1], scope.pk if isinstance(scope, Section) else scope.owning_section_id)


def _lift_out_of_the_new(trial: Trial) -> None:
    """What is about a section that the items themselves make is decided on where that is made."""
    parents = {
        change.object_id: change.after["parent_id"]
        for change in trial.changes
        if change.model is Section and change.operation == CREATED
    }
    for place in (*trial.places, trial.first):
        while place is not None and place.section_id in parents:
            place.section_id = parents[place.section_id]


def needed_of(actor: Actor, at: Any) -> Allowed:
    """Judges an item for its author: None where they may do it, where it is decided on where they may submit it;
    refused (NotAllowed) where they may neither."""

    def judge(item: Item, given: dict[str, Any]) -> Place | None:
        if item.action.permits(actor, given, at=at):
            return None
        if not may_submit(actor, item.action, given, at):
            item.action.refuse(actor, given)
        return place_of(item, given)

    return judge


def may_submit(actor: Actor, action: Action[Any, Any], given: Mapping[str, Any], at: Any) -> bool:
    """Whether `actor` may have this decided on by somebody else."""
    return action.submittable and (
        action.permits(actor, given, submit=True, at=at)
        or submittable_besides.ask(actor=actor, action=action, given=given)
    )


def subjects_of(changes: list[Change], givens: list[tuple[Item, Mapping[str, Any]]]) -> list[SubjectSeen]:
    """The objects that are there already and would be changed, or added to."""
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
            # What is new somewhere in a section is no matter of the section itself.
            if not isinstance(about, Section) and about.pk is not None and key not in new and key not in found:
                found[key] = SubjectSeen(object_type=key[0], object_id=key[1], version=about.version, fields=[])
    return [found[key] for key in sorted(found)]


def placed(error: DomainError, item: Item, known: set[str | None] = frozenset()) -> list[DomainError]:  # type: ignore[assignment]
    """What an action refused, with the paths of the fields in the submission; what is known of a field is not said twice."""
    faults = error.problems or (error,)
    if isinstance(error, Stale):
        return [Stale(error.message, code=error.code, field=item.path, data=error.data)]
    told = [Conflict if isinstance(fault, Conflict) else Invalid for fault in faults]
    paths = [path_of(item, fault.field) for fault in faults]
    return [
        kind(fault.message, code=fault.code, field=path, data=fault.data)
        for kind, fault, path in zip(told, faults, paths, strict=True)
        if path not in known or path == item.path
    ]


def path_of(item: Item, name: str | None) -> str:
    """Where the field of this name is among the inputs of an item; the item itself where there is none."""
    if name:
        head = name.split(".")[0]
        for argument, kind in item.action.kinds.items():
            bare, _ = without_none(kind)
            if argument == head:
                return f"{item.path}.inputs.{name}"
            if is_typeddict(bare) and head in entries_of(bare):
                return f"{item.path}.inputs.{argument}.{name}"
    return item.path

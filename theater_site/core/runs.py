"""A run: one execution of an action, with its changes and consequences that were not rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from theater_site.core.actors import Actor
from theater_site.core.changes import Change, merged
from theater_site.core.ids import new_id
from theater_site.core.judges import Finding

UNATTRIBUTED = "unattributed"


class _Kept(NamedTuple):
    """What was done inside a savepoint. `is` is an on-commit callback that Django drops when it rolls back."""

    stands: Callable[[], None]
    changes: Sequence[Change]
    consequences: Sequence[Run]


@dataclass(slots=True)
class Run:
    """One execution of an action: its actor, instant, id and cause, and what it changed so far."""

    actor: Actor
    instant: datetime
    # The action's name, such as "production.publish".
    name: str = UNATTRIBUTED
    id: UUID = field(default_factory=new_id)
    cause: UUID | None = None
    on_behalf_of: Any = None
    request_id: str = ""
    waivers: Mapping[str, str] = field(default_factory=dict)
    # In a preview, findings are returned instead of raised, and nothing is announced.
    previewing: bool = False
    # False: the audit log gets the names of the changed fields, here and in consequences, without their values.
    keeps_values: bool = True
    # False: an earlier audit entry covers this (later saves of the same draft).
    told: bool = True
    # The arguments; the subject as it was when it was locked.
    given: Mapping[str, Any] = field(default_factory=dict)
    # The subject's values at that moment, where the action shows it to more people.
    exposed: Change | None = None
    findings: list[Finding] = field(default_factory=list)
    note: dict[str, Any] = field(default_factory=dict)
    _changes: dict[tuple[type, Any], Change] = field(default_factory=dict)
    _consequences: list[Run] = field(default_factory=list)
    # What was done inside savepoints that are still open.
    _undecided: list[_Kept] = field(default_factory=list)
    _depth: int = 0

    @property
    def changes(self) -> list[Change]:
        """The changes, one per object, in the order in which the objects were first changed."""
        changes = dict(self._changes)
        for kept in self._standing():
            _merge(changes, kept.changes)
        return list(changes.values())

    @property
    def consequences(self) -> list[Run]:
        """The runs of the actions inside this one, in order."""
        return [*self._consequences, *(run for kept in self._standing() for run in kept.consequences)]

    @property
    def tree(self) -> list[Run]:
        """This run and all its consequences, each run before its own consequences."""
        return [self, *(run for consequence in self.consequences for run in consequence.tree)]

    def begin(self) -> None:
        """Call when the run's transaction is open. Later savepoints belong to the action's body."""
        self._depth = len(transaction.get_connection().savepoint_ids)

    def keep(self, changes: Sequence[Change] = (), consequences: Sequence[Run] = ()) -> None:
        """Keep changes and consequences, unless a savepoint that is open now is rolled back."""
        if len(transaction.get_connection().savepoint_ids) > self._depth:
            # Django drops on-commit callbacks when it rolls a savepoint back. There is no other sign of it.
            def stands() -> None: ...

            transaction.on_commit(stands)
            self._undecided.append(_Kept(stands, changes, consequences))
        else:
            self.decide()
            self._take(changes, consequences)

    def decide(self) -> None:
        """Call when no savepoint of the body is open: what was not rolled back until now stays."""
        for kept in self._standing():
            self._take(kept.changes, kept.consequences)
        self._undecided.clear()

    def _take(self, changes: Sequence[Change], consequences: Sequence[Run]) -> None:
        _merge(self._changes, changes)
        self._consequences += consequences

    def _standing(self) -> list[_Kept]:
        """What was done inside open savepoints and not rolled back so far."""
        if not self._undecided:
            return []
        standing = {function for _, function, *_ in transaction.get_connection().run_on_commit}
        return [kept for kept in self._undecided if kept.stands in standing]

    def all_changes(self) -> list[Change]:
        """The changes of this action and of all its consequences."""
        return [change for run in self.tree for change in run.changes]

    def agreed_to(self) -> list[Change]:
        """What an approver approves: the changes of this run and its consequences. Where an action shows its subject to more
        people, all values of the subject come first."""
        return [
            change
            for run in self.tree
            for change in (*([run.exposed] if run.exposed is not None else []), *run.changes)
        ]

    def all_findings(self) -> list[Finding]:
        """The findings on this action and on all its consequences."""
        return [finding for run in self.tree for finding in run.findings]


running: ContextVar[Run | None] = ContextVar("running_action", default=None)


def instant() -> datetime:
    """The running action's one instant; outside an action, now."""
    run = running.get()
    return run.instant if run is not None else timezone.now()


def current() -> Run:
    """The running action: its instant, actor and id. Raises LookupError outside of an action."""
    run = running.get()
    if run is None:
        raise LookupError("no action is running")
    return run


def _merge(known: dict[tuple[type, Any], Change], changes: Iterable[Change]) -> None:
    for change in changes:
        key = (change.model, change.object_id)
        if key not in known:
            known[key] = change
        elif (both := merged(known[key], change)) is not None:
            known[key] = both
        else:
            del known[key]

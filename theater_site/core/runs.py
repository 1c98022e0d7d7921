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
from theater_site.core.logs import request_id

UNATTRIBUTED = "unattributed"


class _Pending(NamedTuple):
    """What was done inside a savepoint. Django drops `marker`, an on-commit callback, if it rolls the savepoint back."""

    marker: Callable[[], None]
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
    # The inputs, with the subject as it was when it was locked.
    given: Mapping[str, Any] = field(default_factory=dict)
    # All values of the subject at that moment, if the action shows it to more people.
    exposed: Change | None = None
    findings: list[Finding] = field(default_factory=list)
    note: dict[str, Any] = field(default_factory=dict)
    _changes: dict[tuple[type, Any], Change] = field(default_factory=dict)
    _consequences: list[Run] = field(default_factory=list)
    # What was done inside savepoints: it may still be rolled back.
    _pending: list[_Pending] = field(default_factory=list)
    _depth: int = 0

    @property
    def changes(self) -> list[Change]:
        """The changes, one per object, in the order in which the objects were first changed."""
        changes = dict(self._changes)
        for pending in self._not_rolled_back():
            _merge(changes, pending.changes)
        return list(changes.values())

    @property
    def consequences(self) -> list[Run]:
        """The runs of the actions inside this one, in order."""
        return [*self._consequences, *(run for pending in self._not_rolled_back() for run in pending.consequences)]

    @property
    def tree(self) -> list[Run]:
        """This run and all its consequences, each run before its own consequences."""
        return [self, *(run for consequence in self.consequences for run in consequence.tree)]

    def begin(self) -> None:
        """Start recording. Call it inside the run's transaction: savepoints opened later belong to the action's body."""
        self._depth = len(transaction.get_connection().savepoint_ids)

    def keep(self, changes: Sequence[Change] = (), consequences: Sequence[Run] = ()) -> None:
        """Record changes and consequences. They are dropped if a savepoint that is open now is rolled back."""
        if len(transaction.get_connection().savepoint_ids) > self._depth:
            # Django reports a rolled-back savepoint only by dropping its on-commit callbacks.
            def marker() -> None: ...

            transaction.on_commit(marker)
            self._pending.append(_Pending(marker, changes, consequences))
        else:
            self.decide()
            self._record(changes, consequences)

    def decide(self) -> None:
        """Record for good what was not rolled back. Call it while no savepoint of the body is open."""
        for pending in self._not_rolled_back():
            self._record(pending.changes, pending.consequences)
        self._pending.clear()

    def _record(self, changes: Sequence[Change], consequences: Sequence[Run]) -> None:
        _merge(self._changes, changes)
        self._consequences += consequences

    def _not_rolled_back(self) -> list[_Pending]:
        if not self._pending:
            return []
        callbacks = {function for _, function, *_ in transaction.get_connection().run_on_commit}
        return [pending for pending in self._pending if pending.marker in callbacks]

    def all_changes(self) -> list[Change]:
        """The changes of this action and of all its consequences."""
        return [change for run in self.tree for change in run.changes]

    def agreed_to(self) -> list[Change]:
        """The changes that an approver approves: those of this run and of all its consequences.

        A run that shows its subject to more people begins with all values of the subject.
        """
        return [
            change
            for run in self.tree
            for change in (*([run.exposed] if run.exposed is not None else []), *run.changes)
        ]

    def all_findings(self) -> list[Finding]:
        """The findings on this action and on all its consequences."""
        return [finding for run in self.tree for finding in run.findings]


running: ContextVar[Run | None] = ContextVar("running_action", default=None)


def start_run(
    name: str = UNATTRIBUTED, *, actor: Actor, waive: Mapping[str, str] | None = None, previewing: bool = False
) -> Run:
    """A new run. Inside a running one it has the same instant, and the running one as its cause."""
    outer = running.get()
    return Run(
        name=name,
        actor=actor,
        instant=outer.instant if outer is not None else timezone.now(),
        cause=outer.id if outer is not None else None,
        request_id=request_id(),
        waivers=dict(waive or {}),
        previewing=previewing or (outer is not None and outer.previewing),
        keeps_values=outer is None or outer.keeps_values,
    )


def instant() -> datetime:
    """The instant of the running action; outside of an action, now."""
    run = running.get()
    return run.instant if run is not None else timezone.now()


def current() -> Run:
    """The run of the running action. Raises LookupError outside of an action."""
    run = running.get()
    if run is None:
        raise LookupError("no action is running")
    return run


def _merge(known: dict[tuple[type, Any], Change], changes: Iterable[Change]) -> None:
    """Add `changes` to `known`, which has one change per object."""
    for change in changes:
        key = (change.model, change.object_id)
        if key not in known:
            known[key] = change
        elif (both := merged(known[key], change)) is not None:
            known[key] = both
        else:
            del known[key]

"""An action on its way: what it has changed so far and what followed from it, as far as it was not taken back."""

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
    """What was done inside a savepoint, with what is forgotten where that is rolled back."""

    stands: Callable[[], None]
    changes: Sequence[Change]
    consequences: Sequence[Run]


@dataclass(slots=True)
class Run:
    """One action on its way: who, when, under which id and cause, and what has changed so far."""

    actor: Actor
    instant: datetime
    # The action's name, such as "production.publish".
    name: str = UNATTRIBUTED
    id: UUID = field(default_factory=new_id)
    cause: UUID | None = None
    on_behalf_of: Any = None
    request_id: str = ""
    waivers: Mapping[str, str] = field(default_factory=dict)
    # Of a preview or inside one: findings are told, not raised, and nothing is announced.
    previewing: bool = False
    # False: the audit log is told which fields changed, here and in what follows from it, and not what stood in them.
    keeps_values: bool = True
    # False: the audit log has told of this already, by an earlier entry (the saves of a draft that follow one another).
    told: bool = True
    # The arguments, the subject among them as it stood when it was locked.
    given: Mapping[str, Any] = field(default_factory=dict)
    # All that stood in the subject then, where the action shows it to others than before.
    exposed: Change | None = None
    findings: list[Finding] = field(default_factory=list)
    note: dict[str, Any] = field(default_factory=dict)
    _changes: dict[tuple[type, Any], Change] = field(default_factory=dict)
    _consequences: list[Run] = field(default_factory=list)
    # What was done inside a savepoint that the body opened, with what tells whether it was taken back.
    _undecided: list[_Kept] = field(default_factory=list)
    _depth: int = 0

    @property
    def changes(self) -> list[Change]:
        """What changed, one entry an object, in the order in which the objects were first touched."""
        changes = dict(self._changes)
        for kept in self._standing():
            _merge(changes, kept.changes)
        return list(changes.values())

    @property
    def consequences(self) -> list[Run]:
        """The actions that were done inside this one, in their order."""
        return [*self._consequences, *(run for kept in self._standing() for run in kept.consequences)]

    @property
    def tree(self) -> list[Run]:
        """This one and what followed from it: each run before its own consequences."""
        return [self, *(run for consequence in self.consequences for run in consequence.tree)]

    def begin(self) -> None:
        """Called once the run's transaction is open: savepoints from here on are the body's own."""
        self._depth = len(transaction.get_connection().savepoint_ids)

    def keep(self, changes: Sequence[Change] = (), consequences: Sequence[Run] = ()) -> None:
        """Note what was done, unless a savepoint that is open now is rolled back."""
        if len(transaction.get_connection().savepoint_ids) > self._depth:
            # Django forgets what was to be done on commit when it rolls a savepoint back; nothing else would tell us.
            def stands() -> None: ...

            transaction.on_commit(stands)
            self._undecided.append(_Kept(stands, changes, consequences))
        else:
            self.decide()
            self._take(changes, consequences)

    def decide(self) -> None:
        """Called where no savepoint of the body's is open any more: what was not taken back by now never is."""
        for kept in self._standing():
            self._take(kept.changes, kept.consequences)
        self._undecided.clear()

    def _take(self, changes: Sequence[Change], consequences: Sequence[Run]) -> None:
        _merge(self._changes, changes)
        self._consequences += consequences

    def _standing(self) -> list[_Kept]:
        """What is undecided and was not taken back so far."""
        if not self._undecided:
            return []
        standing = {function for _, function, *_ in transaction.get_connection().run_on_commit}
        return [kept for kept in self._undecided if kept.stands in standing]

    def all_changes(self) -> list[Change]:
        """The changes of this action and of all its consequences."""
        return [change for run in self.tree for change in run.changes]

    def agreed_to(self) -> list[Change]:
        """What somebody agrees to who agrees to this and all its consequences: the changes, and before those of each action
        that exposes its subject all that stood in it."""
        return [
            change
            for run in self.tree
            for change in (*([run.exposed] if run.exposed is not None else []), *run.changes)
        ]

    def all_findings(self) -> list[Finding]:
        """What the judges found of this action and of all its consequences."""
        return [finding for run in self.tree for finding in run.findings]


running: ContextVar[Run | None] = ContextVar("running_action", default=None)


def instant() -> datetime:
    """The running action's one instant; outside an action, now."""
    run = running.get()
    return run.instant if run is not None else timezone.now()


def current() -> Run:
    """The running action: its instant, actor and id. LookupError outside of one."""
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

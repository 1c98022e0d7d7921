"""Previews: actions that run in a transaction which is rolled back at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from theater_site.core.actors import Actor
from theater_site.core.changes import Change
from theater_site.core.judges import Finding
from theater_site.core.runs import Run, running, start_run


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action would do: its result (not stored), the changes, the judges' findings, and the digest to approve."""

    result: Any
    changes: list[Change]
    findings: list[Finding]
    digest: str


@contextmanager
def rehearsal(actor: Actor) -> Iterator[Run]:
    """Preview several actions together. Yields a run; call the actions `as_consequence` inside the context.

    The run's changes and findings are those of all of them. Nothing is announced, and no permission is checked. Everything
    is rolled back at the end.
    """
    run = start_run(actor=actor, previewing=True)
    with rolled_back():
        run.begin()
        token = running.set(run)
        try:
            yield run
            run.decide()
        finally:
            running.reset(token)


class _RollBack(Exception):
    """Ends the transaction of `rolled_back`."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction, or a savepoint of the open one, that is rolled back at its end."""
    try:
        with transaction.atomic():
            yield
            raise _RollBack
    except _RollBack:
        pass

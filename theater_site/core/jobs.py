"""Periodic jobs: named in wiring, run by `manage.py work`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every `seconds`; it must be safe to run twice, late, and in two workers at once."""

    name: str
    seconds: int
    run: Callable[[], Any]


_jobs: dict[str, Job] = {}


def every(name: str, *, seconds: int, run: Callable[[], Any]) -> None:
    """Called from wiring; a later call of the same name replaces the earlier one."""
    _jobs[name] = Job(name, seconds, run)


def registered() -> list[Job]:
    return list(_jobs.values())

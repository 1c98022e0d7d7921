"""Periodic jobs: registered in theater_site/wiring.py, run by `manage.py work`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """A function that runs every `seconds`. It must be safe to run twice, late, and in two workers at once."""

    name: str
    seconds: int
    run: Callable[[], Any]


_jobs: dict[str, Job] = {}


def every(name: str, *, seconds: int, run: Callable[[], Any]) -> None:
    """Register a job. A later call with the same name replaces the earlier one."""
    _jobs[name] = Job(name, seconds, run)


def registered() -> list[Job]:
    """All registered jobs, in the order of their registration."""
    return list(_jobs.values())

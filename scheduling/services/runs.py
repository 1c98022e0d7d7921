"""Adds, updates and removes runs and tour legs of productions."""

from __future__ import annotations

from typing import TypedDict

from productions.models import Production
from productions.services.addresses import in_order
from scheduling.models import Run, RunKind, Venue
from theater_site.core.actions import Needs, action


class RunFields(TypedDict, total=False):
    """Fields of a run: dates, kind, tour leg (`label`, `position`) and visiting `company`. Absent means unchanged, "" means
    not known. Dates may be partial ("1998")."""

    kind: RunKind
    label: str
    company: str
    position: int
    starts_on: str
    ends_on: str


@action("run.add", needs=Needs("edit_schedule", on="production"), submittable=True)
def add_run(*, production: Production, venue: Venue, fields: RunFields) -> Run:
    """Add a run: where a production plays, and from when to when. It is public with the production. Errors:
    `ends_before_start`."""
    run = Run(production=production, venue=venue)
    _describe(run, fields)
    return run


@action("run.update", needs=Needs("edit_schedule", on="run"), subject="run", submittable=True)
def update_run(*, run: Run, changes: RunFields) -> Run:
    """Update a run. Same errors as `run.add`.

    Error: `ends_before_start`.
    """
    _describe(run, changes)
    return run


@action("run.remove", needs=Needs("edit_schedule", on="run"), subject="run", submittable=True)
def remove_run(*, run: Run) -> None:
    """Remove a run that did not take place."""
    run.delete()


def copy_runs(original: Production, copy: Production) -> None:
    """Copy the venues and legs, in the same order, without dates, which were of another year."""
    runs = original.runs.order_by("position", "starts_on", "pk")
    Run.objects.bulk_create(
        [
            Run(
                production=copy, venue_id=run.venue_id, kind=run.kind, label=run.label, company=run.company, position=place
            )
            for place, run in enumerate(runs)
        ]
    )  # fmt: skip


def _describe(run: Run, fields: RunFields) -> None:
    for name, value in fields.items():
        setattr(run, name, value)
    run.check_values()
    in_order(run, fields)
    run.save()

"""A production's runs: where it played from when to when, where no single performance is known."""

from __future__ import annotations

from typing import TypedDict

from productions.models import Production
from productions.services.addresses import in_order
from scheduling.models import Run, RunKind, Venue
from theater_site.core.actions import Needs, action


class RunFields(TypedDict, total=False):
    """When, and whether on tour: absent means unchanged, "" means not known. Dates may be partial ("1998")."""

    kind: RunKind
    starts_on: str
    ends_on: str


@action("run.add", needs=Needs("edit_schedule", on="production"), proposable=True)
def add_run(*, production: Production, venue: Venue, fields: RunFields) -> Run:
    """`production` played at `venue`; public with the production. Refused: an end surely before the start."""
    run = Run(production=production, venue=venue)
    _describe(run, fields)
    return run


@action("run.update", needs=Needs("edit_schedule", on="run"), subject="run", proposable=True)
def update_run(*, run: Run, changes: RunFields) -> Run:
    """Correct it. Refused as at its making."""
    _describe(run, changes)
    return run


@action("run.remove", needs=Needs("edit_schedule", on="run"), subject="run", proposable=True)
def remove_run(*, run: Run) -> None:
    """Take it back: it did not play there."""
    run.delete()


def _describe(run: Run, fields: RunFields) -> None:
    for name, value in fields.items():
        setattr(run, name, value)
    run.check_values()
    in_order(run.starts_on, run.ends_on, field="ends_on")
    run.save()

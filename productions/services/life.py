"""Changes the status of a production: on sale, running, closed, archived; or canceled. Publishing announces it."""

from __future__ import annotations

from typing import Annotated

from productions.models import Production, ProductionStatus
from productions.rules import life
from productions.selectors.checklists import checklist_of, missing_before
from productions.services.planning import open_slot_of
from productions.signals import production_advanced, production_canceled
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


@action("production.advance", needs=Needs("edit_details", on="production"), subject="production", submittable=True)
def advance_production(
    *,
    production: Production,
    to: Annotated[ProductionStatus, Doc("The next step, or the one before. Example: announced")],
) -> Production:
    """Move a production to the next status, or one back. `production.checklist` lists what the next status still
    needs.

    Raises: `step_skipped` with the statuses between; an error with the missing required lines; `production_canceled`;
    and a Conflict that names the action, if the step has its own: announcing, archiving, canceling. Also `already_there`,
    `announced_by_publishing`, `no_such_step`, `planned_by_unpublishing`, `step_not_ready`.
    """
    other = _OWN_ACTIONS.get((production.status, to))
    # A draft needs no unpublishing: a closed production that was unpublished may be taken back step by step.
    if other is not None and not (other[1] == "production.unpublish" and production.published_at is None):
        raise Conflict(f"Use the action {other[1]} for this step.", code=other[0], data={"action": other[1]})
    before = production.status
    take_step(production, to)
    production.save()
    production_advanced.announce(production=production, before=before)
    return production


@action("production.archive", needs=Needs("edit_details", on="production"), subject="production", submittable=True)
def archive_production(*, production: Production) -> Production:
    """Archive a production. What its record still lacks is stored with the action.

    The checklist (GET `checklist/`) goes on reporting it as it is filled in. None of it is required. Raises: Conflict
    unless the production is closed or canceled. Also `step_skipped`.
    """
    report = [line.as_data() for line in checklist_of(production, before=life.ARCHIVED)]
    before = production.status
    take_step(production, ProductionStatus.ARCHIVED)
    production.save()
    current().note["completeness"] = report
    production_advanced.announce(production=production, before=before)
    return production


@action("production.cancel", needs=Needs("publish_details", on="production"), subject="production", submittable=True)
def cancel_production(
    *,
    production: Production,
    reason: Annotated[str, Doc("Why it is canceled, for those who work on it. Example: The hall is flooded.")],
) -> Production:
    """Cancel a production. Its slot in the season's plan is open again. A public production stays public, shown as
    canceled; `reason` is for those who work on it.

    Announces `production_canceled`. Raises: `required` without a reason; Conflict if it is closed or already canceled. Also
    `already_there`, `too_late`.
    """
    if not reason.strip():
        raise Invalid("Give a reason for the cancellation.", code="required", field="reason")
    take_step(production, ProductionStatus.CANCELED)
    production.cancel_reason = reason.strip()
    production.save()
    open_slot_of(production)
    production_canceled.announce(production=production, reason=production.cancel_reason)
    return production


@action("production.reinstate", needs=Needs("publish_details", on="production"), subject="production", submittable=True)
def reinstate_production(*, production: Production) -> Production:
    """Reinstate a canceled production: planned again, or announced if it is public. Raises: `not_canceled`."""
    if production.status != life.CANCELED:
        raise Conflict("This production is not canceled.", code="not_canceled")
    public = production.published_at is not None
    production.status = ProductionStatus.ANNOUNCED if public else ProductionStatus.PLANNED
    production.cancel_reason = ""
    production.save()
    production_advanced.announce(production=production, before=life.CANCELED)
    return production


# Steps with their own action, by (from, to): the error code, and the action.
_OWN_ACTIONS = {
    (life.PLANNED, life.ANNOUNCED): ("announced_by_publishing", "production.publish"),
    (life.ANNOUNCED, life.PLANNED): ("planned_by_unpublishing", "production.unpublish"),
    (life.CANCELED, life.PLANNED): ("production_canceled", "production.reinstate"),
    (life.CLOSED, life.ARCHIVED): ("archived_by_archiving", "production.archive"),
    (life.CANCELED, life.ARCHIVED): ("archived_by_archiving", "production.archive"),
    **{
        (step, life.CANCELED): ("canceled_by_canceling", "production.cancel")
        for step, following in life.TRANSITIONS.items()
        if life.CANCELED in following
    },
}


def take_step(production: Production, to: ProductionStatus) -> None:
    """Raise Conflict unless the production may become `to` and has all that this status requires."""
    if (refusal := life.refusal(production.status, to)) is not None:
        data = {"status": production.status, "between": list(refusal.between)}
        raise Conflict(refusal.message, code=refusal.code, data=data)
    # A step back has no requirements, since it is not ahead.
    if missing := missing_before(production, to):
        wanted = "; ".join(line.label for line in missing)
        raise Conflict(
            f"Before it can be {life.shown(to)} it needs: {wanted}.",
            code="step_not_ready",
            data={"missing": [line.as_data() for line in missing]},
        )
    production.status = to

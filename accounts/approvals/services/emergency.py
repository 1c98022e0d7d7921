"""Publishes a submission without approval in an emergency, and notifies its approvers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from accounts.approvals.models.submissions import Submission
from accounts.approvals.selectors.approvers import everybody_asked
from accounts.approvals.services.submissions.granting import grant
from accounts.approvals.services.submissions.items import Item, place_of
from accounts.approvals.services.submissions.transitions import move, refuse_unless
from accounts.approvals.signals import emergency_published
from accounts.permissions.models.sections import Section
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid, NotAllowed


@action(
    "submission.publish_in_emergency",
    needs=Needs("emergency_{area}", on="submission"),
    subject="submission",
)
def publish_in_emergency(
    *,
    submission: Submission,
    reason: Annotated[
        str, Doc("Why it cannot wait. It is logged, and its approvers are notified. Example: The venue is flooded.")
    ],
) -> Submission:
    """Apply a submission without approval, because it cannot wait.

    Needs the `emergency_` permission for every item. Everybody who could have decided on any item is notified at once, with the
    reason. Errors: `required` without a reason; `not_in_emergency`; `wrong_state`; `already_decided`; `submission_stale`, and
    the errors of its items.
    """
    run = current()
    refuse_unless(submission, "apply")
    if not reason.strip():
        raise Invalid(
            "Give the reason why it cannot wait. Its approvers will read it.", code="required", field="reason"
        )
    places: set[tuple[str, int | None]] = set()

    def granted(item: Item, given: Mapping[str, Any]) -> None:
        _refuse_unless_held(item, given)
        place = place_of(item, given)
        places.add((place.area, place.section_id))

    run.on_behalf_of = submission.author
    outcome = grant(submission, granted)
    if outcome.refusal is not None:
        raise outcome.refusal
    sections = Section.objects.in_bulk({section_id for _area, section_id in places})
    asked = everybody_asked(submission, run.instant, {(area, sections[at]) for area, at in places})
    deciders = [user for user in asked if user.pk != run.actor.user_id]
    move(submission, "apply")
    submission.decided_by, submission.decided_at, submission.comment = run.actor.user, run.instant, reason
    submission.decided_in_place_of = None
    submission.save()
    emergency_published.announce(submission=submission, deciders=deciders, reason=reason)
    return submission


def _refuse_unless_held(item: Item, given: Mapping[str, Any]) -> None:
    run = current()
    for permission, scope in item.action.scopes(given):
        needed = f"emergency_{permission.split('_', 1)[1]}"
        if not run.actor.holds(needed, scope, run.instant):
            raise NotAllowed(
                f"In an emergency, item {item.number} of this needs the permission {needed} there.",
                code="not_in_emergency",
                field=item.path,
                data={"needs": [needed]},
            )

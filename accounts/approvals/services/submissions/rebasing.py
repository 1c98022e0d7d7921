"""Rebases a stale submission."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission
from accounts.approvals.services.submissions.collisions import collisions_of
from accounts.approvals.services.submissions.submitting import refuse_others, submit_again
from accounts.approvals.services.submissions.transitions import move
from theater_site.core.actions import OpenTo, action
from theater_site.core.errors import Conflict


@action("submission.rebase", open_to=OpenTo.SIGNED_IN, subject="submission")
def rebase_submission(*, submission: Submission) -> Submission:
    """Rebase a stale submission onto the current content, and submit it again in a new round.

    Works if others changed other fields. If they changed the same fields, save the submission with new values and submit it
    again.
    Errors: `not_author`; `rebase_collision`, naming the fields; those of `submission.submit`.
    """
    refuse_others(submission)
    move(submission, "rebase")
    collisions = collisions_of(submission)
    if collisions:
        raise Conflict(
            "The same fields have changed since this was submitted. Compare with the current values, save the submission "
            "with the values you want, and submit it again.",
            code="rebase_collision",
            data={"fields": [collision.field for collision in collisions]},
            problems=collisions,
        )
    # The check above replaces the check of the version that its author saw.
    submission.items = [{**item, "if_version": None} for item in submission.items]
    return submit_again(submission)

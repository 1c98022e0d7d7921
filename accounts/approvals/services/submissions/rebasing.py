"""Bringing a stale submission up to date."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission
from accounts.approvals.services.submissions.collisions import collisions_of
from accounts.approvals.services.submissions.submitting import refuse_others, submit_again
from accounts.approvals.services.submissions.transitions import move
from theater_site.core.actions import OpenTo, action
from theater_site.core.errors import Conflict


@action("submission.rebase", open_to=OpenTo.SIGNED_IN, subject="submission")
def rebase_submission(*, submission: Submission) -> Submission:
    """Rebase a stale submission onto what is live now. It is submitted again, in a new round, where others changed
    other fields than it would.

    Refused: everybody but its authors; where the same fields were changed (they are named, to be fixed by hand: save
    it and submit it again); and as `submission.submit` is.
    """
    refuse_others(submission)
    move(submission, "rebase")
    collisions = collisions_of(submission)
    if collisions:
        raise Conflict(
            "The same fields were changed meanwhile. Look at what is live now, save the submission as it should be, and "
            "submit it again.",
            code="rebase_collision",
            data={"fields": [collision.field for collision in collisions]},
            problems=collisions,
        )
    # The version that its author saw is the one that was found to be compatible.
    submission.items = [{**item, "if_version": None} for item in submission.items]
    return submit_again(submission)

"""What is said about a submission, by those who may see it."""

from __future__ import annotations

from typing import Annotated

from accounts.approvals.models.submissions import Submission, SubmissionComment
from accounts.approvals.services.submissions.decisions import full_path
from accounts.approvals.services.submissions.transitions import move
from accounts.approvals.signals import submission_commented
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import NotAllowed


@action("submission.comment", open_to=OpenTo.SIGNED_IN, subject="submission")
def comment_submission(
    *,
    submission: Submission,
    text: Annotated[str, Doc("What you want to say. Example: Please without an exclamation mark.")],
    field: Annotated[str | None, Doc("The field that it is about; null is all of it. Example: subtitle")],
) -> SubmissionComment:
    """Comment on a submission, or on one of its fields. Refused: those who may not see it, a field that it has not, and
    nothing said."""
    run = current()
    if run.actor.user is None or not Submission.objects.visible_to(run.actor).filter(pk=submission.pk).exists():
        raise NotAllowed("Only those who write a submission, or may decide on it, say something about it.")
    path = full_path(submission, field or "", "field")
    move(submission, "comment")
    comment = SubmissionComment(
        submission=submission, author=run.actor.user, round=submission.round, field=path, text=text
    )
    comment.save()
    submission_commented.announce(comment=comment)
    return comment

"""Comments on submissions."""

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
    text: Annotated[str, Doc("The comment. Example: Please without an exclamation mark.")],
    field: Annotated[str | None, Doc("The field that it is about; null for the whole submission. Example: subtitle")],
) -> SubmissionComment:
    """Comment on a submission, or on one of its fields.

    Its authors are notified, and the approvers who commented before (all approvers if none did).
    Errors: `not_allowed` for users who neither write it nor may decide on it; `unknown_field`.
    """
    run = current()
    if run.actor.user is None or not Submission.objects.visible_to(run.actor).filter(pk=submission.pk).exists():
        raise NotAllowed("Only the authors and approvers of a submission can comment on it.")
    path = full_path(submission, field or "", "field")
    move(submission, "comment")
    comment = SubmissionComment(
        submission=submission, author=run.actor.user, round=submission.round, field=path, text=text
    )
    comment.save()
    submission_commented.announce(comment=comment)
    return comment

"""Receivers that notify people of decisions and comments on submissions."""

from __future__ import annotations

from typing import Any

from accounts.approvals.mails import submissions
from accounts.approvals.models.submissions import Submission, SubmissionComment, SubmissionState
from accounts.approvals.selectors.approvers import deciders_of, writers
from accounts.notifications.services.outbox import put
from accounts.users.models.users import User
from theater_site.core.actions import current


def notify_author(submission: Submission, **_: Any) -> None:
    """Notify the authors that their submission was rejected, approved for later, or applied."""
    put(
        "submission_decided",
        writers(submission),
        lambda reader: submissions.submission_decided(submission, reader),
        **_of(submission),
    )


def notify_of_changes_requested(submission: Submission, comments: list[SubmissionComment], **_: Any) -> None:
    by, words = current().actor.user, "\n\n".join(comment.text for comment in comments)
    put(
        "submission_changes_requested",
        writers(submission),
        lambda reader: submissions.submission_changes_requested(submission, reader, by, words),
        **_of(submission),
    )


def notify_of_comment(comment: SubmissionComment, **_: Any) -> None:
    """Notify the authors, and the approvers who commented before, or all approvers if none did. Not the commenter."""
    submission, recipients = comment.submission, writers(comment.submission)
    if submission.state != SubmissionState.DRAFT:
        commenters = set(submission.comments.exclude(pk=comment.pk).values_list("author_id", flat=True))
        approvers = deciders_of(submission, current().instant)
        recipients += [user for user in approvers if user.pk in commenters] or approvers
    put(
        "submission_commented",
        [user for user in recipients if user.pk != comment.author_id],
        lambda reader: submissions.submission_commented(submission, reader, comment.author, comment.text),
        **_of(submission),
    )


def notify_of_stale(submission: Submission, **_: Any) -> None:
    put(
        "submission_stale",
        _authors_and_approver(submission),
        lambda reader: submissions.submission_stale(submission, reader),
        **_of(submission),
    )


def notify_of_failed(submission: Submission, **_: Any) -> None:
    put(
        "submission_failed",
        _authors_and_approver(submission),
        lambda reader: submissions.submission_failed(submission, reader),
        **_of(submission),
    )


def _authors_and_approver(submission: Submission) -> list[User]:
    return [*writers(submission), *([submission.decided_by] if submission.decided_by is not None else [])]


def _of(submission: Submission) -> dict[str, Any]:
    return {"thread": f"submission:{submission.pk}", "about": submission}

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
    """Anybody who wrote it, and of those who may decide on it those who said something before, or all where none of them did;
    but not who says this."""
    submission, told = comment.submission, writers(comment.submission)
    if submission.state != SubmissionState.DRAFT:
        spoke = set(submission.comments.exclude(pk=comment.pk).values_list("author_id", flat=True))
        decide = deciders_of(submission, current().instant)
        told += [user for user in decide if user.pk in spoke] or decide
    put(
        "submission_commented",
        [user for user in told if user.pk != comment.author_id],
        lambda reader: submissions.submission_commented(submission, reader, comment.author, comment.text),
        **_of(submission),
    )


def notify_of_stale(submission: Submission, **_: Any) -> None:
    put(
        "submission_stale",
        _wrote_or_agreed(submission),
        lambda reader: submissions.submission_stale(submission, reader),
        **_of(submission),
    )


def notify_of_failed(submission: Submission, **_: Any) -> None:
    put(
        "submission_failed",
        _wrote_or_agreed(submission),
        lambda reader: submissions.submission_failed(submission, reader),
        **_of(submission),
    )


def _wrote_or_agreed(submission: Submission) -> list[User]:
    return [*writers(submission), *([submission.decided_by] if submission.decided_by is not None else [])]


def _of(submission: Submission) -> dict[str, Any]:
    return {"thread": f"submission:{submission.pk}", "about": submission}

"""Closes the submissions of canceled productions: rejects them as the system, with the reason."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.submission_states import OPEN
from accounts.approvals.services.submissions.transitions import move
from accounts.approvals.signals import submission_decided
from accounts.permissions.models.sections import Section
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import System
from theater_site.core.errors import Conflict


def close_submissions(section: Section, reason: str) -> None:
    """Close the open submissions in `section` and below, after the running action is committed.

    Not before the commit, since the running action may itself be an item of a submission in the section, and since decisions lock
    in the opposite order, which deadlocks.
    """
    transaction.on_commit(lambda: _close_all(section.path, reason))


def _close_all(path: str, reason: str) -> None:
    for submission in Submission.objects.filter(section__path__startswith=path, state__in=OPEN).order_by("pk"):
        # Somebody may decide on it in the same instant.
        with suppress(Conflict):
            close_submission(actor=System("work"), submission=submission, reason=reason)


@action("submission.close", open_to=OpenTo.SYSTEM, subject="submission")
def close_submission(*, submission: Submission, reason: str) -> Submission:
    """Reject a submission whose production was canceled. Its authors are notified, and can submit it again.

    Raises: Conflict `already_decided`.
    """
    move(submission, "reject")
    submission.decided_at = current().instant
    submission.comment = f"The production was canceled: {reason}"
    submission.save()
    submission_decided.announce(submission=submission)
    return submission

"""Applies scheduled submissions at their time, in the worker: exactly once, and late if the worker was down."""

from __future__ import annotations

import logging
from typing import NamedTuple

from django.db import InterfaceError, OperationalError

from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.services.submissions.granting import grant, not_done
from accounts.approvals.services.submissions.transitions import move
from accounts.approvals.signals import submission_decided, submission_failed
from accounts.users.models.users import User
from theater_site.core import runs
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import System
from theater_site.core.errors import Conflict, DomainError

log = logging.getLogger(__name__)
# Limits one run, so that a worker can stop in time.
_BATCH = 100


class Ran(NamedTuple):
    """The result of one run of the periodic job."""

    done: int
    not_done: int

    def __str__(self) -> str:
        return f"{self.done} done, {self.not_done} could not be done"


class ForApprover(System):
    """The worker, acting for the approver `user`. It has all permissions, since the approver's were checked at approval."""

    def __init__(self, user: User | None) -> None:
        super().__init__("work")
        self.user = user


def run_due() -> Ran:
    """Apply all submissions whose scheduled time has come, the earliest first, each in its own transaction; the periodic job.

    Any number of workers may run it: the first locks the row, the next finds it applied. A killed worker leaves no submission
    half applied. An unexpected error marks the submission as failed. An error of the database leaves it for the next run, and is
    raised after the others were tried.
    """
    rows = Submission.objects.filter(state=SubmissionState.APPROVED, run_at__lte=runs.instant())
    due = rows.select_related("decided_by", "waiting").order_by("run_at", "pk")[:_BATCH]
    outcomes: list[bool | None] = []
    database_error: OperationalError | InterfaceError | None = None
    for row in due:
        try:
            outcomes.append(_run(row))
        except (OperationalError, InterfaceError) as error:
            # It may be a lock timeout of this submission only, so the others are tried too.
            database_error = error
    if database_error is not None:
        raise database_error
    return Ran(outcomes.count(True), outcomes.count(False))


def _run(submission: Submission) -> bool | None:
    """Whether it was applied; None if it was applied or withdrawn elsewhere in the meantime."""
    actor = ForApprover(submission.decided_by)
    waiting = getattr(submission, "waiting", None)
    waive = waiting.waived if waiting is not None else None
    try:
        done: Submission = run_submission(actor=actor, submission=submission, waive=waive)
        return done.state == SubmissionState.APPLIED
    except (OperationalError, InterfaceError):
        raise
    except DomainError as error:
        if error.code == "not_due":
            return None
        return _give_up(actor, submission, error.code)
    except Exception:
        log.exception("submission %s failed at its time", submission.pk)
        return _give_up(actor, submission, "unexpected")


def _give_up(actor: ForApprover, submission: Submission, code: str) -> bool | None:
    try:
        give_up_submission(actor=actor, submission=submission, code=code)
    except Conflict:
        return None
    return False


@action("submission.run", open_to=OpenTo.SYSTEM, subject="submission")
def run_submission(*, submission: Submission) -> Submission:
    """Apply a scheduled submission at its time, on behalf of its author.

    Permissions are not checked again, but the result must be exactly what was approved. Otherwise the submission becomes stale,
    or failed if it cannot be applied, and its authors and approver are notified.
    Errors: `not_due` before its time or if it is no longer scheduled; findings of the judges, which `submission.give_up` records.
    """
    run = current()
    _refuse_unless_due(submission)
    run.on_behalf_of = submission.author
    outcome = grant(submission, lambda item, given: None)
    move(submission, outcome.verb)
    if outcome.refusal is not None:
        return not_done(submission, outcome.refusal)
    submission.save()
    submission_decided.announce(submission=submission)
    return submission


@action("submission.give_up", open_to=OpenTo.SYSTEM, subject="submission")
def give_up_submission(*, submission: Submission, code: str) -> Submission:
    """Mark a scheduled submission as failed with an error code. Its authors and its approver are notified.

    Errors: `not_due`.
    """
    _refuse_unless_due(submission)
    move(submission, "fail")
    submission.failure = code
    submission.save()
    submission_failed.announce(submission=submission)
    return submission


def _refuse_unless_due(submission: Submission) -> None:
    waits = submission.state == SubmissionState.APPROVED and submission.run_at is not None
    if not waits or submission.run_at > current().instant:  # type: ignore[operator]
        raise Conflict("This submission is no longer scheduled, or its time has not come.", code="not_due")

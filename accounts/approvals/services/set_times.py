"""What was agreed to for a set time is done when it comes, by the worker: once, and late rather than never."""

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
# What one round takes at the most, so that a worker that is to stop does.
_BATCH = 100


class Ran(NamedTuple):
    """What one round came to."""

    done: int
    not_done: int

    def __str__(self) -> str:
        return f"{self.done} done, {self.not_done} could not be done"


class ForApprover(System):
    """The worker, doing what `user` agreed to: it holds what it needs, since their permission was judged when they agreed."""

    def __init__(self, user: User | None) -> None:
        super().__init__("work")
        self.user = user


def run_due() -> Ran:
    """The periodic job: everything whose time has come, the earliest first, each in a transaction of its own.

    Any number of workers may run it: the first locks the row, the next finds it done. A worker that is killed has done all
    of one submission or nothing. What fails unexpectedly is marked so; only where the database itself fails is it left
    for the next round, and said once the others were tried.
    """
    rows = Submission.objects.filter(state=SubmissionState.APPROVED, run_at__lte=runs.instant())
    due = rows.select_related("decided_by", "waiting").order_by("run_at", "pk")[:_BATCH]
    outcomes: list[bool | None] = []
    away: OperationalError | InterfaceError | None = None
    for row in due:
        try:
            outcomes.append(_run(row))
        except (OperationalError, InterfaceError) as error:
            # A lock that was waited for too long is this their alone: the others are tried all the same.
            away = error
    if away is not None:
        raise away
    return Ran(outcomes.count(True), outcomes.count(False))


def _run(submission: Submission) -> bool | None:
    """Whether it was done; None where somebody else did it, or called it off, in the meantime."""
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
    """Do what was agreed to, on behalf of its author, since its time has come.

    Nothing is asked for that was judged at approval; but what comes of it must be what was agreed to. Else the submission
    is stale, or failed where it cannot be done, and people are told. Refused (`not_due`): what does not wait for its time
    any more, or not yet; and what the judges find, which `submission.give_up` then notes.
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
    """Note that it could not be done at its time, and why; those who wrote it and anybody who approved it are told."""
    _refuse_unless_due(submission)
    move(submission, "fail")
    submission.failure = code
    submission.save()
    submission_failed.announce(submission=submission)
    return submission


def _refuse_unless_due(submission: Submission) -> None:
    waits = submission.state == SubmissionState.APPROVED and submission.run_at is not None
    if not waits or submission.run_at > current().instant:  # type: ignore[operator]
        raise Conflict("This does not wait for its time any more, or not yet.", code="not_due")

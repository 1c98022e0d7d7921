"""Escalates submissions that nobody may decide on any more, and reminds approvers of overdue ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.approvals.models.approvals import Waiting
from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules.approval_steps import Step
from accounts.approvals.selectors.approvers import all_steps, asked_where, deciders, deciders_of, waiting_of
from accounts.approvals.selectors.waiting import perhaps_orphaned
from accounts.approvals.services.approvals import escalate, keep_beside
from accounts.approvals.signals import submission_overdue
from theater_site.core import runs
from theater_site.core.actions import Action, OpenTo, action, current
from theater_site.core.actors import System
from theater_site.core.errors import Conflict


class Chased(NamedTuple):
    """The result of one run of the periodic job."""

    escalated: int
    reminded: int

    def __str__(self) -> str:
        return f"{self.escalated} escalated, {self.reminded} reminded of"


def chase() -> Chased:
    """Escalate and remind; the periodic job. Safe to run in several workers: the second one finds nothing due."""
    escalated = sum(_done(escalate_submission, row) for row in _orphaned())
    reminded = sum(_done(remind_of_submission, row) for row in _overdue())
    return Chased(escalated, reminded)


def _done(what: Action[Any, Any], submission: Submission) -> bool:
    try:
        what(actor=System("work"), submission=submission)
    except Conflict:
        # Somebody decided, or another worker was first.
        return False
    return True


@action("submission.escalate", open_to=OpenTo.SYSTEM, subject="submission")
def escalate_submission(*, submission: Submission) -> Submission:
    """Escalate a submission that nobody may decide on any more.

    Errors: `not_due` if somebody may decide, or it is not pending.
    """
    if submission.state != SubmissionState.SUBMITTED:
        raise _not_due()
    waiting = waiting_of(submission)
    if not _goes_up(submission, waiting, all_steps(), current().instant):
        raise _not_due()
    escalate(submission, waiting)
    return submission


@action("submission.remind", open_to=OpenTo.SYSTEM, subject="submission")
def remind_of_submission(*, submission: Submission) -> Submission:
    """Remind the approvers of an overdue submission.

    Sends one reminder for each number of days in APPROVAL_REMINDER_DAYS; only the greatest that has passed.
    Errors: `not_due` if that reminder was sent already, or the submission is not pending.
    """
    now = current().instant
    if submission.state != SubmissionState.SUBMITTED:
        raise _not_due()
    waiting = waiting_of(submission)
    days = max((n for n in settings.APPROVAL_REMINDER_DAYS if _passed(waiting, n)), default=0)
    if days <= waiting.reminded:
        raise _not_due()
    keep_beside(submission, reminded=days)
    submission_overdue.announce(submission=submission, deciders=deciders_of(submission, now), days=days)
    return submission


def _not_due() -> Conflict:
    return Conflict("This submission is not due: it was handled already, or somebody may decide on it.", code="not_due")


def _passed(waiting: Waiting, days: int) -> bool:
    return waiting.since + timedelta(days=days) <= current().instant


def _at_the_top(waiting: Waiting) -> bool:
    return waiting.escalated_to is not None and waiting.escalated_to.parent_id is None


def _waiting() -> QuerySet[Submission]:
    rows: QuerySet[Submission] = Submission.objects.filter(state=SubmissionState.SUBMITTED)
    return rows.select_related("section", "waiting__escalated_to").order_by("pk")


def _orphaned() -> list[Submission]:
    """The submissions that nobody may decide on at their step, and that can be escalated further."""
    now, steps = runs.instant(), all_steps()
    # `in_bulk` splits the ids: there may be more than one statement takes.
    perhaps = _waiting().in_bulk(perhaps_orphaned(now)).values()
    return [row for row in perhaps if _goes_up(row, waiting_of(row), steps, now)]


def _goes_up(submission: Submission, waiting: Waiting, steps: list[Step], at: datetime) -> bool:
    """Whether nobody may decide on it at its step, and an escalation can help: to a section above, or to earlier approvers."""
    asked = list(asked_where(submission, steps, waiting))
    if deciders(submission, at, asked).exists():
        return False
    return not _at_the_top(waiting) or deciders(submission, at, asked, again=True).exists()


def _overdue() -> list[Submission]:
    now = runs.instant()
    due = Q(pk__in=())
    for days in filter(None, settings.APPROVAL_REMINDER_DAYS):
        then = now - timedelta(days=days)
        due |= Q(waiting__since__lte=then, waiting__reminded__lt=days) | Q(waiting=None, submitted_at__lte=then)
    return list(_waiting().filter(due))

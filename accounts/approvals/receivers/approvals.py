"""Receivers that start the approval of a submission and notify approvers and substitutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.approvals.mails import submissions, substitutes
from accounts.approvals.models.approvals import Substitute
from accounts.approvals.models.submissions import Submission
from accounts.approvals.selectors.approvers import writers
from accounts.approvals.selectors.deciding import LAST_RESORT
from accounts.approvals.services.approvals import settle
from accounts.notifications.mails.letters import Letter, Reader
from accounts.notifications.services.outbox import put, withdraw_unsent
from accounts.permissions.selectors.permissions import holders_of
from accounts.users.models.users import User
from theater_site.core.actions import current


def let_wait(submission: Submission, **_: Any) -> None:
    """Start the first approval step. Listens to `submission_arrived`."""
    settle(submission)


def tell_deciders(submission: Submission, deciders: list[User], escalated: bool, **_: Any) -> None:
    if not deciders:
        _notify_managers(submission)
    elif escalated:
        _notify_deciders("submission_escalated", deciders, submissions.submission_escalated, submission)
    else:
        _notify_deciders("submission_arrived", deciders, submissions.submission_arrived, submission)


def _notify_deciders(
    kind: str, deciders: list[User], write: Callable[[Submission, Reader], Letter], submission: Submission
) -> None:
    """Notify each approver once a round and step. Withdraws their unsent notifications of earlier rounds."""
    if submission.round > 1:
        withdraw_unsent(kind, deciders, submission)
    at = f"{kind}:{submission.pk}:{submission.round}:{submission.step}"
    put(kind, deciders, lambda reader: write(submission, reader), once=at, **_of(submission))


def tell_in_whose_place(submission: Submission, person: User, verb: str, **_: Any) -> None:
    """Notify an absent approver of the decision of their substitute."""
    by = current().actor.user
    put(
        "decided_in_your_place",
        [person],
        lambda reader: submissions.decided_in_your_place(submission, reader, by, verb),
        **_of(submission),
    )


def tell_overdue(submission: Submission, deciders: list[User], days: int, **_: Any) -> None:
    if deciders:
        put(
            "submission_reminder",
            deciders,
            lambda reader: submissions.submission_reminder(submission, reader, days),
            **_of(submission),
        )
    else:
        _notify_managers(submission)


def notify_of_emergency(submission: Submission, deciders: list[User], reason: str, **_: Any) -> None:
    """Notify everybody who could have decided, and the authors, with different texts."""
    by = current().actor.user
    for readers, write in (
        (deciders, submissions.emergency_published),
        (writers(submission), submissions.own_published_in_emergency),
    ):
        put(
            "emergency_published",
            _others(readers, by),
            lambda reader, write=write: write(submission, reader, by, reason),  # type: ignore[misc]
            **_of(submission),
        )


def notify_of_substitute(substitute: Substitute, **_: Any) -> None:
    _notify_both(substitute, "substitute_named", substitutes.substitute_named)


def notify_of_substitute_ended(substitute: Substitute, **_: Any) -> None:
    _notify_both(substitute, "substitute_ended", substitutes.substitute_ended)


def _notify_both(substitute: Substitute, kind: str, write: Callable[[Substitute, Reader], Letter]) -> None:
    put(
        kind,
        _others([substitute.person, substitute.substitute], current().actor.user),
        lambda reader: write(substitute, reader),
        thread=f"substitute:{substitute.pk}",
        about=substitute,
    )


def _notify_managers(submission: Submission) -> None:
    """Notify the authors, and those who manage members there and so can assign an approver."""
    managers = holders_of(LAST_RESORT, submission.section, current().instant)
    put(
        "nobody_may_decide",
        _others([*managers, *writers(submission)], None),
        lambda reader: submissions.nobody_may_decide(submission, reader),
        **_of(submission),
    )


def _others(users: list[User], by: User | None) -> list[User]:
    """The active users without `by` and without duplicates, by id."""
    active = {user.pk: user for user in users if user.is_active and (by is None or user.pk != by.pk)}
    return [active[pk] for pk in sorted(active)]


def _of(submission: Submission) -> dict[str, Any]:
    return {"thread": f"submission:{submission.pk}", "about": submission}

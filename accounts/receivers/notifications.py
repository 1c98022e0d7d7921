"""Puts into the outbox what people are to be told of submissions and roles."""

from __future__ import annotations

from typing import Any

from accounts.mails import notices
from accounts.models import RoleAssignment, Submission, User
from accounts.selectors.rights import holders_of
from accounts.services.outbox import put


def tell_approvers(submission: Submission, **_: Any) -> None:
    """Everybody who may decide, but not its author."""
    approvers = holders_of(f"approve_{submission.area}", submission.section)
    put(
        "submission_arrived",
        [user for user in approvers if user.pk != submission.author_id],
        *notices.submission_arrived(submission),
    )


def tell_author(submission: Submission, **_: Any) -> None:
    put("submission_decided", [submission.author], *notices.submission_decided(submission))


def tell_of_role(assignment: RoleAssignment, **_: Any) -> None:
    put("role_given", _if_known(assignment.user), *notices.role_given(assignment))


def tell_of_role_ended(assignment: RoleAssignment, **_: Any) -> None:
    put("role_ended", _if_known(assignment.user), *notices.role_ended(assignment))


def tell_of_role_dated(assignment: RoleAssignment, **_: Any) -> None:
    put("role_dated", _if_known(assignment.user), *notices.role_dated(assignment))


def _if_known(user: User) -> list[User]:
    return [user] if user.is_active else []

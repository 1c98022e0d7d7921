"""The mails of accounts: each function returns (subject, body) of plain text that says what, by whom, and where."""

from __future__ import annotations

from django.conf import settings

from accounts.models import RoleAssignment, Submission, SubmissionState

Letter = tuple[str, str]


def submission_arrived(submission: Submission) -> Letter:
    return (
        f"Waiting for you: {_one_line(submission.title)}",
        f"{_who(submission.author)} proposes “{submission.title}” in {submission.section.name}.\n\n"
        f"See what would change, and decide:\n{_submission_link(submission)}\n",
    )


def submission_decided(submission: Submission) -> Letter:
    applied = submission.state == SubmissionState.APPLIED
    word = "approved" if applied else "declined"
    comment = f"\n{_who(submission.decided_by)} writes:\n{submission.comment}\n" if submission.comment else ""
    return (
        f"{word.capitalize()}: {_one_line(submission.title)}",
        f"What you proposed in {submission.section.name} was {word} by {_who(submission.decided_by)}"
        f"{' and is done' if applied else ''}.\n{comment}\n{_submission_link(submission)}\n",
    )


def role_given(assignment: RoleAssignment) -> Letter:
    until = f" until {assignment.ends_at:%Y-%m-%d %H:%M} UTC" if assignment.ends_at else ""
    return (
        f"You are now {_one_line(assignment.role.title)}: {_one_line(assignment.section.name)}",
        f"{_who(assignment.granted_by)} made you {assignment.role.title} for {assignment.section.name}{until}.\n"
        + (f"\n{assignment.reason}\n" if assignment.reason else ""),
    )


def role_ended(assignment: RoleAssignment) -> Letter:
    return (
        f"Your role has ended: {_one_line(assignment.role.title)}, {_one_line(assignment.section.name)}",
        f"You are no longer {assignment.role.title} for {assignment.section.name}.\n"
        + (f"\n{assignment.reason}\n" if assignment.reason else ""),
    )


def _who(user: object) -> str:
    return getattr(user, "name", "") or "Somebody" if user is not None else "The installation"


def _one_line(text: str) -> str:
    # A line break in a title would be a header of its own.
    return " ".join(text.split())


def _submission_link(submission: Submission) -> str:
    return settings.FRONTEND_URLS["submission"].format(id=submission.pk)

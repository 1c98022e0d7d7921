"""The mails of accounts: each function returns (subject, body) of plain text that says what, by whom, and where."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Invitation, RoleAssignment, Submission, SubmissionState

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


def role_dated(assignment: RoleAssignment) -> Letter:
    until = f"until {assignment.ends_at:%Y-%m-%d %H:%M} UTC" if assignment.ends_at else "without an end"
    return (
        f"Your role has another end: {_one_line(assignment.role.title)}, {_one_line(assignment.section.name)}",
        f"You are {assignment.role.title} for {assignment.section.name} {until} now.\n"
        + (f"\n{assignment.reason}\n" if assignment.reason else ""),
    )


def invited(invitation: Invitation, token: str) -> Letter:
    """To somebody who may have no account: the link carries the secret, and says so."""
    return (
        f"You are invited: {_one_line(invitation.role.title)}, {_one_line(invitation.section.name)}",
        f"{_who(invitation.invited_by)} asks you to be {invitation.role.title} for {invitation.section.name}.\n"
        + (f"\n{invitation.reason}\n" if invitation.reason else "")
        + "\nSign up, or sign in, with this address, and accept:\n"
        + settings.FRONTEND_URLS["invitation"].format(key=token)
        + f"\n\nThe link holds once, until {invitation.expires_at:%Y-%m-%d %H:%M} UTC. Keep it to yourself; if you do not "
        "know what this is about, ignore this mail.\n",
    )


def _who(user: object) -> str:
    return getattr(user, "name", "") or "Somebody" if user is not None else "The installation"


def _one_line(text: str) -> str:
    # A line break in a title would be a header of its own.
    return " ".join(text.split())


def _submission_link(submission: Submission) -> str:
    return settings.FRONTEND_URLS["submission"].format(id=submission.pk)

"""Notifies users of their roles: assigned, ended, given another end, or offered by mail."""

from __future__ import annotations

from typing import Any

from accounts.notifications.mails import roles
from accounts.notifications.mails.letters import Make
from accounts.notifications.services.outbox import put, put_to_address, withdraw_unsent
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment
from theater_site.core.actions import current


def mail_invitation(invitation: Invitation, token: str, **_: Any) -> None:
    put_to_address(
        "invitation",
        invitation.email,
        lambda reader: roles.invited(invitation, token, reader),
        thread=f"invitation:{invitation.pk}",
        about=invitation,
    )


def mail_founder(assignment: RoleAssignment, key: str, **_: Any) -> None:
    """Send one mail that also says that they are the director."""
    root, director = assignment.section, assignment.user
    withdraw_unsent("role_given", [director], about=assignment)
    put_to_address("founded", director.email, lambda reader: roles.founded(root, key, reader), about=root)


def notify_of_role(assignment: RoleAssignment, **_: Any) -> None:
    _of_role("role_given", assignment, lambda reader: roles.role_given(assignment, reader))


def notify_of_role_ended(assignment: RoleAssignment, **_: Any) -> None:
    by, reason = current().actor.user, assignment.reason
    _of_role("role_ended", assignment, lambda reader: roles.role_ended(assignment, reader, by, reason))


def notify_of_role_dated(assignment: RoleAssignment, **_: Any) -> None:
    by, reason = current().actor.user, assignment.reason
    _of_role("role_dated", assignment, lambda reader: roles.role_dated(assignment, reader, by, reason))


def _of_role(kind: str, assignment: RoleAssignment, make: Make) -> None:
    put(kind, [assignment.user], make, thread=f"role:{assignment.pk}", about=assignment)

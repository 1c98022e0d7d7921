"""The letters about roles: given, ended, dated again, offered."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.notifications.mails.letters import Letter, Reader
from accounts.notifications.mails.people import named, said
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment, Section
from accounts.users.models.users import User


def role_given(assignment: RoleAssignment, reader: Reader) -> Letter:
    if assignment.ends_at is None:
        text = _("%(by)s made you %(role)s for %(section)s.")
    else:
        text = _("%(by)s made you %(role)s for %(section)s until %(until)s.")
    return _letter(
        assignment, reader, _("You are now %(role)s: %(section)s"), text, assignment.granted_by, assignment.reason
    )


def role_ended(assignment: RoleAssignment, reader: Reader, by: User | None = None, reason: str = "") -> Letter:
    text = _("You are no longer %(role)s for %(section)s. %(by)s ended it.")
    return _letter(assignment, reader, _("Your role has ended: %(role)s, %(section)s"), text, by, reason)


def role_dated(assignment: RoleAssignment, reader: Reader, by: User | None = None, reason: str = "") -> Letter:
    if assignment.ends_at is None:
        text = _("%(by)s gave your role another end: you are %(role)s for %(section)s without an end now.")
    else:
        text = _("%(by)s gave your role another end: you are %(role)s for %(section)s until %(until)s now.")
    return _letter(assignment, reader, _("Your role has another end: %(role)s, %(section)s"), text, by, reason)


def invited(invitation: Invitation, token: str, reader: Reader) -> Letter:
    """To somebody who may have no account: the link carries the secret, and says so."""
    holes = {
        "by": named(invitation.invited_by),
        "role": invitation.role.title,
        "section": invitation.section.name,
        "until": reader.time(invitation.expires_at),
    }
    link = settings.FRONTEND_URLS["invitation"].format(key=token)
    secret = _(
        "The link holds once, until %(until)s. Keep it to yourself; if you do not know what this is about, ignore this mail."
    )
    return Letter(
        _("You are invited: %(role)s, %(section)s") % holes,
        _("%(by)s asks you to be %(role)s for %(section)s.") % holes
        + f"\n\n{said(invitation.invited_by, invitation.reason)}"
        + _("Sign up, or sign in, with this address, and accept:")
        + f"\n{link}\n\n{secret % holes}",
    )


def founded(section: Section, key: str, reader: Reader) -> Letter:
    """To the first director: the link sets a password and verifies the address."""
    link = settings.FRONTEND_URLS["reset_password_with_key"].format(key=key)
    return Letter(
        _("%(section)s is set up: choose your password") % {"section": section.name},
        _("%(section)s is set up, and you are its director.") % {"section": section.name}
        + "\n\n"
        + _("Choose a password:")
        + f"\n{link}\n\n"
        + _("The link works once, for three days. Afterwards ask for another as somebody who forgot their password."),
    )


def _letter(
    assignment: RoleAssignment, reader: Reader, subject: str, text: str, by: User | None, reason: str
) -> Letter:
    holes: dict[str, Any] = {
        "by": named(by),
        "role": assignment.role.title,
        "section": assignment.section.name,
        "until": reader.time(assignment.ends_at) if assignment.ends_at is not None else "",
    }
    link = settings.FRONTEND_URLS["section"].format(id=assignment.section_id)
    return Letter(subject % holes, f"{text % holes}\n\n{said(by, reason)}" + _("See it:") + f"\n{link}")

"""What permissions announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment
from theater_site.core.announcements import Announcement

invitation_sent = Announcement(
    "Somebody was invited to a role, or again; `token` is the secret of the link. Sent inside the transaction.",
    invitation=Invitation,
    token=str,
)

organization_founded = Announcement(
    "The organization exists, and its first director has no password yet; `key` sets one. Sent inside the transaction.",
    assignment=RoleAssignment,
    key=str,
)

role_given = Announcement("Somebody was given a role. Sent inside the transaction.", assignment=RoleAssignment)

role_ended = Announcement(
    "A role was ended before its time, by itself or with what it was passed on from. Sent inside the transaction.",
    assignment=RoleAssignment,
)

role_dated = Announcement(
    "A role got another end, which is still to come. Sent inside the transaction.", assignment=RoleAssignment
)

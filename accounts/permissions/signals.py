"""Announcements of permissions. Listeners are connected in theater_site/wiring.py."""

from __future__ import annotations

from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment
from theater_site.core.announcements import Announcement

invitation_sent = Announcement(
    "An invitation was sent, or sent again; `token` is the secret of the link. Sent inside the transaction.",
    invitation=Invitation,
    token=str,
)

organization_founded = Announcement(
    "The organization was founded. Its first director has no password; `key` sets one. Sent inside the transaction.",
    assignment=RoleAssignment,
    key=str,
)

role_given = Announcement("A role was assigned. Sent inside the transaction.", assignment=RoleAssignment)

role_ended = Announcement(
    "A role assignment was ended early, alone or with the one it was passed on from. Sent inside the transaction.",
    assignment=RoleAssignment,
)

role_dated = Announcement(
    "The end of a role assignment was changed to a later instant than now. Sent inside the transaction.",
    assignment=RoleAssignment,
)

"""Scenes of delegation: roles of their own making, invitations and their links."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import Invitation, Notification, Role, RoleAssignment, Section, User
from accounts.permissions.services.handing_over import hand_over
from accounts.permissions.services.invitations import invite
from accounts.permissions.services.role_editing import create_role
from accounts.permissions.services.roles import end_role, set_end_of_role
from tests import world


def role(permissions: list[str], section: Section, *, by: User, **fields: Any) -> Role:
    name = f"role_{world.number()}"
    fields = {"title": name.title(), "permissions": permissions, **fields}
    made: Role = create_role(actor=world.acting(by), section=section, name=name, fields=fields)
    return made


def end(assignment: RoleAssignment, *, by: User) -> RoleAssignment:
    assignment.refresh_from_db()
    return end_role(actor=world.acting(by), assignment=assignment, reason="")


def set_end(assignment: RoleAssignment, ends_at: datetime | None, *, by: User) -> RoleAssignment:
    assignment.refresh_from_db()
    return set_end_of_role(actor=world.acting(by), assignment=assignment, ends_at=ends_at, reason="")


def leaves(leaver: User, *, to: User, by: User) -> list[RoleAssignment]:
    return hand_over(actor=world.acting(by), leaver=leaver, successor=to, reason="leaves")


def invited(email: str, name: str, section: Section, *, by: User, **span: Any) -> tuple[Invitation, str]:
    """An invitation, and the secret that its mail carries."""
    given = {"name": None, "starts_at": None, "ends_at": None, "reason": "", **span}
    made = invite(actor=world.acting(by), email=email, role=Role.objects.get(name=name), section=section, **given)
    return made, mailed_secret()


def mailed_secret() -> str:
    """The secret in the newest mail of an invitation."""
    body = Notification.objects.filter(kind="invitation").latest("pk").body
    found = re.search(r"/invitations/(\S+)", body)
    assert found is not None, body
    return found[1]


def with_address(user: User, *, verified: bool = True) -> User:
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": verified, "primary": True})
    return user

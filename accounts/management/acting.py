"""The actor of a command."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import User
from accounts.permissions.selectors.permissions import actor_for
from theater_site.core.actors import Actor, System


def acting_for(email: str | None, command: str) -> Actor:
    """The user with this address, with their permissions; without an address the installation itself, as `command`.

    Raises: CommandError if there is no such user, or they are deactivated.
    """
    if email is None:
        return System(command)
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        raise CommandError(f"There is no user with the address {email}.")
    if not user.is_active:
        raise CommandError(f"{email} is deactivated and cannot act.")
    return actor_for(user)

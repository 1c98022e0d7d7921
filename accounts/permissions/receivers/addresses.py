"""Marks an address as verified when its owner uses a mailed link."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress

from accounts.users.models.users import User


def verify_address(user: User, **_: Any) -> None:
    """Mark the address of a user who set a password through a mailed link as verified.

    Does nothing if the account has another address: the link may have been sent to that one.
    """
    if EmailAddress.objects.filter(user=user).exclude(email=user.email).exists():
        return
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True}, create_defaults={"verified": True, "primary": True}
    )

"""One-click unsubscribing from one kind of notification, with the token in the mail and without a sign-in (RFC 8058)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from django.conf import settings
from django.core import signing

from accounts.notifications.rules.notification_kinds import DIGEST, KINDS, Delivery
from accounts.notifications.services.notification_preferences import chosen, follow
from accounts.users.models.users import User
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import NotFound

_signer = signing.Signer(salt="accounts.unsubscribe")


class Ended(NamedTuple):
    """The kinds of notification that are no longer mailed."""

    kinds: list[str]


def one_click_address(user_id: int, kind: str) -> str | None:
    """The URL that unsubscribes this user from `kind`; None if the kind cannot be turned off."""
    if not _may_end(kind):
        return None
    return f"{settings.API_URL}/api/v1/unsubscribe/{_signer.sign(f'{user_id}.{kind}')}/"


@action("notification.unsubscribe", open_to=OpenTo.PUBLIC)
def unsubscribe(*, token: Annotated[str, Doc("The secret from the link in the mail.")]) -> Ended:
    """Stop mailing the kind of notification that the token is for. A digest's token stops all kinds in digests. Repeating it
    changes nothing.

    Error: `unsubscribe_unknown`.
    """
    user, kind = _read(token)
    preferences = chosen(user)
    kinds = [kind]
    if kind == DIGEST:
        kinds = [name for name in KINDS if _may_end(name) and preferences.delivery_of(name) is Delivery.DIGEST]
    preferences.deliveries |= dict.fromkeys(kinds, Delivery.OFF.value)
    preferences.save()
    # A digest that is already in the outbox is sent under its own kind.
    follow(preferences, {kind, *kinds})
    current().note.update(user=user.pk, kinds=kinds)
    return Ended(kinds)


def _may_end(kind: str) -> bool:
    return kind == DIGEST or (kind in KINDS and Delivery.OFF in KINDS[kind].choices)


def _read(token: str) -> tuple[User, str]:
    try:
        user_id, kind = _signer.unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        user_id, kind = "0", ""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not _may_end(kind):
        raise NotFound("This link ends nothing. Sign in and choose in your preferences.", code="unsubscribe_unknown")
    return user, kind

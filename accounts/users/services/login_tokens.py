"""Creates and revokes session tokens without a request, for the demo and for tests.

They work like those of a sign-in: they are listed among the user's sessions, and end by sign-out or a change of password.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from allauth.account.auth_backends import AuthenticationBackend
from allauth.usersessions.models import UserSession
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.cache import cache
from django.db import transaction

from accounts.users.models.users import User
from accounts.users.selectors.login_tokens import session_store
from theater_site.core.errors import NotAllowed

_NO_ADDRESS = "0.0.0.0"  # noqa: S104 (nothing binds to it: the list of sessions wants an address, and there is none)


@transaction.atomic
def issue_session_token(user: User, *, note: str = "") -> str:
    """Create a session token for `user`, to send as `X-Session-Token`. `note` is shown in the list of sessions.

    Asks for no password and no second factor: the caller must know that the user may sign in.
    Raises: NotAllowed `inactive`.
    """
    if not user.is_active:
        raise NotAllowed("This account is inactive. Activate it before anybody signs in to it.", code="inactive")
    session = session_store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = f"{AuthenticationBackend.__module__}.{AuthenticationBackend.__qualname__}"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    token = str(session.session_key)
    UserSession.objects.create(user=user, session_key=token, ip=_NO_ADDRESS, user_agent=note[:200])
    _first_this_minute(token)
    return token


def note_seen(token: str, at: datetime) -> None:
    """Record when the session of `token` was last used. Written about once a minute, by all processes together."""
    if _first_this_minute(token):
        UserSession.objects.filter(session_key=token).update(last_seen_at=at)


def _first_this_minute(token: str) -> bool:
    """Whether this is the first use in a minute. The cache key is a digest, since the token is secret."""
    return cache.add(f"session-seen:{hashlib.sha256(token.encode()).hexdigest()}", True, 60)


@transaction.atomic
def revoke_session_token(token: str) -> bool:
    """End the session of `token` at once. Returns whether it existed."""
    listed, _ = UserSession.objects.filter(session_key=token).delete()
    existed = session_store().exists(token)
    session_store().delete(token)
    return bool(listed) or existed


@transaction.atomic
def revoke_all_session_tokens(user: User) -> int:
    """End all sessions of `user`. Returns their number. Call it when an account is closed or erased."""
    tokens = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    for token in tokens:
        session_store().delete(token)
    UserSession.objects.filter(user=user).delete()
    return len(tokens)

"""Finds the actor of a request, and whether they used a second factor."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from accounts.permissions.selectors.api_tokens import TokenBearer
from accounts.permissions.selectors.permissions import actor_for
from accounts.users.models.users import User
from theater_site.core.actors import Actor

# The key under which allauth stores the sign-in methods of a session.
_METHODS = "account_authentication_methods"


def caller(user: Any, auth: Any) -> Actor:
    """The actor of a request. Answers the API's question; `auth` is the session or None.

    With REQUIRE_SECOND_FACTOR, a session without a second factor has no permissions of sensitive roles. Sessions made by
    `issue_session_token` never have them, since no second factor was used.
    """
    if isinstance(user, TokenBearer):
        return user
    if isinstance(user, User) and settings.REQUIRE_SECOND_FACTOR:
        return actor_for(user, second_factor=isinstance(auth, SessionBase) and used_second_factor(auth))
    return actor_for(user)


def used_second_factor(session: SessionBase) -> bool:
    """Whether the user gave a code of the authenticator app, or a recovery code, in this session."""
    methods = session.get(_METHODS)
    return isinstance(methods, list) and any(
        isinstance(method, dict) and method.get("method") == "mfa" for method in methods
    )

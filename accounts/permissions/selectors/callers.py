"""Who is behind a request, and how sure that is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from accounts.permissions.selectors.api_tokens import TokenBearer
from accounts.permissions.selectors.permissions import actor_for
from accounts.users.models.users import User
from theater_site.core.actors import Actor

# Where allauth keeps by which methods somebody signed in to a session.
_METHODS = "account_authentication_methods"


def caller(user: Any, auth: Any) -> Actor:
    """The actor of a request. Answers the API's question; `auth` is the session or None.

    Where REQUIRE_SECOND_FACTOR is on, a session without a second factor does not carry what sensitive roles give: one that
    was made by `issue_session_token` never does, as nobody showed a second factor for it.
    """
    if isinstance(user, TokenBearer):
        return user
    if isinstance(user, User) and settings.REQUIRE_SECOND_FACTOR:
        return actor_for(user, second_factor=isinstance(auth, SessionBase) and used_second_factor(auth))
    return actor_for(user)


def used_second_factor(session: SessionBase) -> bool:
    """Whether a code of the authenticator app, or a recovery code, was given in this session."""
    methods = session.get(_METHODS)
    return isinstance(methods, list) and any(
        isinstance(method, dict) and method.get("method") == "mfa" for method in methods
    )

"""Finds the session and the user of a session token."""

from __future__ import annotations

import re
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts.users.models.users import User

_TOKEN = re.compile(r"[a-z0-9]{32}", re.ASCII)


def session_store(token: str | None = None) -> SessionBase:
    """The session of `token`, not loaded yet; without a token a new session."""
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key=token)


def session_of_token(token: str) -> tuple[User, SessionBase] | None:
    """The active user who fully signed in with `token`, and the session, in two queries; else None.

    A session keeps a digest of the password, so that a change of password ends all other sessions.
    """
    if not _TOKEN.fullmatch(token):
        return None
    session = session_store(token)
    if SESSION_KEY not in session:
        return None
    request = HttpRequest()
    request.session = session
    user = get_user(request)
    return (user, session) if isinstance(user, User) else None

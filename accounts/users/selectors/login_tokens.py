"""Whose session a token is."""

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
    """The session that `token` names, not loaded yet; a new one without it."""
    return import_module(settings.SESSION_ENGINE).SessionStore(session_key=token)


def session_of_token(token: str) -> tuple[User, SessionBase] | None:
    """The active user fully signed in by `token` with the session, in two queries; None for every other
    token.

    A change of password ends all sessions but the one it was made in, because the session keeps a digest of
    it.
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

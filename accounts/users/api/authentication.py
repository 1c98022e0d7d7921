"""Who calls: the session token that signing in at `/api/auth/` answered with, sent as `X-Session-Token`."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.users.models.users import User
from accounts.users.selectors.login_tokens import session_of_token
from accounts.users.services.login_tokens import note_seen


class SessionTokenAuthentication(BaseAuthentication):
    """Signs a request in by its token; without the header the caller is anonymous.

    A token that is unknown, expired, signed out, half signed in (a second factor is missing) or somebody
    inactive's is refused with 401 on every address, public ones too: answering as if to a stranger would hide
    from the client that its session has ended. What is missing where sign-in is needed is 401 as well, never
    403.
    """

    def authenticate(self, request: Request) -> tuple[User, SessionBase] | None:
        token = request.headers.get("X-Session-Token")
        if token is None:
            return None
        found = session_of_token(token)
        if found is None:
            raise AuthenticationFailed(
                "This session token is not valid. Sign in again; after signing up confirm your address first."
            )
        note_seen(token, timezone.now())
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'X-Session-Token realm="api"'


class SessionTokenScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = SessionTokenAuthentication
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Session-Token",
            "description": "The `session_token` answered by `/api/auth/app/v1/auth/login`.",
        }

"""Authentication by a session token from `/api/auth/`, sent as `X-Session-Token`."""

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
    """Authenticates a request by its session token. Without the header the caller is anonymous.

    Every endpoint, also a public one, answers 401 to a token that is unknown, expired or signed out, that lacks a second
    factor, or whose user is inactive. Otherwise the client would not notice that its session has ended. A missing token where
    a sign-in is needed is 401 too, never 403.
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
    """The description of the token for the schema."""

    target_class = SessionTokenAuthentication
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Session-Token",
            "description": "The `session_token` answered by `/api/auth/app/v1/auth/login`.",
        }

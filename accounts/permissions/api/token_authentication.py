"""Authentication of programs with `Authorization: Bearer tp_...`, which can only read."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.permissions.models.tokens import ApiToken
from accounts.permissions.selectors.api_tokens import TokenBearer, bearer_of
from accounts.permissions.services.api_tokens import note_use
from theater_site.core.errors import NotAllowed


class ApiTokenAuthentication(BaseAuthentication):
    """Authenticates a request by its API token. Without the header the caller is anonymous.

    Every endpoint answers 401 to an unknown, expired or revoked token, and 403 (`read_only_token`) to every method that could
    change something.
    """

    def authenticate(self, request: Request) -> tuple[TokenBearer, ApiToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        bearer = bearer_of(text.strip(), now)
        if bearer is None:
            raise AuthenticationFailed("The API token is not valid, or no longer. Have a new one made.")
        if request.method not in SAFE_METHODS:
            raise NotAllowed(
                "An API token only reads. Sign in at /api/auth/ and send X-Session-Token to change something.",
                code="read_only_token",
            )
        note_use(bearer.token, now)
        return bearer, bearer.token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """The description of the token for the schema."""

    target_class = ApiTokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A read-only token (`tp_...`) made at `/api/v1/tokens/`. Every method but GET is 403.",
        }

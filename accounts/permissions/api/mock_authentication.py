"""Sign-in without a password, for tests and front-end developers.

`X-Mock-User: ann@example.org` signs in as that user, `X-Mock-Role: stage_manager` as the first active user with the role. Works
only while MOCK_AUTHENTICATION is on, and never in production; `manage.py check` refuses that setting there.
"""

from __future__ import annotations

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.users.models.users import User


class MockAuthentication(BaseAuthentication):
    """Answers 401 to a name or role without an active user. Does nothing where mock authentication is off."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if not settings.MOCK_AUTHENTICATION or settings.THEATER_MODE == "production":
            return None
        email = request.headers.get("X-Mock-User")
        role = request.headers.get("X-Mock-Role")
        if email is not None:
            user = User.objects.filter(email=email, is_active=True).first()
        elif role is not None:
            from accounts.permissions.selectors.permissions import people_holding

            user = next((user for user in people_holding(role) if user.is_active), None)
        else:
            return None
        if user is None:
            raise AuthenticationFailed("The mock sign-in names a user or role without an active user.")
        return user, None

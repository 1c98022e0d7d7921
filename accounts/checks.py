"""The system checks of accounts for `manage.py check`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def mock_authentication_stays_out_of_production(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.MOCK_AUTHENTICATION and settings.THEATER_MODE == "production":
        return [
            Error(
                "MOCK_AUTHENTICATION is on in production: anybody could claim to be anybody.",
                hint="Unset MOCK_AUTHENTICATION.",
                id="accounts.E001",
            )
        ]
    return []

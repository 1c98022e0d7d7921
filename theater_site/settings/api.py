"""The API: REST framework, its OpenAPI schema, CORS and proxies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from corsheaders.defaults import default_headers

from theater_site.settings.environment import PRODUCTION, env
from theater_site.settings.mail import FRONTEND_URL

TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "theater_site.api.parsing.JSONParser",
    ],
    # The `authenticate_header` of the first class makes REST framework respond 401 instead of 403. MockAuthentication does
    # nothing unless MOCK_AUTHENTICATION is set.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.users.api.authentication.SessionTokenAuthentication",
        "accounts.permissions.api.token_authentication.ApiTokenAuthentication",
        *([] if PRODUCTION else ["accounts.permissions.api.mock_authentication.MockAuthentication"]),
    ],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # Actions check the permissions of changes, and `visible_to` filters what is read.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": [
        "theater_site.api.throttling.AnonThrottle",
        "theater_site.api.throttling.UserThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", "600/min") or None,
        "user": env.str("THROTTLE_USER", "2400/min") or None,
    },
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_PAGINATION_CLASS": "theater_site.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "theater_site.api.schema.Schema",
    "EXCEPTION_HANDLER": "theater_site.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Theater site",
    "DESCRIPTION": "The API of a theater group. Sign-up, sign-in and sessions have their own specification at "
    "`/api/auth/openapi.json`. Send the session token that you get there as `X-Session-Token`.",
    "VERSION": "1.0.0",
    "EXTERNAL_DOCS": {"url": "/api/auth/openapi.json", "description": "Sign-up and sign-in (OpenAPI)"},
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "AUTHENTICATION_WHITELIST": [
        "accounts.users.api.authentication.SessionTokenAuthentication",
        "accounts.permissions.api.token_authentication.ApiTokenAuthentication",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["theater_site.api.schema.named_enums", "theater_site.api.schema.shared_parts"],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# The websites whose pages may call this API from a browser.
_site = urlsplit(FRONTEND_URL)
CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default=[f"{_site.scheme}://{_site.netloc}"])
CORS_ALLOW_HEADERS = (
    *default_headers,
    "x-session-token",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "hold-token",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-ID",
)  # fmt: skip

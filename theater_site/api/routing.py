"""The router of all resources."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Addresses below /api/v1/: lower-case plural nouns with a slash at the end."""

    include_format_suffixes = False

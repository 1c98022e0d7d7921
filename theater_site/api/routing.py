"""The router of all resources, and the address of the schema."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Addresses below /api/v1/: lower-case plural nouns with a slash at the end."""

    include_format_suffixes = False


class SchemaView(SpectacularAPIView):
    """The OpenAPI schema, as YAML or, asked for with `Accept` or `?format=json`, as JSON."""

    throttle_classes = ()

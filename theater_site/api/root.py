"""The root of the API: the addresses of its resources."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from theater_site.api.resources import ActingView


class ApiRoot(serializers.Serializer[Any]):
    """The addresses of the API, by name."""

    schema = serializers.URLField(help_text="The OpenAPI schema. Example: https://theater.example/api/v1/schema/")
    sign_in = serializers.URLField(
        help_text="The OpenAPI schema of sign-up and sign-in. Example: https://theater.example/api/auth/openapi.json"
    )
    resources = serializers.DictField(
        child=serializers.URLField(),
        help_text='The addresses of the lists, by name. Example: {"productions": "https://.../productions/"}',
    )


class ApiRootView(ActingView):
    """The root of the API."""

    # The router's prefixes, set by theater_site.urls.
    prefixes: tuple[str, ...] = ()

    @extend_schema(responses=ApiRoot, operation_id="root")
    def get(self, request: Request) -> Response:
        """List the resources of the API with their addresses."""
        root = request.build_absolute_uri("/api/v1/")
        resources = {prefix: f"{root}{prefix}/" for prefix in sorted(self.prefixes)}
        sign_in = request.build_absolute_uri("/api/auth/openapi.json")
        return Response({"schema": f"{root}schema/", "sign_in": sign_in, "resources": resources})

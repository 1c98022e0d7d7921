"""The OpenAPI schema: drf-spectacular, told of problem JSON, versions and idempotency on every operation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from theater_site.api.problems import MEDIA_TYPE, Problem

_ALWAYS = {"400": "The input is wrong.", "404": "Not here, or not for you to see.", "429": "Too many requests."}
_SIGNED_IN = {"401": "Sign in, or sign in again.", "403": "You may not do this here."}
_WRITING = {"409": "The state of things does not allow it."}
_VERSIONED = {"412": "It has changed since the version that you saw.", "428": "Name the version in If-Match."}


class Schema(AutoSchema):
    """Adds to every operation the problems it can answer with and the headers it reads."""

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method == "POST":
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    str,
                    OpenApiParameter.HEADER,
                    description="The same key and body again within 24 hours gives the first answer again.",
                )
            )
        if self.method in ("PATCH", "DELETE") or getattr(self.view, "versioned_verb", False):
            parameters.append(
                OpenApiParameter(
                    "If-Match",
                    str,
                    OpenApiParameter.HEADER,
                    required=self.method in ("PATCH", "DELETE"),
                    description='The ETag of what this is made from, such as "7".',
                )
            )
        if self.method != "GET" and hasattr(self.view, "perform"):
            parameters.append(
                OpenApiParameter(
                    "preview", bool, description="Tell what would change and what the rules say, and change nothing."
                )
            )
        return parameters

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(Problem, direction).ref
        told = {**_ALWAYS, **_SIGNED_IN}
        if self.method != "GET":
            told |= _WRITING
        if self.method in ("PATCH", "DELETE"):
            told |= _VERSIONED
        for status, description in told.items():
            bodies.setdefault(status, {"description": description, "content": {MEDIA_TYPE: {"schema": problem}}})
        return bodies

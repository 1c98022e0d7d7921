"""The OpenAPI schema: drf-spectacular, told of problem JSON, versions and idempotency on every operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Choices
from drf_spectacular.hooks import postprocess_schema_enums
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import list_hash
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter

from theater_site.api.previews import ASKED_BY
from theater_site.api.problems import MEDIA_TYPE, Problem
from theater_site.api.resources import ActingView, PreviewAnswer

_ALWAYS = {"400": "The input is wrong.", "404": "Not here, or not for you to see.", "429": "Too many requests."}
_SIGNED_IN = {"401": "Sign in, or sign in again.", "403": "You may not do this here."}
_WRITING = {"409": "The state of things does not allow it."}
_VERSIONED = {"412": "It has changed since the version that you saw.", "428": "Name the version in If-Match."}
_WALL_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"


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
        if self._can_be_previewed():
            parameters.append(
                OpenApiParameter(
                    "preview", bool, description="Tell what would change and what the rules say, and change nothing."
                )
            )
        if self.method == "GET" and isinstance(self.view, ActingView):
            parameters.append(
                OpenApiParameter(
                    ASKED_BY,
                    int,
                    description="Answer as if this submission were done, for those who may see it. The id 0 in the address is "
                    "what it makes.",
                )
            )
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if self._can_be_previewed():
            preview = self.resolve_serializer(PreviewAnswer, direction).ref
            done = bodies.setdefault("200", {"description": "With `preview`: what would change.", "content": {}})
            told_as = done["content"].setdefault("application/json", {"schema": preview})
            if told_as["schema"] != preview:
                told_as["schema"] = {"anyOf": [told_as["schema"], preview]}
        problem = self.resolve_serializer(Problem, direction).ref
        told = {**_ALWAYS, **_SIGNED_IN}
        if self.method != "GET":
            told |= _WRITING
        if self.method in ("PATCH", "DELETE"):
            told |= _VERSIONED
        for status, description in told.items():
            bodies.setdefault(status, {"description": description, "content": {MEDIA_TYPE: {"schema": problem}}})
        return bodies

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        mapped = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(mapped, dict) and mapped.get("format") == "time":
            # The format "time" wants an offset (RFC 3339), and a wall time has none.
            mapped = {**mapped, "pattern": _WALL_TIME, "example": "19:30:00"}
            del mapped["format"]
        return mapped

    def _can_be_previewed(self) -> bool:
        return self.method != "GET" and hasattr(self.view, "perform")


def named_enums(result: dict[str, Any], generator: Any, **context: Any) -> dict[str, Any]:
    """Postprocessing hook: an enumeration is called after its class (`SectionKindEnum`), whatever fields hold it.

    By the names of the fields alone, two that are called `kind` would be told apart by a digest, and renamed by each
    other.
    """
    with patched_settings({"ENUM_NAME_OVERRIDES": _enum_names()}):
        named: dict[str, Any] = postprocess_schema_enums(result, generator, **context)
    return named


def _enum_names() -> dict[str, list[tuple[Any, str]]]:
    names: dict[str, list[tuple[Any, str]]] = {}
    known: set[str] = set()
    for kind in sorted(_subclasses(Choices), key=lambda kind: (kind.__module__, kind.__qualname__)):
        choices = [(value, str(label)) for value, label in kind.choices if value not in ("", None)]
        digest = list_hash(choices)
        if not choices or digest in known:
            continue
        known.add(digest)
        name = f"{kind.__name__}Enum"
        names[name if name not in names else f"{kind.__module__.split('.')[0].title()}{name}"] = choices
    return names


def _subclasses(kind: Any) -> Iterator[Any]:
    for below in kind.__subclasses__():
        yield below
        yield from _subclasses(below)

"""The OpenAPI document, built once per process, and its view."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from typing import Any, NamedTuple

import orjson
import yaml
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from theater_site.api.error_codes import EVERYWHERE


class Document(NamedTuple):
    """A rendered document: its bytes, the same compressed by gzip, and its ETag."""

    content: bytes
    compressed: bytes
    tag: str


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as plain data."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    plain: dict[str, Any] = orjson.loads(OpenApiJsonRenderer().render(schema))
    plain["info"]["x-error-codes"] = EVERYWHERE
    return plain


@cache
def _rendered(format_: str) -> Document:
    if format_ == "yaml":
        # The C dumper writes the same in a tenth of the time.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        content = yaml.dump(document(), Dumper=dumper, sort_keys=False, allow_unicode=True, width=10_000).encode()
    else:
        content = orjson.dumps(document())
    return Document(
        content, gzip.compress(content, mtime=0), f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    )


class _Raw(BaseRenderer):
    """For content negotiation only: the view sends the bytes itself."""

    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        return data


class _Json(_Raw):
    media_type = "application/json"
    format = "json"


class _OpenApiJson(_Json):
    media_type = "application/vnd.oai.openapi+json"


class _Yaml(_Raw):
    media_type = "application/yaml"
    format = "yaml"


class _OpenApiYaml(_Yaml):
    media_type = "application/vnd.oai.openapi"


class SchemaView(APIView):
    """The OpenAPI document as JSON, or as YAML with `Accept: application/yaml`."""

    throttle_classes = ()
    renderer_classes = (_Json, _OpenApiJson, _Yaml, _OpenApiYaml)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Get the document, or 304 if `If-None-Match` has its ETag."""
        rendered = _rendered(request.accepted_renderer.format)
        response: HttpResponseBase
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
        if rendered.tag in known or "*" in known:
            response = HttpResponseNotModified()
        elif "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(rendered.compressed, content_type=request.accepted_renderer.media_type)
            response["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(rendered.content, content_type=request.accepted_renderer.media_type)
        response["ETag"] = rendered.tag
        response["Cache-Control"] = "no-cache"
        response["Vary"] = "Accept, Accept-Encoding"
        return response

"""The OpenAPI document, built once per process, and its address."""

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
    """A document as it is sent: its bytes, the same compressed, and its ETag."""

    content: bytes
    compressed: bytes
    tag: str


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as data."""
    made = SchemaGenerator().get_schema(request=None, public=True)
    plain: dict[str, Any] = orjson.loads(OpenApiJsonRenderer().render(made))
    plain["info"]["x-error-codes"] = EVERYWHERE
    return plain


@cache
def _sent_as(kind: str) -> Document:
    if kind == "yaml":
        # The C dumper takes a tenth of the time; both write the same.
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        content = yaml.dump(document(), Dumper=dumper, sort_keys=False, allow_unicode=True, width=10_000).encode()
    else:
        content = orjson.dumps(document())
    return Document(
        content, gzip.compress(content, mtime=0), f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    )


class _Sent(BaseRenderer):
    """Chosen by `Accept`; the view sends the bytes itself."""

    charset = None

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        return data


class _Json(_Sent):
    media_type = "application/json"
    format = "json"


class _OpenApiJson(_Json):
    media_type = "application/vnd.oai.openapi+json"


class _Yaml(_Sent):
    media_type = "application/yaml"
    format = "yaml"


class _OpenApiYaml(_Yaml):
    media_type = "application/vnd.oai.openapi"


class SchemaView(APIView):
    """This document: JSON, or YAML where `Accept` asks for it (`application/yaml`)."""

    throttle_classes = ()
    renderer_classes = (_Json, _OpenApiJson, _Yaml, _OpenApiYaml)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponseBase:
        """Answer the document, or 304 where `If-None-Match` names the one there is."""
        kind = request.accepted_renderer.format
        sent = _sent_as(kind)
        response: HttpResponseBase
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
        if sent.tag in known or "*" in known:
            response = HttpResponseNotModified()
        elif "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(sent.compressed, content_type=request.accepted_renderer.media_type)
            response["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(sent.content, content_type=request.accepted_renderer.media_type)
        response["ETag"] = sent.tag
        response["Cache-Control"] = "no-cache"
        response["Vary"] = "Accept, Accept-Encoding"
        return response

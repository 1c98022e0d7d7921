"""ETags of GET responses, and 304 for `If-None-Match`."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response


def answer_conditionally(request: Request, response: Any) -> None:
    """Set the ETag when the response is rendered, and turn it into an empty 304 if the caller has this ETag.

    The ETag of an object is its version and a digest of the representation ("7-1f0c..."), since values of related objects
    may change without the version. `If-Match` compares only the version.
    """
    if request.method != "GET" or response.status_code != 200 or not isinstance(response, Response):
        return
    if "no-store" in response.get("Cache-Control", ""):
        return
    response.add_post_render_callback(lambda rendered: _conditional(request, rendered))


def _conditional(request: Request, response: Response) -> None:
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
    given = response.get("ETag", "").strip('"')
    if not given or given.isdigit():
        digest = hashlib.blake2b(response.content, digest_size=8).hexdigest()
        response["ETag"] = f'"{given}-{digest}"' if given else f'"{digest}"'
    response.setdefault("Cache-Control", "private, no-cache")
    if response["ETag"] in known:
        response.status_code, response.content = 304, b""
        response.headers.pop("Content-Type", None)

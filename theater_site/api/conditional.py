"""ETags of answers to GET: `If-None-Match` is answered with 304 where nothing changed."""

from __future__ import annotations

import hashlib
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response


def answer_conditionally(request: Request, response: Any) -> None:
    """Give a rendered answer its ETag, and empty it to 304 where the caller has it already.

    The ETag of an object is its version and a digest of what is shown ("7-1f0c..."), since its name in a list or a related
    object may change without the version. `If-Match` reads the version of it.
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

"""The router of all resources, and addresses without a trailing slash."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Routes addresses below /api/v1/: plural nouns in lower case with a trailing slash."""

    include_format_suffixes = False


class SlashAtTheEnd:
    """Middleware: serves `/api/v1/seasons` as `/api/v1/seasons/`. A redirect would turn a POST into a GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith("/api/v1") and not path.endswith("/") and "." not in path.rpartition("/")[2]:
            request.path_info = f"{path}/"
            request.path = f"{request.path}/"
        return self.get_response(request)

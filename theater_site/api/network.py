"""Middleware that makes the caller's network address available to limits."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from rest_framework.throttling import BaseThrottle

from theater_site.core.network import bind_address


class NetworkAddress:
    """Sets the address for the whole request. TRUSTED_PROXIES is how many entries of X-Forwarded-For are trusted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with bind_address(str(BaseThrottle().get_ident(request) or "")):  # type: ignore[arg-type]
            return self.get_response(request)

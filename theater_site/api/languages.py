"""The language in which the sender of a request reads."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from rest_framework.request import Request


def language_of(request: Request | None) -> str:
    """The language of the signed-in user, else the best of `Accept-Language`, else that of the installation."""
    if request is None:
        return settings.LANGUAGE_CODE
    chosen = getattr(request.user, "language", "") if request.user.is_authenticated else ""
    if chosen:
        try:
            return translation.get_supported_language_variant(chosen)
        except LookupError:
            return settings.LANGUAGE_CODE
    return translation.get_language_from_request(request._request)

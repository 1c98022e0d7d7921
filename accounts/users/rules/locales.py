"""The language and time zone of a reader, as far as the installation supports them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation


def supported(language: str) -> str:
    """The supported language that is nearest to this one."""
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE


def zone_of(timezone: str) -> ZoneInfo:
    """The zone of this name; the installation's zone if the name is invalid."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # no such zone, or no name of one
        return ZoneInfo(settings.DEFAULT_USER_TIME_ZONE)

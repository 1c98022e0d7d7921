"""The language and the zone in which somebody reads, as far as the installation has them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation


def supported(language: str) -> str:
    """The language of ours that is nearest to this one."""
    try:
        return translation.get_supported_language_variant(language)
    except LookupError:
        return settings.LANGUAGE_CODE


def zone_of(timezone: str) -> ZoneInfo:
    """The zone of this name; the installation's for a name of none."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # no such zone, or no name of one
        return ZoneInfo(settings.DEFAULT_USER_TIME_ZONE)

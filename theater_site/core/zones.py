"""IANA time zones by name."""

from __future__ import annotations

import zoneinfo

from theater_site.core.errors import Invalid


def refuse_unknown_zone(name: str, *, field: str = "timezone") -> None:
    """Raise Invalid `unknown_timezone` unless `name` is the name of an IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise Invalid(
            f"{name[:60]!r} is not an IANA time zone. Use a name such as Europe/London.",
            code="unknown_timezone",
            field=field,
        )

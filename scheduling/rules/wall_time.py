"""Wall time and IANA zone are the source values of an event; its UTC instant is derived from them.

A show at 19:00 stays at 19:00 when a law changes the clocks. If a clock change makes a wall
time impossible or ambiguous, RFC 5545 section 3.3.5 applies, as for a DATE-TIME with
TZID:

* a skipped time (02:30 when the clock jumps from 02:00 to 03:00) is read with the offset before the jump,
  so it happens at 03:30;
* a repeated time means its first pass.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import zoneinfo
from zoneinfo import ZoneInfo

from theater_site.core.errors import Invalid

# In the database, but not places: the machine's own zone, and "no zone was chosen".
_NOT_A_PLACE = frozenset({"localtime", "Factory"})


def to_utc(date: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Return the instant, aware and in UTC, at which the clocks of `zone` show `date` and `time`.

    Raises Invalid (field `date`) if the instant is outside the years 1 to 9999, and ValueError for a
    time with a zone.
    """
    if time.tzinfo is not None:
        raise ValueError("A wall time must not have a zone.")
    # fold=0 gives both answers of the module docstring: the offset before a gap, and the first pass of a
    # fold.
    wall = dt.datetime.combine(date, time.replace(fold=0), tzinfo=zone)
    try:
        return wall.astimezone(dt.UTC)
    except OverflowError:
        raise Invalid("This date is out of range. Use a year from 1 to 9999.", field="date") from None


def to_wall(utc: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return what the clocks of `zone` show at the aware instant `utc`, as a naive datetime.

    It inverts `to_utc` except in the second pass of a repeated hour, which wall time cannot distinguish from
    the first.
    """
    if utc.tzinfo is None:
        raise ValueError("An instant needs a zone; a naive datetime is a wall time.")
    return utc.astimezone(zone).replace(tzinfo=None, fold=0)


def clock_note(date: dt.date, time: dt.time, zone: ZoneInfo) -> str | None:
    """Explain the effect of a clock change on this wall time; None on other days."""
    shown = to_wall(to_utc(date, time, zone), zone)
    if shown != dt.datetime.combine(date, time):
        return f"The clocks skip {time:%H:%M} on {date}. This starts at {shown:%H:%M}."
    once, again = (dt.datetime.combine(date, time.replace(fold=fold), tzinfo=zone).utcoffset() for fold in (0, 1))
    return f"The clocks show {time:%H:%M} twice on {date}. This starts the first time." if once != again else None


def valid_zone(name: str) -> ZoneInfo:
    """Return the zone of this exact IANA name; anything else is Invalid (field `timezone`, code
    `unknown_timezone`).

    The message and `data["suggestions"]` (best first, at most three) have similar names: "Europe/London" for
    "london".
    """
    # Looked up in the list, not tried as a key: ZoneInfo opens a file of that name, which ignores case on some
    # systems, and raises many kinds of errors for directories and unusual names.
    if isinstance(name, str) and name in _zone_names():
        return ZoneInfo(name)
    suggestions = _closest_zones(name) if isinstance(name, str) else []
    hint = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
    shown = repr(name if not isinstance(name, str) or len(name) <= 60 else name[:60] + "…")
    raise Invalid(
        f"{shown} is not the name of an IANA time zone, such as Europe/London.{hint}",
        code="unknown_timezone",
        field="timezone",
        data={"suggestions": suggestions},
    )


@functools.cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - _NOT_A_PLACE


def _closest_zones(name: str) -> list[str]:
    """Return names that resemble `name`, in full or by their city, ignoring case and spaces."""
    wanted = name.strip().casefold().replace(" ", "_")[:60]
    by_spelling: dict[str, list[str]] = {}
    for zone in sorted(_zone_names()):
        for spelling in {zone.casefold(), zone.rpartition("/")[2].casefold()}:
            by_spelling.setdefault(spelling, []).append(zone)
    found: list[str] = []
    for spelling in difflib.get_close_matches(wanted, by_spelling, n=3, cutoff=0.75):
        # A region's own name comes before its aliases in "US/..." and the like.
        found += sorted(by_spelling[spelling], key=lambda zone: ("/" not in zone, zone))
    return list(dict.fromkeys(found))[:3]

"""Books spaces, and explains the conflicts that the database refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError

from scheduling.models import Booking, Occurrence, Space
from scheduling.models.bookings import SPACE_TAKEN
from scheduling.rules.wall_time import to_wall, valid_zone
from scheduling.selectors.conflicts import Clash, Wanted, clashes, in_its_own_way, visible_among
from scheduling.selectors.space_parts import spaces_of
from scheduling.services.equipment import book_equipment, release_equipment
from theater_site.core.actions import current
from theater_site.core.conflicts import conflict_of
from theater_site.core.errors import Conflict

# So many conflicts are listed; the rest is counted.
_TOLD = 20


def book(occurrences: Sequence[Occurrence], *, replace: bool = False, created: bool = False) -> None:
    """Book the spaces of these saved occurrences and their parts, setup and strike included: all of them or none.

    Their equipment is booked too, unless they were just `created`. With `replace` it first releases their old bookings, so
    that each of a series can take the span of the next.
    Raises: `space_taken` with the conflicting bookings as far as the actor may see them; `overlaps_itself` if they
    conflict with each other; `equipment_taken`. A check before the insert would let another booking take the space in
    between, so the rows are inserted, and the database's error is explained.
    """
    taken = spaces_of(occurrences)
    rows = [_booking_of(row, space) for row in occurrences for space in sorted(taken.get(row.pk, ()))]
    wanted = [Wanted(row.space_id, row.starts_at, row.ends_at) for row in rows]
    _refuse_overlap(wanted)
    spaces = {row.space_id for row in rows}
    if replace:
        spaces |= set(Booking.objects.filter(occurrence__in=occurrences).values_list("space_id", flat=True))
    _lock(spaces)
    if replace:
        Booking.objects.filter(occurrence__in=occurrences).delete()
    try:
        Booking.objects.bulk_create(rows)
    except IntegrityError as error:
        refusal = conflict_of(error)
        if refusal.code != SPACE_TAKEN:
            raise refusal from error
        raise _taken(clashes(wanted, besides=[row.occurrence_id for row in rows])) from error
    if not created:
        book_equipment(occurrences)


def _booking_of(row: Any, space: int) -> Booking:
    return Booking(
        section_id=row.section_id,
        space_id=space,
        occurrence=row,
        starts_at=row.booked_from,
        ends_at=row.booked_until,
    )


def release(occurrences: Sequence[Occurrence]) -> None:
    """Release the spaces and the equipment of these occurrences."""
    Booking.objects.filter(occurrence__in=occurrences).delete()
    release_equipment(occurrences)


def _lock(spaces: set[int]) -> None:
    """Lock the spaces, so that each has one booking after the other: two concurrent exclusion checks would wait for each
    other on PostgreSQL until one fails with a deadlock.

    Not FOR UPDATE, which would wait for every row that references the space.
    """
    rows = Space.objects.filter(pk__in=spaces).order_by("pk").values_list("pk")
    list(rows.select_for_update(no_key=True))


def _refuse_overlap(wanted: Sequence[Wanted]) -> None:
    pair = in_its_own_way(wanted)
    if pair is None:
        return
    first, second = pair
    raise Conflict(
        f"These dates overlap: the one at {_utc(first.starts_at)} ends at "
        f"{_utc(first.ends_at)}, and the next one starts at {_utc(second.starts_at)}. Shorten or leave one out.",
        code="overlaps_itself",
        data={"first": _span(first), "second": _span(second)},
    )


def _taken(found: list[Clash]) -> Conflict:
    seen = visible_among(current().actor, {clash.booking.occurrence_id for clash in found})
    told = [_conflict_data(clash, seen) for clash in found[:_TOLD]]
    lead = told[0]
    others = f" {len(found) - 1} more {'date clashes' if len(found) == 2 else 'dates clash'}." if len(found) > 1 else ""
    return Conflict(
        f"{lead['space_name']} is taken by {lead['title'] or 'another event'} {lead['when']}.{others} "
        f"Choose another time or space; GET /api/v1/conflicts/?space={lead['space']} with starts_at and ends_at "
        "shows what is free.",
        code=SPACE_TAKEN,
        field="space",
        data={"clashes": told, "count": len(found)},
    )


def _conflict_data(clash: Clash, seen: frozenset[int]) -> dict[str, Any]:
    booking = clash.booking
    occurrence = booking.occurrence
    visible = occurrence.pk in seen
    return {
        "space": booking.space_id,
        "space_name": f"{booking.space.name} ({booking.space.venue.name})",
        "occurrence": occurrence.pk if visible else None,
        "title": occurrence.shown_title or occurrence.get_category_display() if visible else None,
        "starts_at": _utc(booking.starts_at),
        "ends_at": _utc(booking.ends_at),
        "when": _when(booking, occurrence.timezone),
        "wanted": _span(clash.wanted),
    }


def _when(booking: Booking, zone: str) -> str:
    """Return the span in the wall time of the conflicting event, for messages."""
    place = valid_zone(zone)
    start, end = to_wall(booking.starts_at, place), to_wall(booking.ends_at, place)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"from {start:%Y-%m-%d %H:%M} to {until} ({zone})"


def _span(wanted: Wanted) -> dict[str, str]:
    return {"starts_at": _utc(wanted.starts_at), "ends_at": _utc(wanted.ends_at)}


def _utc(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

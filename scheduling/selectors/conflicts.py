"""Finds conflicts: bookings that overlap a span, and events of the calendar that overlap."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q

from scheduling.models import Booking, Occurrence, OccurrenceStatus
from scheduling.rules.spans import LONGEST_DAYS
from theater_site.core.actors import Actor

_LONGEST = dt.timedelta(days=LONGEST_DAYS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A space for a span, half open: an event that ends when the next starts does not conflict."""

    space_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Clash:
    """A wanted span, and the booking that conflicts with it."""

    wanted: Wanted
    booking: Booking


@dataclass(frozen=True, slots=True)
class Collision:
    """Two occurrences that overlap from `starts_at` to `ends_at`: in one `space`, or of one `production` in
    two places.
    """

    kind: str
    first: Occurrence
    second: Occurrence
    starts_at: dt.datetime
    ends_at: dt.datetime


def clashes(wanted: Sequence[Wanted], *, besides: Iterable[int] = ()) -> list[Clash]:
    """Return every booking that conflicts with `wanted`, in order of the wanted spans, with occurrence and space loaded.

    One query for all of `wanted`; the bookings of the occurrences `besides` do not count.
    """
    found = Q(pk__in=())
    for space_id in {one.space_id for one in wanted}:
        spans = [one for one in wanted if one.space_id == space_id]
        first, last = min(one.starts_at for one in spans), max(one.ends_at for one in spans)
        # The lower bound on the start lets the index end the search.
        found |= Q(space_id=space_id, starts_at__lt=last, starts_at__gt=first - _LONGEST, ends_at__gt=first)
    bookings = (
        Booking.objects.filter(found)
        .exclude(occurrence_id__in=list(besides))
        .select_related("space__venue", "occurrence__production")
        .order_by("starts_at", "pk")
    )
    held: dict[int, list[Booking]] = defaultdict(list)
    for booking in bookings:
        held[booking.space_id].append(booking)
    return [
        Clash(one, booking)
        for one in wanted
        for booking in held[one.space_id]
        if booking.starts_at < one.ends_at and booking.ends_at > one.starts_at
    ]


def in_the_way(occurrences: Sequence[Occurrence]) -> dict[int, list[Occurrence]]:
    """Return by occurrence id the events that now have its space, with one query for all; none without a space."""
    wanted: dict[Wanted, list[Occurrence]] = {
        Wanted(row.space_id, row.booked_from, row.booked_until): []
        for row in occurrences
        if row.space_id is not None and row.booked_from is not None and row.booked_until is not None
    }
    for clash in clashes(list(wanted), besides=[row.pk for row in occurrences]):
        wanted[clash.wanted].append(clash.booking.occurrence)
    return {
        row.pk: wanted.get(Wanted(row.space_id, row.booked_from, row.booked_until), [])  # type: ignore[arg-type]
        for row in occurrences
    }


def in_its_own_way(wanted: Sequence[Wanted]) -> tuple[Wanted, Wanted] | None:
    """Return the first two of the wanted spans that overlap in one space; None if there are none."""
    latest: dict[int, Wanted] = {}
    for one in sorted(wanted, key=lambda one: (one.starts_at, one.ends_at)):
        before = latest.get(one.space_id)
        if before is not None and before.ends_at > one.starts_at:
            return before, one
        # None before it reaches further, or the two would have overlapped.
        latest[one.space_id] = one
    return None


class _Held(NamedTuple):
    """The fields of an occurrence that decide whether it conflicts."""

    pk: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    space_id: int | None
    venue_id: int | None
    production_id: int | None


def collisions(among: Any) -> list[Collision]:
    """Return the conflicts of the occurrences `among` (a queryset) with each other and with any others,
    in order of time.

    Two events in one space (imported rows may have a space without a booking), or two of one production in different
    places. Canceled events and those without a known end do not count.
    """
    standing = Q(ends_at__isnull=False) & ~Q(status=OccurrenceStatus.CANCELED)
    chosen = [_Held(*row) for row in among.filter(standing).order_by().values_list(*_Held._fields)]
    if not chosen:
        return []
    first, last = min(row.starts_at for row in chosen), max(row.ends_at for row in chosen)
    others = Occurrence.objects.filter(
        standing,
        Q(space__in={row.space_id for row in chosen} - {None})
        | Q(production__in={row.production_id for row in chosen} - {None}),
        # `sort_at` equals a known start, and is the last column of the indexes.
        sort_at__lt=last,
        sort_at__gt=first - _LONGEST,
        ends_at__gt=first,
    )
    rows = {_Held(*row) for row in others.order_by().values_list(*_Held._fields)}.union(chosen)
    pairs = list(_meetings(sorted(rows, key=lambda row: (row.starts_at, row.pk)), {row.pk for row in chosen}))
    loaded = Occurrence.objects.select_related("production", "venue", "space").in_bulk(
        {row.pk for _, *both in pairs for row in both}
    )
    return [
        Collision(kind, loaded[one.pk], loaded[other.pk], other.starts_at, min(one.ends_at, other.ends_at))
        for kind, one, other in pairs
    ]


def _meetings(rows: Iterable[_Held], chosen: set[int]) -> Iterator[tuple[str, _Held, _Held]]:
    """Sweep over time: pair each row with those that have begun and not ended, by space or production."""
    open_now: dict[tuple[str, int], list[_Held]] = defaultdict(list)
    for row in rows:
        for kind, key in (("space", row.space_id), ("production", row.production_id)):
            if key is None:
                continue
            going = [other for other in open_now[kind, key] if other.ends_at > row.starts_at]
            for other in going:
                apart = (other.venue_id, other.space_id) != (row.venue_id, row.space_id)
                if (row.pk in chosen or other.pk in chosen) and (kind == "space" or apart):
                    yield kind, other, row
            open_now[kind, key] = [*going, row]


def visible_among(actor: Actor, occurrences: Iterable[int]) -> frozenset[int]:
    """Return which of these occurrences `actor` may see."""
    return frozenset(Occurrence.objects.visible_to(actor).filter(pk__in=list(occurrences)).values_list("pk", flat=True))

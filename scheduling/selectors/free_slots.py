"""Finds spans in which an event fits: its space is free, and as far as possible its production too."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Q

from scheduling.models import PLANNED, Booking, Occurrence, Space
from scheduling.rules.free_slots import Window, free_windows, rounded_up
from scheduling.rules.performance_dates import WEEK, Weekday
from scheduling.rules.spans import LONGEST_DAYS
from scheduling.rules.wall_time import to_utc, valid_zone
from theater_site.core import runs

_LONGEST = dt.timedelta(days=LONGEST_DAYS)
# Starts are offered at full quarters of an hour.
_STEP = 15


@dataclass(frozen=True, slots=True)
class Request:
    """What is looked for: `minutes` between `earliest` and `latest` (wall time at the venue) on these days.

    `latest` may be before `earliest`: then it is on the next day. The bookings of `occurrence`, the event to move, do not count.
    """

    minutes: int
    first: dt.date
    last: dt.date
    earliest: dt.time
    latest: dt.time
    weekdays: Collection[Weekday]
    production_id: int | None = None
    occurrence_id: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A free span of a space: the event can start at `starts_at`, and at the latest so that it ends at `free_until`.

    `overlaps` are events of the same production in other places at that time.
    """

    space: Space
    starts_at: dt.datetime
    ends_at: dt.datetime
    free_until: dt.datetime
    overlaps: tuple[Occurrence, ...]


def free_slots(request: Request, spaces: Sequence[Space]) -> list[Slot]:
    """The free spans of these spaces in the future, the first start of each. Two queries.

    Best first: without an overlap, then by time, then in the order of `spaces`. Spaces of venues without a time zone have none.
    """
    windows = {space: _windows(request, space) for space in spaces if space.venue.timezone}
    every = [window for of_space in windows.values() for window in of_space]
    if not every:
        return []
    whole = Window(min(window.starts_at for window in every), max(window.ends_at for window in every))
    busy = _busy(request, [space.pk for space in windows], whole)
    beside = _beside(request, whole)
    length, now = dt.timedelta(minutes=request.minutes), runs.instant()
    found = []
    for space, of_space in windows.items():
        for window in of_space:
            for free in free_windows(window, busy[space.pk], length):
                start = rounded_up(max(free.starts_at, now), _STEP)
                if start + length <= free.ends_at:
                    found.append(_slot(space, Window(start, start + length), free.ends_at, beside))
    order = {space.pk: place for place, space in enumerate(spaces)}
    found.sort(key=lambda slot: (bool(slot.overlaps), slot.starts_at, order[slot.space.pk]))
    return found


def _windows(request: Request, space: Space) -> list[Window]:
    """The hours of each asked day at the space, as instants. Hours that follow one another are not joined."""
    zone = valid_zone(space.venue.timezone)
    overnight = dt.timedelta(days=1 if request.latest <= request.earliest else 0)
    days = (request.first + dt.timedelta(days=number) for number in range((request.last - request.first).days + 1))
    return [
        Window(to_utc(day, request.earliest, zone), to_utc(day + overnight, request.latest, zone))
        for day in days
        if WEEK[day.weekday()] in request.weekdays
    ]


def _busy(request: Request, spaces: list[int], whole: Window) -> dict[int, list[Window]]:
    bookings = Booking.objects.filter(
        space__in=spaces,
        starts_at__lt=whole.ends_at,
        starts_at__gt=whole.starts_at - _LONGEST,
        ends_at__gt=whole.starts_at,
    )
    if request.occurrence_id is not None:
        bookings = bookings.exclude(occurrence=request.occurrence_id)
    busy: dict[int, list[Window]] = defaultdict(list)
    for space, starts_at, ends_at in bookings.values_list("space", "starts_at", "ends_at"):
        busy[space].append(Window(starts_at, ends_at))
    return busy


def _beside(request: Request, whole: Window) -> list[Occurrence]:
    """The events of the production in that time, wherever they are."""
    if request.production_id is None:
        return []
    rows = Occurrence.objects.filter(
        Q(status__in=PLANNED, ends_at__isnull=False, production=request.production_id),
        sort_at__lt=whole.ends_at,
        sort_at__gt=whole.starts_at - _LONGEST,
        ends_at__gt=whole.starts_at,
    )
    if request.occurrence_id is not None:
        rows = rows.exclude(pk=request.occurrence_id)
    return list(rows.select_related("production").order_by("sort_at", "pk"))


def _slot(space: Space, span: Window, free_until: dt.datetime, beside: list[Occurrence]) -> Slot:
    overlaps = tuple(
        row
        for row in beside
        if row.starts_at is not None and row.ends_at is not None
        if row.starts_at < span.ends_at and row.ends_at > span.starts_at
    )
    return Slot(space, span.starts_at, span.ends_at, free_until, overlaps)

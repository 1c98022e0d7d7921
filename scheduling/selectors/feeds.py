"""The public calendar, for programs that subscribe to it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.permissions.selectors.sections import organization
from productions.rules.partial_dates import PartialDate
from scheduling.models import Occurrence, OccurrenceStatus
from scheduling.rules import ical
from theater_site.core import runs
from theater_site.core.actors import Public

BACK = dt.timedelta(days=90)
AHEAD = dt.timedelta(days=731)


def public_calendar(**only: int | str) -> bytes:
    """Return public events from 90 days back to two years ahead, as iCalendar. Canceled events are marked as such.

    `only` narrows it by `production`, `venue` or `category`. Events without a day are left out. Raises NotFound before an
    organization is founded.
    """
    root = organization()
    now = runs.instant()
    rows = Occurrence.objects.visible_to(Public()).filter(sort_at__gte=now - BACK, sort_at__lt=now + AHEAD, **only)
    shown = rows.select_related("production", "venue", "space").order_by("sort_at", "pk")
    # The root's label is unique to this installation and never changes.
    return ical.write(root.name, [event for row in shown if (event := calendar_event(row, root.label)) is not None])


# RFC 5545 3.8.1.11.
_STATUSES = {OccurrenceStatus.CANCELED: "CANCELLED", OccurrenceStatus.TENTATIVE: "TENTATIVE"}


def uid_of(row: Occurrence, installation: str) -> str:
    """The UID of an occurrence, which never changes."""
    return f"occurrence-{row.pk}@{installation}"


def occurrence_of(uid: str) -> Occurrence | None:
    """The occurrence of a UID that this installation gave; None for any other."""
    number, _, installation = uid.removeprefix("occurrence-").partition("@")
    if not uid.startswith("occurrence-") or installation != organization().label or not number.isdecimal():
        return None
    return Occurrence.objects.filter(pk=int(number[:18])).first()


def calendar_event(row: Any, installation: str) -> ical.CalendarEvent | None:
    """An occurrence as iCalendar writes it; None without a day."""
    date = PartialDate.parse(row.date)
    if date is None or date.precision != "day":
        return None
    day = date.earliest
    return ical.CalendarEvent(
        uid=uid_of(row, installation),
        sequence=row.version - 1,
        changed_at=row.updated_at.replace(microsecond=0),
        summary=row.shown_title or row.get_category_display(),
        start=day if row.start_time is None else dt.datetime.combine(day, row.start_time),
        minutes=row.duration_minutes,
        timezone=row.timezone,
        location=_location(row),
        note=row.status_note,
        status=_STATUSES.get(row.status, "CONFIRMED"),
    )


def _location(row: Any) -> str:
    parts = [row.space.name if row.space is not None else ""]
    if row.venue is not None:
        parts += [row.venue.name, row.venue.address, row.venue.city, row.venue.country]
    return ", ".join(part for part in parts if part)

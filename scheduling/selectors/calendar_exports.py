"""The calendar as other programs take it: iCalendar, Google's JSON and CSV, and plain JSON rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import orjson

from accounts.permissions.selectors.sections import organization
from scheduling.models import Occurrence, OccurrenceStatus
from scheduling.rules import ical
from scheduling.rules.wall_time import to_wall, valid_zone
from scheduling.selectors.feeds import calendar_event, uid_of
from scheduling.selectors.occurrences import starting_from, up_to
from theater_site.core.actors import Actor

_GOOGLE_STATUS = {OccurrenceStatus.CANCELED: "cancelled", OccurrenceStatus.TENTATIVE: "tentative"}
_CSV = (
    "Subject",
    "Start Date",
    "Start Time",
    "End Date",
    "End Time",
    "All Day Event",
    "Description",
    "Location",
    "Private",
)


def exported(
    actor: Actor, first: dt.date, last: dt.date, *, person: int | None = None, form: str = "ics", **only: int
) -> bytes:
    """The occurrences from `first` to `last` that `actor` may see, in the form `ics`, `google-json`, `google-csv` or `json`.

    `only` narrows them by `production` or `venue`, `person` by who is called. Events without a day are left out.
    """
    rows = up_to(starting_from(Occurrence.objects.visible_to(actor), first), last).filter(**only)
    if person is not None:
        rows = rows.filter(calls__person=person)
    found = rows.select_related("production", "series", "venue", "space").order_by("sort_at", "pk")
    return FORMS[form]([row for row in found if len(row.date) == 10])


def _ics(rows: list[Occurrence]) -> bytes:
    root = organization()
    events = [event for row in rows if (event := calendar_event(row, root.label)) is not None]
    return ical.write(root.name, events)


def _json(rows: list[Occurrence]) -> bytes:
    label = organization().label
    return orjson.dumps(
        [
            {
                "uid": uid_of(row, label),
                "recurrence_id": row.recurrence_id or None,
                "title": _title(row),
                "start": row.starts_at,
                "end": row.ends_at,
                "date": row.date,
                "timezone": row.timezone,
                "status": row.status,
            }
            for row in rows
        ],
        option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2,
    )


def _google_json(rows: list[Occurrence]) -> bytes:
    """A list of event resources of the Google Calendar API (v3, Events)."""
    label = organization().label
    return orjson.dumps(
        [
            {
                "iCalUID": uid_of(row, label),
                "summary": _title(row),
                "location": _place(row),
                "status": _GOOGLE_STATUS.get(row.status, "confirmed"),  # type: ignore[call-overload]
                **_google_times(row),
            }
            for row in rows
        ],
        option=orjson.OPT_INDENT_2,
    )


def _google_times(row: Occurrence) -> dict[str, Any]:
    if row.starts_at is None:
        day = dt.date.fromisoformat(row.date)
        return {"start": {"date": row.date}, "end": {"date": (day + dt.timedelta(days=1)).isoformat()}}
    start, end = _walls(row)
    return {
        name: {"dateTime": wall.isoformat(), "timeZone": row.timezone}
        for name, wall in (("start", start), ("end", end))
    }


def _google_csv(rows: list[Occurrence]) -> bytes:
    """The table that Google Calendar imports; canceled events are left out, since it has no column for them."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(_CSV)
    for row in rows:
        if row.status == OccurrenceStatus.CANCELED:
            continue
        cells = ["", "", "", ""]
        if row.starts_at is not None:
            start, end = _walls(row)
            cells = [f"{start:%m/%d/%Y}", f"{start:%I:%M %p}", f"{end:%m/%d/%Y}", f"{end:%I:%M %p}"]
        else:
            day = dt.date.fromisoformat(row.date)
            cells = [f"{day:%m/%d/%Y}", "", f"{day:%m/%d/%Y}", ""]
        all_day = str(row.starts_at is None)
        table.writerow([_title(row), *cells, all_day, row.status_note, _place(row), str(row.visibility == "internal")])
    return text.getvalue().encode()


def _walls(row: Occurrence) -> tuple[dt.datetime, dt.datetime]:
    zone = valid_zone(row.timezone)
    assert row.starts_at is not None
    return to_wall(row.starts_at, zone), to_wall(row.ends_at or row.starts_at, zone)


def _title(row: Occurrence) -> str:
    return row.shown_title or row.get_category_display()


def _place(row: Occurrence) -> str:
    return ", ".join(place.name for place in (row.space, row.venue) if place is not None)


FORMS: dict[str, Callable[[list[Occurrence]], bytes]] = {
    "ics": _ics,
    "google-json": _google_json,
    "google-csv": _google_csv,
    "json": _json,
}

"""The occurrences of an event series: created from its rule, placed, saved together, and remembered for undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from scheduling.models import PLANNED, EventSeries, Occurrence, Visibility
from scheduling.rules.recurrence import MAX_OCCURRENCES, validate
from scheduling.rules.rrule import parse
from scheduling.rules.spans import Placing
from scheduling.rules.wall_time import valid_zone
from scheduling.selectors.categories import defaults_of
from scheduling.signals import Move, occurrences_moved
from theater_site.core import runs
from theater_site.core.actions import current
from theater_site.core.errors import Invalid
from theater_site.core.inputs import dump

# Rules without an end are stored for some 18 months.
HORIZON = dt.timedelta(days=548)
# What undo restores.
SERIES_FIELDS = (
    "rrule", "first_date", "start_time", "planned_time", "shift_days", "duration_minutes", "space_id", "skipped", "added",
    "endless",
)  # fmt: skip
ROW_FIELDS = ("date", "start_time", "duration_minutes", "timezone", "venue_id", "space_id", "status", "status_note")


def stored_rule(rrule: str, first: dt.date, timezone: str) -> tuple[str, bool]:
    """The rule as a series stores it, and whether it has no end: then it ends at the horizon.

    Raises Invalid with the codes of a rule.
    """
    rule, zone = parse(rrule), valid_zone(timezone)
    endless = rule.count is None and rule.until is None
    if endless:
        start = max(runs.instant(), dt.datetime.combine(first, dt.time(), tzinfo=dt.UTC))
        rule = replace(rule, until=(start + HORIZON).replace(microsecond=0))
    return validate(str(rule), zone), endless


def remember(series: EventSeries, *, rows: Iterable[Occurrence] = ()) -> dict[str, Any]:
    """Keep how the series and these occurrences are now, so that the next change can be undone. It is saved with the series."""
    memory = series.last_change = {
        "series": {name: dump(getattr(series, name)) for name in SERIES_FIELDS},
        "rows": {str(row.pk): {name: dump(getattr(row, name)) for name in ROW_FIELDS} for row in rows},
        "created": [],
    }
    return memory


def new_occurrences(series: EventSeries, walls: Iterable[dt.datetime]) -> list[Occurrence]:
    """Unsaved occurrences of the series for these wall times of its rule."""
    defaults = defaults_of(series.category)
    rows = []
    for wall in walls:
        row = Occurrence(
            section=series.section,
            production=series.production,
            series=series,
            recurrence_id=wall.isoformat(timespec="seconds"),
            title=series.title,
            category=series.category,
            visibility=Visibility.INTERNAL if series.internal else Visibility.PUBLIC,
            setup_minutes=defaults.setup_minutes,
            strike_minutes=defaults.strike_minutes,
            timezone=series.timezone,
        )
        place(row, series, moved=True)
        rows.append(row)
    return rows


def place(row: Occurrence, series: EventSeries, *, moved: bool) -> None:
    """Set when an occurrence takes place, as its series gives it; with `moved` also where."""
    try:
        wall = series.wall_of(row.recurrence_id)
    except OverflowError:
        raise Invalid("The new date is out of the calendar's range.", code="out_of_range", field="days") from None
    row.date, row.start_time, row.duration_minutes = wall.date().isoformat(), wall.time(), series.duration_minutes
    if moved:
        row.space = space = series.space
        if space is not None:
            row.venue = space.venue
            row.timezone = space.venue.timezone or row.timezone
    row.check_values()
    span = row.span
    row.starts_at, row.ends_at, row.sort_at = span.starts_at, span.ends_at, span.sort_at


def coming_of(series: EventSeries) -> list[Occurrence]:
    """Its planned future occurrences, locked, in order of their keys."""
    rows = series.occurrences.filter(status__in=PLANNED, starts_at__gt=current().instant)
    return list(rows.select_related("section", "space__venue").select_for_update(of=("self",)).order_by("pk"))


_PLACING = ("date", "start_time", "duration_minutes", "timezone", "venue", "space", "starts_at", "ends_at", "sort_at")


def save_placings(rows: list[Occurrence], *also: str) -> None:
    """Save when and where these occurrences are, and the fields `also`, in one statement."""
    if rows:
        Occurrence.objects.bulk_update(rows, [*_PLACING, *also], batch_size=MAX_OCCURRENCES)


def announce_moves(rows: list[Occurrence], befores: list[Placing]) -> None:
    """Announce once what was rescheduled among these occurrences."""
    moves = [Move(row, before) for row, before in zip(rows, befores, strict=True) if row.placing != before]
    if moves:
        occurrences_moved.announce(moves=moves)

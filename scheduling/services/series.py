"""Schedules event series, creates their occurrences, and reschedules or cancels them together."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, TypedDict

from accounts.models import Section
from productions.models import Production
from scheduling.models import PLANNED, Category, EventSeries, Occurrence, OccurrenceStatus, Space, Visibility
from scheduling.rules.recurrence import expand, validate
from scheduling.rules.wall_time import valid_zone
from scheduling.selectors.categories import defaults_of
from scheduling.services.conflicts import book, release
from scheduling.services.occurrences import refuse_misplaced
from scheduling.signals import Move, occurrences_canceled, occurrences_moved, occurrences_scheduled
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


class _Plan(TypedDict):
    rrule: str
    first_date: dt.date
    start_time: dt.time
    duration_minutes: int


class SeriesFields(_Plan, total=False):
    """Fields of an event series: `rrule` is an RFC 5545 rule that ends ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=20") and that the
    first date matches; times are wall time in `timezone`, by default the zone of the space's
    venue.

    `skipped` lists dates of the rule to leave out, `added` more dates. Both take days ("2026-12-24", at the usual time)
    and wall times ("2026-12-23T19:00").
    """

    title: str
    category: Category
    space: Space | None
    timezone: str
    skipped: list[str]
    added: list[str]
    internal: bool


class SeriesMove(TypedDict, total=False):
    """How to reschedule a series: by a number of days (negative: earlier), to another start, duration or space."""

    days: Annotated[int, Doc("By how many days each date moves; negative is earlier. Example: 7")]
    start_time: Annotated[dt.time, Doc("When it starts from now on, in wall time at the venue. Example: 18:30:00")]
    duration_minutes: Annotated[int, Doc("Minutes that each one takes from now on. Example: 120")]
    space: Space | None


@action("series.schedule", needs=Needs("edit_schedule", on="production"), submittable=True)
def schedule_series(*, production: Production, fields: SeriesFields) -> EventSeries:
    """Schedule an event series of a production: all of its dates with their spaces, or none.

    Errors: `rrule_endless`; `rrule_too_many` for more than 2,000 dates; `rrule_start_mismatch`; `space_taken` with the
    dates that conflict; `overlaps_itself` if one date overlaps the next. Also `bad_wall_time`, `no_dates`,
    `nothing_to_skip`, `rrule_malformed`, `timezone_needed`.
    """
    return _scheduled(EventSeries(section=production.section, production=production), fields)


@action("series.schedule_standalone", needs=Needs("edit_schedule", on="section"), submittable=True)
def schedule_standalone_series(
    *,
    section: Section,
    fields: SeriesFields,
) -> EventSeries:
    """Schedule an event series without a production. Same errors as for one of a production, and `required` without a
    title."""
    return _scheduled(EventSeries(section=section), fields)


@action("series.move", needs=Needs("edit_schedule", on="series"), subject="series", submittable=True)
def move_series(*, series: EventSeries, changes: SeriesMove) -> EventSeries:
    """Reschedule all future occurrences of an event series. Each keeps its id.

    The rule stays as it was planned. Errors: `space_taken`, `equipment_taken`; `nothing_to_come` without future occurrences.
    """
    if not -366 <= changes.get("days", 0) <= 366:
        raise Invalid("Move the series by at most a year.", code="out_of_range", field="days")
    coming = _coming(series)
    if not coming:
        raise Conflict("The series has no future occurrences.", code="nothing_to_come")
    befores = [occurrence.placing for occurrence in coming]
    for occurrence in coming:
        _move(occurrence, changes)
    Occurrence.objects.bulk_update(coming, _MOVED, batch_size=100)
    book(coming, replace=True)
    moves = [Move(row, before) for row, before in zip(coming, befores, strict=True) if row.placing != before]
    if moves:
        occurrences_moved.announce(moves=moves)
    return series


@action("series.cancel", needs=Needs("edit_schedule", on="series"), subject="series", submittable=True)
def cancel_series(
    *,
    series: EventSeries,
    reason: Annotated[
        str | None,
        Doc("Why, as visitors may read it; null or empty where there is nothing to say. Example: Illness in the cast"),
    ],
) -> EventSeries:
    """Cancel all future occurrences of an event series. Error: `canceled` if the series is already canceled."""
    if series.canceled_at is not None:
        raise Conflict("This series is already canceled.", code="canceled")
    series.canceled_at = current().instant
    series.save()
    cancel_all(_coming(series), reason or "", note=reason or "")
    return series


def cancel_all(occurrences: list[Occurrence], reason: str, *, note: str) -> None:
    """Inside an action: cancel these occurrences, release their spaces, and announce it once. The `note` is public."""
    if not occurrences:
        return
    Occurrence.objects.filter(pk__in=[row.pk for row in occurrences]).update(
        status=OccurrenceStatus.CANCELED, status_note=note
    )
    release(occurrences)
    for row in occurrences:
        row.status, row.status_note = OccurrenceStatus.CANCELED, note
    occurrences_canceled.announce(occurrences=occurrences, reason=reason)


_MOVED = ("date", "start_time", "duration_minutes", "timezone", "venue", "space", "starts_at", "ends_at", "sort_at")


def _scheduled(series: EventSeries, fields: SeriesFields) -> EventSeries:
    for name, value in fields.items():
        setattr(series, name, value)
    if not series.timezone and series.space is not None:
        series.timezone = series.space.venue.timezone
    if not series.timezone:
        raise Invalid(
            "The venue's time zone is not known. Give the zone of this wall time, such as Europe/London.",
            code="timezone_needed",
            field="timezone",
        )
    zone = valid_zone(series.timezone)
    series.rrule = validate(series.rrule, zone)
    skipped = [_day_or_time(text, "skipped") for text in series.skipped]
    added = [_day_or_time(text, "added") for text in series.added]
    added = [wall if isinstance(wall, dt.datetime) else dt.datetime.combine(wall, series.start_time) for wall in added]
    starts = expand(series.rrule, series.first_date, series.start_time, zone, skipped, added)
    if not starts:
        raise Invalid("All dates of the series are skipped. Leave one.", code="no_dates", field="skipped")
    series.save()
    defaults = defaults_of(series.category)
    buffers = {"setup_minutes": defaults.setup_minutes, "strike_minutes": defaults.strike_minutes}
    occurrences = [_occurrence(series, start.wall, **buffers) for start in starts]
    refuse_misplaced(occurrences[0])
    Occurrence.objects.bulk_create(occurrences, batch_size=200)
    book(occurrences, created=True)
    occurrences_scheduled.announce(occurrences=occurrences)
    return series


def _occurrence(series: EventSeries, wall: dt.datetime, **buffers: int) -> Occurrence:
    return Occurrence(
        **buffers,
        section=series.section,
        production=series.production,
        series=series,
        venue=series.space.venue if series.space is not None else None,
        space=series.space,
        title=series.title,
        category=series.category,
        visibility=Visibility.INTERNAL if series.internal else Visibility.PUBLIC,
        date=wall.date().isoformat(),
        start_time=wall.time(),
        duration_minutes=series.duration_minutes,
        timezone=series.timezone,
    )


def _coming(series: EventSeries) -> list[Occurrence]:
    """Return its planned future occurrences, locked, in order of their keys."""
    rows = series.occurrences.filter(status__in=PLANNED, starts_at__gt=current().instant)
    return list(rows.select_related("section", "space__venue").select_for_update(of=("self",)).order_by("pk"))


def _move(occurrence: Occurrence, changes: SeriesMove) -> None:
    try:
        day = dt.date.fromisoformat(occurrence.date) + dt.timedelta(days=changes.get("days", 0))
    except OverflowError:
        raise Invalid("The new date is out of the calendar's range.", code="out_of_range", field="days") from None
    occurrence.date = day.isoformat()
    occurrence.start_time = changes.get("start_time", occurrence.start_time)
    occurrence.duration_minutes = changes.get("duration_minutes", occurrence.duration_minutes)
    if "space" in changes:
        occurrence.space = space = changes["space"]
        if space is not None:
            occurrence.venue = space.venue
            occurrence.timezone = space.venue.timezone or occurrence.timezone
    occurrence.check_values()
    span = occurrence.span
    occurrence.starts_at, occurrence.ends_at, occurrence.sort_at = span.starts_at, span.ends_at, span.sort_at


def _wall_time(text: str, field: str) -> dt.datetime:
    wrong = Invalid(f"{text[:40]!r} is not a wall time such as 2026-12-23T19:00.", code="bad_wall_time", field=field)
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if wall.tzinfo is not None or len(text) <= 10:
        raise wrong
    return wall


def _day_or_time(text: str, field: str) -> Any:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return _wall_time(text, field)

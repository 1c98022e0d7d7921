"""Schedules event series, creates their occurrences, and reschedules or cancels them together."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, TypedDict

from accounts.models import Section
from productions.models import Production
from scheduling.models import Category, EventSeries, Occurrence, OccurrenceStatus, Space
from scheduling.rules.recurrence import MAX_OCCURRENCES, expand
from scheduling.rules.wall_time import valid_zone
from scheduling.services.conflicts import book, release
from scheduling.services.occurrences import refuse_misplaced
from scheduling.services.series.rows import (
    announce_moves,
    coming_of,
    new_occurrences,
    place,
    remember,
    save_placings,
    stored_rule,
)
from scheduling.signals import occurrences_canceled, occurrences_scheduled
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


class _Plan(TypedDict):
    rrule: str
    first_date: dt.date
    start_time: dt.time
    duration_minutes: int


class SeriesFields(_Plan, total=False):
    """Fields of an event series: `rrule` is an RFC 5545 rule ("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=20") that the
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

    A rule without an end is scheduled for 18 months, and the worker goes on with it.
    Errors: `rrule_too_many` for more than 2,000 dates; `rrule_start_mismatch`; `space_taken` with the
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
    """Reschedule all future occurrences of an event series, and those that it will get. Each keeps its id.

    Occurrences that were changed on their own stay as they are. Errors: `space_taken`, `equipment_taken`; `nothing_to_come`
    without future occurrences that follow the series.
    """
    if not -366 <= changes.get("days", 0) <= 366:
        raise Invalid("Move the series by at most a year.", code="out_of_range", field="days")
    coming = [row for row in coming_of(series) if not series.is_override(row)]
    if not coming:
        raise Conflict("The series has no future occurrences.", code="nothing_to_come")
    remember(series, rows=coming)
    befores = [occurrence.placing for occurrence in coming]
    series.shift_days += changes.get("days", 0)
    series.start_time = changes.get("start_time", series.start_time)
    series.duration_minutes = changes.get("duration_minutes", series.duration_minutes)
    if "space" in changes:
        series.space = changes["space"]
    for occurrence in coming:
        place(occurrence, series, moved="space" in changes)
    series.check_values()
    series.save()
    save_placings(coming)
    book(coming, replace=True)
    announce_moves(coming, befores)
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
    cancel_all(coming_of(series), reason or "", note=reason or "")
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
    series.rrule, series.endless = stored_rule(series.rrule, series.first_date, series.timezone)
    skipped = [day_or_time(text, "skipped") for text in series.skipped]
    series.planned_time = series.start_time
    starts = expand(series.rrule, series.first_date, series.start_time, zone, skipped, added_walls(series))
    if not starts:
        raise Invalid("All dates of the series are skipped. Leave one.", code="no_dates", field="skipped")
    series.save()
    occurrences = new_occurrences(series, [start.wall for start in starts])
    refuse_misplaced(occurrences[0])
    Occurrence.objects.bulk_create(occurrences, batch_size=MAX_OCCURRENCES)
    book(occurrences, created=True)
    occurrences_scheduled.announce(occurrences=occurrences)
    return series


def added_walls(series: EventSeries) -> list[dt.datetime]:
    """The wall times of the dates beside the rule. Raises Invalid `bad_wall_time`."""
    added = [day_or_time(text, "added") for text in series.added]
    return [wall if isinstance(wall, dt.datetime) else dt.datetime.combine(wall, series.planned_time) for wall in added]


def _wall_time(text: str, field: str) -> dt.datetime:
    wrong = Invalid(f"{text[:40]!r} is not a wall time such as 2026-12-23T19:00.", code="bad_wall_time", field=field)
    try:
        wall = dt.datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if wall.tzinfo is not None or len(text) <= 10:
        raise wrong
    return wall


def day_or_time(text: str, field: str) -> Any:
    """A day or a wall time. Raises Invalid `bad_wall_time`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return _wall_time(text, field)

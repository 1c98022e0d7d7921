"""Edits an event series: its rule, its end, single dates, and the split in two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Annotated

from scheduling.models import EventSeries, Occurrence, OccurrenceStatus
from scheduling.rules.recurrence import MAX_OCCURRENCES, expand, validate
from scheduling.rules.rrule import parse
from scheduling.rules.wall_time import valid_zone
from scheduling.services.conflicts import book, release
from scheduling.services.series.planning import SeriesMove, added_walls, day_or_time, move_series
from scheduling.services.series.rows import coming_of, new_occurrences, remember, stored_rule
from scheduling.signals import occurrences_canceled, occurrences_reinstated, occurrences_scheduled
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid

_EDIT = Needs("edit_schedule", on="series")


@action("series.change_rule", needs=_EDIT, subject="series", submittable=True)
def change_rule(
    *,
    series: EventSeries,
    rrule: Annotated[
        str, Doc("The new rule; the first date of the series must fit it. Example: FREQ=WEEKLY;BYDAY=TU,TH;COUNT=30")
    ],
) -> EventSeries:
    """Change the rule of an event series, or extend or shorten its end.

    Occurrences in the past stay. A future occurrence whose date the new rule has too keeps its id and its own changes; dates
    that it has not are canceled, and new ones scheduled.
    Errors: those of a rule, `rrule_too_many`, `rrule_too_often`, `rrule_ambiguous`, `rrule_start_mismatch`,
    `rrule_unsupported`, `rrule_malformed`; `space_taken`, `equipment_taken`; `nothing_changes`.
    """
    zone = valid_zone(series.timezone)
    rule, endless = stored_rule(rrule, series.first_date, series.timezone)
    if rule == series.rrule or (endless and str(parse(rrule)) == series.shown_rule):
        raise Conflict("The series has this rule already.", code="nothing_changes", field="rrule")
    given = [start.wall for start in expand(rule, series.first_date, series.planned_time, zone)]
    # A skipped date that the new rule has not needs not be skipped any more.
    known = {*given, *added_walls(series)}
    known_days = {wall.date() for wall in known}
    skipped = [text for text in series.skipped if day_or_time(text, "skipped") in {*known, *known_days}]
    _change(series, rrule=rule, endless=endless, skipped=skipped)
    return series


@action("series.skip", needs=_EDIT, subject="series", submittable=True)
def skip_date(
    *, series: EventSeries, date: Annotated[dt.date, Doc("A day of the series, by its rule. Example: 2027-03-25")]
) -> EventSeries:
    """Skip a date of an event series: its occurrence is canceled. Error: `nothing_to_skip`; `already_skipped`."""
    day = date.isoformat()
    if day in series.skipped:
        raise Conflict("This date is skipped already.", code="already_skipped", field="date")
    _change(series, skipped=[*series.skipped, day])
    return series


@action("series.unskip", needs=_EDIT, subject="series", submittable=True)
def unskip_date(
    *, series: EventSeries, date: Annotated[dt.date, Doc("A skipped day of the series. Example: 2027-03-25")]
) -> EventSeries:
    """Take back that a date is skipped: its occurrence is reinstated with its id. Errors: `not_skipped`; `space_taken`,
    `equipment_taken`."""
    kept = [text for text in series.skipped if text[:10] != date.isoformat()]
    if len(kept) == len(series.skipped):
        raise Conflict("This date is not skipped.", code="not_skipped", field="date")
    _change(series, skipped=kept)
    return series


@action("series.add_date", needs=_EDIT, subject="series", submittable=True)
def add_date(
    *,
    series: EventSeries,
    date: Annotated[dt.date, Doc("The additional day. Example: 2027-03-28")],
    start_time: Annotated[
        dt.time | None, Doc("When it starts, in wall time; null is the time of the series. Example: 15:00:00")
    ],
) -> EventSeries:
    """Add a date beside the rule of an event series. Errors: `already_in_series`; `space_taken`."""
    wall = dt.datetime.combine(date, start_time or series.planned_time)
    if wall.isoformat(timespec="seconds") in recurrence_ids(series):
        raise Conflict("The series has an occurrence at this time already.", code="already_in_series", field="date")
    _change(series, added=[*series.added, wall.isoformat(timespec="minutes")])
    return series


@action("series.split", needs=_EDIT, subject="series", submittable=True)
def split_series(
    *,
    series: EventSeries,
    date: Annotated[dt.date, Doc("The first day of the new series, a date of the rule. Example: 2027-03-16")],
    changes: Annotated[SeriesMove | None, Doc("How to reschedule the new series; null leaves it as it is.")],
) -> EventSeries:
    """Split an event series: this date and all later ones become a new series, which `changes` reschedules.

    The occurrences keep their ids and their own changes. Returns the new series; its `split_from` is the old one.
    Errors: `split_leaves_nothing` if one side has no date; same errors as `series.move`.
    """
    day = date.isoformat()
    known = recurrence_ids(series)
    later = [text for text in known if text[:10] >= day]
    if not later or len(later) == len(known):
        raise Invalid(
            "One side of this split has no date. Choose a later or earlier day.",
            code="split_leaves_nothing",
            field="date",
        )
    new = _second_half(series, day)
    series.rrule, series.endless = _until(series, date), False
    series.skipped = [text for text in series.skipped if text < day]
    series.added = [text for text in series.added if text < day]
    series.last_change = None
    series.save()
    series.occurrences.filter(recurrence_id__gte=day).update(series=new)
    if changes:
        moved: EventSeries = move_series.as_consequence(series=new, changes=changes)
        return moved
    return new


def change_dates(series: EventSeries, *, rrule: str, endless: bool, skipped: list[str], added: list[str]) -> bool:
    """Inside an action: give the series this rule and these exceptions. Returns whether one of them is new."""
    if (series.rrule, series.skipped, series.added) == (rrule, skipped, added):
        return False
    _change(series, rrule=rrule, endless=endless, skipped=skipped, added=added)
    return True


def _second_half(series: EventSeries, day: str) -> EventSeries:
    """The new series, saved: its rule starts at the first of its dates that the rule gives, and has what is left of COUNT.

    A skipped date counts too (RFC 5545 3.8.5.1)."""
    rule = parse(series.rrule)
    added = {wall.isoformat(timespec="seconds") for wall in added_walls(series)}
    by_rule = [text for text in recurrence_ids(series, skip=False) if text[:10] >= day and text not in added]
    if not by_rule:
        message = "Only added dates are on this side. Change these occurrences one by one."
        raise Invalid(message, code="split_leaves_nothing", field="date")
    new = EventSeries(
        section=series.section,
        production=series.production,
        split_from=series,
        rrule=str(replace(rule, count=len(by_rule)) if rule.count is not None else rule),
        first_date=dt.date.fromisoformat(by_rule[0][:10]),
        skipped=[text for text in series.skipped if text >= day],
        added=[text for text in series.added if text >= day],
    )
    for name in (
        "space",
        "title",
        "category",
        "start_time",
        "planned_time",
        "shift_days",
        "duration_minutes",
        "timezone",
    ):
        setattr(new, name, getattr(series, name))
    new.internal, new.endless = series.internal, series.endless
    new.save()
    return new


def _until(series: EventSeries, day: dt.date) -> str:
    """The rule of the series, ending before `day`."""
    until = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(23, 59, 59))
    rule = replace(parse(series.rrule), count=None, until=until)
    return validate(str(rule), valid_zone(series.timezone))


def _change(
    series: EventSeries,
    *,
    rrule: str | None = None,
    endless: bool | None = None,
    skipped: list[str] | None = None,
    added: list[str] | None = None,
) -> None:
    """Give the series this rule and these exceptions, and make its future occurrences those that follow from them.

    Constant queries. Announces once each what was scheduled, canceled and reinstated.
    """
    before = set(recurrence_ids(series))
    coming = coming_of(series)
    memory = remember(series, rows=coming)
    series.rrule = series.rrule if rrule is None else rrule
    series.endless = series.endless if endless is None else endless
    series.skipped = series.skipped if skipped is None else skipped
    series.added = series.added if added is None else added
    after = set(recurrence_ids(series))
    future = {text for text in after - before if series.wall_of(text) > _now(series)}
    dropped = [row for row in coming if row.recurrence_id not in after]
    known = _rows_of(series, future)
    back = [row for row in known if row.status == OccurrenceStatus.CANCELED]
    memory["rows"] |= {str(row.pk): {"status": row.status, "status_note": row.status_note} for row in back}
    _cancel(dropped)
    _reinstate(back)
    made = _create(series, future - {row.recurrence_id for row in known})
    memory["created"] = [row.pk for row in made]
    series.check_values()
    series.save()


def _cancel(rows: list[Occurrence]) -> None:
    if rows:
        _set_status(rows, OccurrenceStatus.CANCELED)
        release(rows)
        occurrences_canceled.announce(occurrences=rows, reason="")


def _reinstate(rows: list[Occurrence]) -> None:
    if rows:
        _set_status(rows, OccurrenceStatus.SCHEDULED)
        book(rows)
        occurrences_reinstated.announce(occurrences=rows)


def _create(series: EventSeries, recurrence_ids: Collection[str]) -> list[Occurrence]:
    made = new_occurrences(series, sorted(map(dt.datetime.fromisoformat, recurrence_ids)))
    if made:
        Occurrence.objects.bulk_create(made, batch_size=MAX_OCCURRENCES)
        book(made, created=True)
        occurrences_scheduled.announce(occurrences=made)
    return made


def _set_status(rows: Iterable[Occurrence], status: OccurrenceStatus) -> None:
    Occurrence.objects.filter(pk__in=[row.pk for row in rows]).update(status=status, status_note="")
    for row in rows:
        row.status, row.status_note = status, ""


def _rows_of(series: EventSeries, recurrence_ids: Collection[str]) -> list[Occurrence]:
    rows = series.occurrences.filter(recurrence_id__in=recurrence_ids)
    return list(rows.select_related("section", "space__venue").select_for_update(of=("self",)).order_by("pk"))


def recurrence_ids(series: EventSeries, *, skip: bool = True) -> list[str]:
    """The recurrence ids that follow from the rule and its exceptions, in order; with `skip` without the skipped ones."""
    skipped = [day_or_time(text, "skipped") for text in series.skipped] if skip else []
    starts = expand(
        series.rrule,
        series.first_date,
        series.planned_time,
        valid_zone(series.timezone),
        skipped,
        added_walls(series),
    )
    return [start.wall.isoformat(timespec="seconds") for start in starts]


def _now(series: EventSeries) -> dt.datetime:
    """The wall time in the zone of the series."""
    return current().instant.astimezone(valid_zone(series.timezone)).replace(tzinfo=None)

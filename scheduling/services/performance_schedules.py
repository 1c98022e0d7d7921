"""Schedules the performances of a run or tour in one call, from its pattern of a week."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypedDict

from productions.models import Production
from scheduling.models import Category, Occurrence, OccurrenceStatus, Run, RunKind, Space, Venue, Visibility
from scheduling.rules.performance_dates import Performance, Weekday, performance_dates
from scheduling.selectors.categories import defaults_of
from scheduling.services.conflicts import book
from scheduling.services.occurrences import refuse_misplaced, set_venue
from scheduling.signals import occurrences_scheduled
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid, all_of

# A year of daily performances fits; a typing error in the year does not.
MOST_PERFORMANCES = 500
LONGEST_LEG_DAYS = 366


class WeekTime(TypedDict):
    """A start time on some days of each week."""

    weekdays: Annotated[list[Weekday], Doc('The days of the week, by two letters. Example: ["TH", "FR", "SA"]')]
    start_time: Annotated[dt.time, Doc("When it starts, in wall time at the venue. Example: 19:30:00")]


class _Note(TypedDict):
    date: Annotated[dt.date, Doc("The day of the performance. Example: 2027-03-11")]
    subtitle: Annotated[str, Doc("The line below the title. Example: Preview")]


class PerformanceNote(_Note, total=False):
    """The line below the title of the performances of one day."""

    start_time: Annotated[
        dt.time | None, Doc("The start of the performance, if that day has several; null is all. Example: 19:30:00")
    ]


class _Leg(TypedDict):
    first_date: Annotated[dt.date, Doc("The first day with a performance. Example: 2027-03-11")]
    last_date: Annotated[dt.date, Doc("The last day that can have a performance. Example: 2027-03-27")]
    times: Annotated[list[WeekTime], Doc("The start times by days of the week.")]
    duration_minutes: Annotated[int, Doc("Minutes of each performance, with intervals. Example: 150")]


class Leg(_Leg, total=False):
    """The performances at one venue, from the first day to the last."""

    space: Annotated[Space | None, Doc("Id of the space; it is booked for each performance. Example: 2")]
    venue: Annotated[Venue | None, Doc("Id of the venue, where no space is booked. Example: 3")]
    timezone: Annotated[
        str, Doc("IANA zone of the wall times; by default the zone of the venue. Example: Europe/London")
    ]
    not_on: Annotated[list[dt.date], Doc('Days in between without a performance. Example: ["2027-03-24"]')]
    notes: Annotated[list[PerformanceNote], Doc("Lines below the title, such as Preview or Gala.")]
    tentative: Annotated[
        bool, Doc("Whether the performances may not take place; they then book no space. Example: false")
    ]
    label: Annotated[str, Doc("The name of the run or leg. Example: Spring tour: Leeds")]
    travel_days: Annotated[
        list[dt.date],
        Doc('Days on which the company travels, as internal events without a time. Example: ["2027-03-10"]'),
    ]


@action("event.schedule_performances", needs=Needs("edit_schedule", on="production"), submittable=True)
def schedule_performances(
    *,
    production: Production,
    legs: Annotated[list[Leg], Doc("The legs in order: one for a run at home, several for a tour.")],
) -> list[Occurrence]:
    """Schedule the performances of a run or tour: all of them with their spaces, or none.

    Each leg becomes a run of the production, in order; of several legs each is a leg of a tour. The performances are not
    public until they are published. Returns the performances and travel days in order of time.
    Errors, each with its leg: `required`; `ends_before_start`; `leg_too_long`; `no_performances`; `not_in_schedule` for a day
    in `not_on` or `notes` without a performance; `too_many_dates` above 500; `venue_needed`; `timezone_needed`;
    `space_elsewhere`; `space_taken`; `overlaps_itself`.
    """
    if not legs:
        raise Invalid("Give at least one leg, with its days and times.", code="required", field="legs")
    _refuse_impossible(legs)
    dates = [_dates(leg, f"legs.{number}") for number, leg in enumerate(legs)]
    if sum(map(len, dates)) > MOST_PERFORMANCES:
        raise Invalid(
            f"These are {sum(map(len, dates))} performances; at most {MOST_PERFORMANCES} are scheduled at once. Check the years.",
            code="too_many_dates",
            field="legs",
        )
    occurrences: list[Occurrence] = []
    for number, (leg, of_leg) in enumerate(zip(legs, dates, strict=True)):
        model = _model(production, leg, f"legs.{number}")
        occurrences += _performances(model, leg, of_leg)
        occurrences += [_travel_day(model, day) for day in sorted(set(leg.get("travel_days", [])))]
    occurrences.sort(key=lambda row: (row.span.sort_at, row.date))
    Occurrence.objects.bulk_create(occurrences, batch_size=200)
    book(occurrences, created=True)
    _add_runs(production, legs)
    occurrences_scheduled.announce(occurrences=occurrences)
    return occurrences


def _refuse_impossible(legs: list[Leg]) -> None:
    problems: list[DomainError] = []
    for number, leg in enumerate(legs):
        path, days = f"legs.{number}", (leg["last_date"] - leg["first_date"]).days
        if days < 0:
            message = "The last day is before the first. Exchange them."
            problems.append(Invalid(message, code="ends_before_start", field=f"{path}.last_date"))
        elif days > LONGEST_LEG_DAYS:
            message = f"A leg has at most {LONGEST_LEG_DAYS} days. Divide it, or check the years."
            problems.append(Invalid(message, code="leg_too_long", field=f"{path}.last_date"))
        if leg.get("space") is None and leg.get("venue") is None:
            message = "Give the space that is booked, or at least the venue."
            problems.append(Invalid(message, code="venue_needed", field=f"{path}.space"))
    all_of(problems)


def _dates(leg: Leg, path: str) -> list[Performance]:
    """The days and times of a leg. Raises Invalid: `no_performances`, `not_in_schedule`."""
    week = [(one["weekdays"], one["start_time"]) for one in leg["times"]]
    all_days = {day for day, _ in performance_dates(leg["first_date"], leg["last_date"], week, ())}
    found = performance_dates(leg["first_date"], leg["last_date"], week, leg.get("not_on", []))
    problems: list[DomainError] = []
    if not found:
        message = "This leg has no performance. Check the days of the week, the dates, and the days that are left out."
        problems.append(Invalid(message, code="no_performances", field=f"{path}.times"))
    else:
        problems += [
            _not_in_schedule(day, f"{path}.not_on.{place}")
            for place, day in enumerate(leg.get("not_on", []))
            if day not in all_days
        ]
        problems += [
            _not_in_schedule(note["date"], f"{path}.notes.{place}.date")
            for place, note in enumerate(leg.get("notes", []))
            if not any(_is_noted(performance, note) for performance in found)
        ]
    all_of(problems)
    return found


def _not_in_schedule(day: dt.date, field: str) -> Invalid:
    return Invalid(f"There is no performance on {day} here. Check the date.", code="not_in_schedule", field=field)


def _is_noted(performance: Performance, note: PerformanceNote) -> bool:
    day, start_time = performance
    return note["date"] == day and note.get("start_time") in (None, start_time)


def _model(production: Production, leg: Leg, path: str) -> Occurrence:
    """A performance of the leg without its date, which all of its performances resemble."""
    space = leg.get("space")
    defaults = defaults_of(Category.PERFORMANCE)
    model = Occurrence(
        setup_minutes=defaults.setup_minutes,
        strike_minutes=defaults.strike_minutes,
        section=production.section,
        production=production,
        category=Category.PERFORMANCE,
        visibility=Visibility.PUBLIC,
        status=OccurrenceStatus.TENTATIVE if leg.get("tentative") else OccurrenceStatus.SCHEDULED,
        space=space,
        venue=space.venue if space is not None else None,
        duration_minutes=leg["duration_minutes"],
        date=leg["first_date"].isoformat(),
        start_time=leg["times"][0]["start_time"],
    )
    try:
        if "venue" in leg:
            set_venue(model, leg["venue"], space_given=space is not None)
        model.timezone = leg.get("timezone") or (model.venue.timezone if model.venue is not None else "")
        model.check_values()
        refuse_misplaced(model)
    except (Conflict, Invalid) as error:
        faults = error.problems or (error,)
        all_of([Invalid(one.message, code=one.code, field=f"{path}.{one.field or 'space'}") for one in faults])
    return model


def _performances(model: Occurrence, leg: Leg, dates: list[Performance]) -> list[Occurrence]:
    rows = []
    for performance in dates:
        day, start_time = performance
        notes = [note["subtitle"] for note in leg.get("notes", []) if _is_noted(performance, note)]
        row = _copy(model, date=day.isoformat(), start_time=start_time, subtitle=", ".join(notes))
        if notes:
            row.check_values()
        rows.append(row)
    return rows


def _travel_day(model: Occurrence, day: dt.date) -> Occurrence:
    where = model.venue.name if model.venue is not None else ""
    return _copy(
        model,
        date=day.isoformat(),
        start_time=None,
        duration_minutes=None,
        setup_minutes=0,
        strike_minutes=0,
        space=None,
        category=Category.TRAVEL,
        visibility=Visibility.INTERNAL,
        title=f"Travel: {where}"[:300],
    )


def _copy(model: Occurrence, **values: object) -> Occurrence:
    kept = {
        name: getattr(model, name)
        for name in ("section", "production", "category", "visibility", "status", "space", "venue")
    }
    kept |= {name: getattr(model, name) for name in ("duration_minutes", "setup_minutes", "strike_minutes", "timezone")}
    return Occurrence(**{**kept, **values})


def _add_runs(production: Production, legs: list[Leg]) -> None:
    position = production.runs.count()
    kind = RunKind.TOUR if len(legs) > 1 else RunKind.HOME
    for number, leg in enumerate(legs, 1):
        space = leg.get("space")
        run = Run(
            production=production,
            venue=space.venue if space is not None else leg.get("venue"),
            kind=kind,
            label=leg.get("label", ""),
            position=position + number if kind == RunKind.TOUR else 0,
            starts_on=leg["first_date"].isoformat(),
            ends_on=leg["last_date"].isoformat(),
        )
        run.check_values()
        run.save()

"""The calendar of the demo."""

from __future__ import annotations

import datetime as dt

from productions.models import Production
from scheduling.models import Category, Space, Visibility
from scheduling.services.occurrences import publish_occurrence, schedule_occurrence, schedule_standalone
from scheduling.services.series.planning import schedule_series, schedule_standalone_series
from theater_site.core.actors import Actor
from theater_site.demo import company
from theater_site.demo.company import Play
from theater_site.demo.state import Demo


def schedule_production(demo: Demo, play: Play, production: Production, first_friday: dt.date) -> None:
    """Schedule the rehearsals of a production, its audition, load-in and technical rehearsals, and its performances."""
    manager = demo.actor("production_manager")
    stage = demo.actor("stage_manager")
    opens = first_friday + dt.timedelta(weeks=play.opens)
    first_day = {"MO": 0, "TU": 1}[play.days[:2]]
    weeks = min(7, play.opens)
    begins = opens - dt.timedelta(weeks=weeks, days=4 - first_day)
    schedule_series(
        actor=stage,
        production=production,
        fields={
            "title": f"Rehearsal: {play.title}", "category": Category.REHEARSAL, "space": demo.spaces["rehearsal"],
            "rrule": f"FREQ=WEEKLY;BYDAY={play.days};COUNT={2 * weeks}", "first_date": begins,
            "start_time": dt.time(19), "duration_minutes": 180,
        },
    )  # fmt: skip
    _single(
        stage,
        production,
        Category.AUDITION,
        begins - dt.timedelta(days=first_day + 2),
        13,
        240,
        demo.spaces["rehearsal"],
    )
    _single(stage, production, Category.LOAD_IN, opens - dt.timedelta(days=6), 9, 480, demo.spaces[play.stage])
    for evening in (5, 4, 3):
        _single(stage, production, Category.TECH, opens - dt.timedelta(days=evening), 18, 240, demo.spaces[play.stage])
    for number in range(play.performances):
        # Friday and Saturday at 7:30 pm, Sunday at 2 pm.
        day = opens + dt.timedelta(weeks=number // 3, days=number % 3)
        start = dt.time(14) if number % 3 == 2 else dt.time(19, 30)
        performance = schedule_occurrence(
            actor=manager,
            production=production,
            fields={
                "category": Category.PERFORMANCE, "visibility": Visibility.PUBLIC, "space": demo.spaces[play.stage],
                "date": day.isoformat(), "start_time": start, "duration_minutes": play.minutes + 20,
            },
        )  # fmt: skip
        publish_occurrence(actor=demo.actor("director") if number == 0 else manager, occurrence=performance)


def _single(
    actor: Actor, production: Production, category: Category, day: dt.date, hour: int, minutes: int, space: Space
) -> None:
    schedule_occurrence(
        actor=actor,
        production=production,
        fields={
            "category": category, "space": space, "date": day.isoformat(), "start_time": dt.time(hour),
            "duration_minutes": minutes,
        },
    )  # fmt: skip


def schedule_house_events(demo: Demo, first_friday: dt.date) -> None:
    """Schedule meetings, a class and a gala, which belong to no production."""
    director = demo.actor("director")
    schedule_standalone_series(
        actor=director,
        section=demo.season.section,
        fields={
            "title": "Production meeting", "category": Category.MEETING, "space": None, "timezone": company.ZONE,
            "rrule": "FREQ=MONTHLY;BYDAY=1WE;COUNT=10", "first_date": _first_weekday(first_friday, 2),
            "start_time": dt.time(17), "duration_minutes": 60,
        },
    )  # fmt: skip
    schedule_standalone_series(
        actor=director,
        section=demo.organization,
        fields={
            "title": "Board meeting", "category": Category.MEETING, "space": demo.spaces["rehearsal"],
            "rrule": "FREQ=MONTHLY;BYDAY=2SU;COUNT=10", "first_date": _first_weekday(first_friday, 6) + dt.timedelta(days=7),
            "start_time": dt.time(18), "duration_minutes": 90,
        },
    )  # fmt: skip
    saturday = first_friday + dt.timedelta(days=8)
    schedule_standalone_series(
        actor=director,
        section=demo.season.section,
        fields={
            "title": "Saturday drama class", "category": Category.CLASS, "space": demo.spaces["rehearsal"],
            "rrule": "FREQ=WEEKLY;COUNT=40", "first_date": saturday, "start_time": dt.time(10),
            "duration_minutes": 120, "internal": False,
        },
    )  # fmt: skip
    gala = schedule_standalone(
        actor=director,
        section=demo.season.section,
        fields={
            "title": "Lantern Gala", "category": Category.FUNDRAISER, "visibility": Visibility.PUBLIC,
            "space": demo.spaces["main"], "date": (first_friday + dt.timedelta(weeks=26, days=1)).isoformat(),
            "start_time": dt.time(18), "duration_minutes": 300,
        },
    )  # fmt: skip
    publish_occurrence(actor=director, occurrence=gala)


def _first_weekday(date: dt.date, weekday: int) -> dt.date:
    """The first `weekday` (0 is Monday) of the month after `date`."""
    first = (date.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7)

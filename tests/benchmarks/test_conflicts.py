"""Conflicts against their floors: `pytest tests/benchmarks/test_conflicts.py -s -n0`; on PostgreSQL by DATABASE_URL.

The floor of one event is the raw queries that find the same: bookings of its space, calls of its eight people with their
events, their unavailabilities, bookings of its two items. The floor of a season's report is a sweep over the same rows,
read by one query. EVENTS sets how many occurrences there are (200,000).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from scheduling.models import Booking, Call, EquipmentBooking, Occurrence
from scheduling.selectors.conflicts import Wanted, clashes, collisions
from scheduling.selectors.people_conflicts import people_conflicts
from scheduling.services.equipment import set_equipment
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory
from tests.worlds import scheduling as calendar

EVENTS = int(os.environ.get("EVENTS", "200000"))
MOST_OF_EVENT, MOST_OF_REPORT, SEASON = 5.0, 3.0, 20_000
FIRST = dt.datetime(2031, 1, 1, 9, tzinfo=dt.UTC)


def _stored(model: type[models.Model], rows: list[Any]) -> None:
    models.QuerySet(model).bulk_create(rows, batch_size=5_000)


class _Calendar:
    """Events of two hours, one after the other, of forty productions in a space each, with four of two hundred people."""

    def __init__(self) -> None:
        self.theater = Theater()
        by = self.theater.director
        self.spaces = [calendar.space(by=by) for _ in range(40)]
        self.people = [directory.person(by=by, published=True) for _ in range(200)]
        self.items = [calendar.equipment(by=by, name=f"Item {number}") for number in range(2)]
        self.plays = [world.production(self.theater.season, by=by) for _ in self.spaces]
        choose = random.Random(7)
        rows = []
        for number in range(EVENTS):
            start = FIRST + dt.timedelta(hours=2 * (number // len(self.spaces)))
            play, space = self.plays[number % len(self.plays)], self.spaces[number % len(self.spaces)]
            rows.append(
                Occurrence(
                    section_id=play.section_id, production=play, space=space, venue_id=space.venue_id, category="rehearsal",
                    date=start.date().isoformat(), start_time=start.time(), duration_minutes=120, timezone="UTC",
                    starts_at=start, ends_at=start + dt.timedelta(hours=2), sort_at=start, version=1, created_at=start,
                    updated_at=start,
                )
            )  # fmt: skip
        _stored(Occurrence, rows)
        columns = ("pk", "section_id", "space_id", "starts_at", "ends_at")
        stored = list(Occurrence.objects.filter(duration_minutes=120).order_by("pk").only(*columns))
        bookkeeping = {"version": 1, "created_at": FIRST, "updated_at": FIRST}
        _stored(
            Booking,
            [
                Booking(
                    section_id=row.section_id,
                    space_id=row.space_id,
                    occurrence=row,
                    starts_at=row.starts_at,
                    ends_at=row.ends_at,
                    **bookkeeping,
                )
                for row in stored
            ],
        )
        _stored(
            Call,
            [
                Call(occurrence=row, person=person, **bookkeeping)
                for row in stored
                for person in choose.sample(self.people, 4)
            ],
        )


def timed(work: Any, rounds: int = 20) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times) * 1000


@pytest.mark.django_db
def test_conflicts_stay_near_their_floors() -> None:
    there = _Calendar()
    theater = there.theater
    day = (FIRST + dt.timedelta(days=40)).date().isoformat()
    event = calendar.occurrence(
        theater.production, by=theater.director, date=day, start_time=dt.time(10), duration_minutes=180
    )
    set_equipment(
        actor=theater.acting(), occurrence=event, equipment=[{"equipment": one, "quantity": 1} for one in there.items]
    )
    people = there.people[:8]
    calendar.called(event, *people, by=theater.director, waive={"person_called_elsewhere": "A benchmark."})
    ids = [person.pk for person in people]
    space, first, last = there.spaces[0], event.starts_at, event.ends_at
    assert first is not None
    assert last is not None

    def ours() -> int:
        found = clashes([Wanted(space.pk, first, last)], besides=[event.pk])
        items = EquipmentBooking.objects.filter(
            equipment__in=[one.pk for one in there.items], starts_at__lt=last, ends_at__gt=first
        )
        return len(found) + len(people_conflicts([event.pk])) + len(list(items))

    adapt = connection.ops.adapt_datetimefield_value

    def floor() -> int:
        span, back = [adapt(last), adapt(first)], adapt(first - dt.timedelta(days=31))
        marks = ", ".join(["%s"] * len(ids))
        statements: list[tuple[str, list[Any]]] = [
            (
                "SELECT * FROM scheduling_booking WHERE space_id = %s AND starts_at < %s AND ends_at > %s AND starts_at > %s",
                [space.pk, *span, back],
            ),
            (
                "SELECT c.person_id, o.starts_at, o.ends_at FROM scheduling_call c JOIN scheduling_occurrence o "
                f"ON o.id = c.occurrence_id WHERE c.person_id IN ({marks}) AND o.sort_at < %s AND o.ends_at > %s "
                "AND o.sort_at > %s AND o.status = 'scheduled'",
                [*ids, *span, back],
            ),
            (f"SELECT * FROM scheduling_unavailability WHERE person_id IN ({marks})", ids),
            (
                "SELECT * FROM scheduling_equipmentbooking WHERE equipment_id IN (%s, %s) AND starts_at < %s AND ends_at > %s",
                [*(one.pk for one in there.items), *span],
            ),
        ]  # fmt: skip
        count = 0
        with connection.cursor() as cursor:
            for sql, values in statements:
                cursor.execute(sql, values)
                count += len(cursor.fetchall())
        return count

    with CaptureQueriesContext(connection) as asked:
        ours()
    mine, bare = timed(ours), timed(floor)
    print(
        f"\n{connection.vendor}: conflicts of one event among {EVENTS:,}: {mine:.2f} ms, {len(asked)} queries; "
        f"raw queries {bare:.2f} ms, ratio {mine / bare:.2f}"
    )

    until = FIRST + dt.timedelta(hours=2 * (SEASON // len(there.spaces)))
    season = Occurrence.objects.filter(production__in=there.plays, sort_at__gte=FIRST, sort_at__lt=until)

    def report() -> int:
        return len(collisions(season))

    def sweep() -> int:
        columns = ("pk", "starts_at", "ends_at", "space_id", "venue_id", "production_id")
        rows = Occurrence.objects.filter(sort_at__gte=FIRST, sort_at__lt=until, status="scheduled").order_by(
            "starts_at"
        )
        going: dict[Any, list[Any]] = {}
        count = 0
        for row in rows.values_list(*columns):
            for key in (("production", row[5]), ("space", row[3])):
                kept = [other for other in going.get(key, []) if other[2] > row[1]]
                count += len(kept)
                going[key] = [*kept, row]
        return count

    small, swept = timed(report, 3), timed(sweep, 3)
    print(
        f"report of {SEASON:,} events: {small:.0f} ms; a sweep over the same rows {swept:.0f} ms, ratio {small / swept:.2f}"
    )
    assert mine / bare <= MOST_OF_EVENT
    assert small / swept <= MOST_OF_REPORT

"""The limits that the theater set: a calendar operation under 200 ms whatever the volume, a season of 200
events under 500 ms.

Measured at the services and over HTTP, beside 20,000 other occurrences that hold their spaces; the best of five, since
another process may hold the machine once.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest

from scheduling.models import Booking, Occurrence
from scheduling.services.occurrences import cancel_occurrence, schedule_occurrence, update_occurrence
from tests import world
from tests.worlds import scheduling as scene

pytestmark = pytest.mark.django_db

OTHERS = 20_000
OPERATION, SEASON = 0.200, 0.500
DAY = dt.date(2031, 1, 1)


@pytest.fixture
def busy():
    """A theater whose ten halls are booked four times a day for more than a year, and a production that books as well.

    The rows are brought in as an importer brings them: in bulk, under the eyes of the recorder.
    """
    root, director = world.found()
    season = world.season(root, by=director)
    others, hamlet = (world.production(season, by=director, published=True) for _ in range(2))
    house = scene.venue(by=director)
    halls = [scene.space(by=director, at=house) for _ in range(10)]
    rows = [
        Occurrence(
            section=others.section, production=others, venue=house, space=halls[n % 10], category="performance",
            visibility="public", published_at=others.published_at, timezone="Europe/London", duration_minutes=120,
            date=(DAY + dt.timedelta(days=n // 40)).isoformat(), start_time=dt.time(9 + 3 * (n // 10 % 4)),
        )
        for n in range(OTHERS)
    ]  # fmt: skip
    Occurrence.objects.bulk_create(rows, batch_size=500, checked=True)
    bookings = [
        Booking(
            section_id=row.section_id,
            space_id=row.space_id,
            occurrence=row,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows
    ]
    Booking.objects.bulk_create(bookings, batch_size=500, checked=True)
    return director, hamlet, halls[0]


def best(run: Callable[[int], object], times: int = 5) -> float:
    """Seconds of the quickest of some runs, each given its number."""
    took = []
    for number in range(times):
        before = time.perf_counter()
        run(number)
        took.append(time.perf_counter() - before)
    return min(took)


def test_every_calendar_operation_is_fast_among_twenty_thousand_events(busy, record_property):
    director, hamlet, hall = busy
    actor = world.acting(director)
    browser = world.client(director)
    made: list[Occurrence] = []

    def schedule(number: int) -> None:
        fields = {
            "space": hall, "date": f"2031-03-{10 + number}", "start_time": dt.time(20), "duration_minutes": 60,
            "category": "rehearsal",
        }  # fmt: skip
        made.append(schedule_occurrence(actor=actor, production=hamlet, fields=fields))

    def move(number: int) -> None:
        update_occurrence(actor=actor, occurrence=made[number], changes={"start_time": dt.time(20, 15)})

    def cancel(number: int) -> None:
        cancel_occurrence(actor=actor, occurrence=made[number], reason="")

    def get(path: str) -> Callable[[int], None]:
        def ask(number: int) -> None:
            assert browser.get(path).status_code == 200

        return ask

    body = {
        "production": hamlet.pk,
        "space": hall.pk,
        "date": "2031-03-10",
        "start_time": "09:30",
        "duration_minutes": 60,
    }

    def refused(number: int) -> None:
        assert world.post(browser, "/api/v1/occurrences/", body).status_code == 409

    asked = f"/api/v1/conflicts/?space={hall.pk}&date=2031-03-10&start_time=09:30&duration_minutes=60"
    measured = {
        "schedule": best(schedule),
        "move": best(move),
        "cancel": best(cancel),
        "refused over HTTP": best(refused),
        "is it free, over HTTP": best(get(asked)),
        "a month's page over HTTP": best(get("/api/v1/occurrences/?from=2031-06-01&to=2031-06-30")),
        "a late page over HTTP": best(get("/api/v1/performances/?ordering=latest&page_size=50")),
        "a hall's month over HTTP": best(get(f"/api/v1/occurrences/?space={hall.pk}&from=2031-06-01&to=2031-06-30")),
        "conflicts of a production over HTTP": best(get(f"/api/v1/conflicts/?production={hamlet.pk}")),
    }
    for name, seconds in measured.items():
        record_property(name, round(seconds * 1000, 1))
        print(f"{name}: {seconds * 1000:.1f} ms")
    assert {name: seconds for name, seconds in measured.items() if seconds >= OPERATION} == {}


def test_a_season_of_two_hundred_events_is_scheduled_fast(busy, record_property):
    director, hamlet, hall = busy
    browser = world.client(director)

    def schedule(number: int) -> None:
        scene.series(
            hamlet, by=director, space=hall, rrule="FREQ=DAILY;COUNT=200", first_date=DAY,
            start_time=dt.time(20, 10 * number), duration_minutes=10,
        )  # fmt: skip

    def read(number: int) -> None:
        assert len(browser.get(f"/api/v1/occurrences/?production={hamlet.pk}&page_size=200").json()["results"]) == 200

    def conflicts(number: int) -> None:
        assert browser.get(f"/api/v1/conflicts/?production={hamlet.pk}").json()["free"]

    measured = {
        "schedule": best(schedule, times=3), "read over HTTP": best(read), "conflicts over HTTP": best(conflicts),
    }  # fmt: skip
    for name, seconds in measured.items():
        record_property(name, round(seconds * 1000, 1))
        print(f"200 events, {name}: {seconds * 1000:.1f} ms")
    assert {name: seconds for name, seconds in measured.items() if seconds >= SEASON} == {}

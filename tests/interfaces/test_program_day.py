"""Of which day a program is, where none is asked for, and what it says of when and where."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from productions.models import Production
from scheduling.services.occurrences import cancel_occurrence
from tests import world
from tests.worlds import casting, scheduling

pytestmark = pytest.mark.django_db


def _told(production: Production, now: str, on: str | None = None, who: Any = None) -> dict[str, Any]:
    with time_machine.travel(dt.datetime.fromisoformat(f"{now}+00:00"), tick=False):
        browser = world.client(who)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(f"/api/v1/productions/{production.pk}/program/", {"on": on} if on else {})
    assert answer.status_code == 200, answer.content
    assert who is not None or len(queries) <= 6
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def play() -> Any:
    """Played on the ninth twice and on the eleventh, in New York; on the tenth somewhere else, and that is not public."""
    production, director = casting.play()
    house = scheduling.venue(by=director, name="The Foundry", timezone="America/New_York")
    given = {"by": director, "category": "performance", "venue": house, "published": True}
    for day, start in (("2026-10-09", 14), ("2026-10-09", 19), ("2026-10-11", 19)):
        scheduling.occurrence(production, date=day, start_time=dt.time(start, 30), **given)
    scheduling.occurrence(production, date="2026-10-10", **{**given, "published": False})
    return production, director


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-09-01T12:00", "2026-10-09"),
        ("2026-10-09T12:00", "2026-10-09"),
        # Half past nine in the evening in New York, where the second performance is still on.
        ("2026-10-10T01:30", "2026-10-09"),
        ("2026-10-10T12:00", "2026-10-11"),
        ("2026-12-24T12:00", "2026-10-11"),
    ],
)
def test_the_default_day_is_today_else_the_next_else_the_last_performance(play, now, day):
    assert _told(play[0], now)["on"] == day


def test_only_visible_performances_choose_the_default_day(play):
    production, director = play
    assert _told(production, "2026-10-10T12:00", who=director)["on"] == "2026-10-10"


def test_the_program_shows_time_and_venue_or_that_there_is_no_performance(play):
    production, _ = play
    told = _told(production, "2026-10-09T12:00")
    assert told["performances"] == [
        {"date": "2026-10-09", "start": "14:30:00", "venue": "The Foundry"},
        {"date": "2026-10-09", "start": "19:30:00", "venue": "The Foundry"},
    ]
    asked = _told(production, "2026-10-09T12:00", on="2026-10-10")
    assert (asked["on"], asked["performances"]) == ("2026-10-10", [])
    read = world.client().get(
        f"/api/v1/productions/{production.pk}/program/", {"on": "2026-10-09"}, headers={"Accept": "text/markdown"}
    )
    assert "Friday, October 9, 2026 · 2:30 p.m. and 7:30 p.m., The Foundry" in read.content.decode()


def test_canceled_performances_are_not_in_the_program(play):
    production, director = play
    last = production.occurrences.get(date="2026-10-11")
    cancel_occurrence(actor=world.acting(director), occurrence=last, reason="Snow.")
    assert _told(production, "2026-10-10T12:00")["on"] == "2026-10-09"


def test_without_performances_the_run_chooses_the_day_in_the_zone_of_the_venue(settings):
    production, director = casting.play()
    assert _told(production, "2026-10-10T01:30")["on"] == "2026-10-10"
    settings.DEFAULT_USER_TIME_ZONE = "America/New_York"
    assert _told(production, "2026-10-10T01:30")["on"] == "2026-10-09"
    house = scheduling.venue(by=director, timezone="Asia/Tokyo")
    production.runs.create(venue=house, starts_on="2026-10-02", ends_on="2026-11-30")
    assert _told(production, "2026-10-09T16:00")["on"] == "2026-10-10"

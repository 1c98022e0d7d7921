"""When and where an event fits, and moving it there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.free_slots import Window, free_windows, rounded_up
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar

PATH = "/api/v1/free-slots/"


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def searched(theater: Theater, **asked: Any) -> Any:
    usual = {"from": "2031-03-10", "to": "2031-03-11", "earliest": "18:00", "latest": "22:00"}
    return world.client(theater.director).get(PATH, {**usual, **asked})


def starts(answer: Any) -> list[tuple[int, str, str]]:
    assert answer.status_code == 200, answer.json()
    return [(slot["space"], slot["date"], slot["start_time"][:5]) for slot in answer.json()["slots"]]


def test_an_event_is_moved_to_an_offered_slot(theater: Theater) -> None:
    venue = calendar.venue(by=theater.director, timezone="Europe/London")
    small, large = (calendar.space(by=theater.director, at=venue, capacity=places) for places in (10, 90))
    at_seven = {"start_time": dt.time(19), "duration_minutes": 100}
    moving = calendar.occurrence(theater.production, by=theater.director, space=large, date="2031-03-10", **at_seven)
    calendar.occurrence(theater.production, by=theater.director, space=small, date="2031-03-11", **at_seven)

    free = searched(theater, duration_minutes=60)
    # The small room first.
    assert starts(free) == [
        (small.pk, "2031-03-10", "18:00"),
        (large.pk, "2031-03-10", "18:00"),
        (large.pk, "2031-03-10", "20:45"),
        (small.pk, "2031-03-11", "18:00"),
        (large.pk, "2031-03-11", "18:00"),
        (small.pk, "2031-03-11", "20:45"),
    ]
    # For the event itself: its own booking does not count, and what overlaps another event of the production comes last.
    slots = searched(theater, occurrence=moving.pk).json()["slots"]
    assert [(slot["space"], slot["date"], len(slot["overlaps"])) for slot in slots] == [
        (small.pk, "2031-03-10", 0),
        (large.pk, "2031-03-10", 0),
        (large.pk, "2031-03-11", 1),
    ]
    assert slots[0]["free_until"] == "2031-03-10T22:00:00Z"
    assert starts(searched(theater, occurrence=moving.pk, capacity=20, weekdays="mo")) == [
        (large.pk, "2031-03-10", "18:00")
    ]

    client = world.client(theater.director)
    path = f"/api/v1/occurrences/{moving.pk}/take-slot/"
    moved = world.post(client, path, {"slot": slots[0]["token"]}).json()
    assert (moved["space"], moved["date"], moved["start_time"], moved["duration_minutes"]) == (
        small.pk,
        "2031-03-10",
        "18:00:00",
        100,
    )
    # Somebody else takes the next one meanwhile.
    calendar.occurrence(theater.production, by=theater.director, space=large, date="2031-03-10", **at_seven)
    gone = world.post(client, path, {"slot": slots[1]["token"]})
    assert (gone.status_code, gone.json()["code"]) == (409, "space_taken")
    bad = world.post(client, path, {"slot": slots[0]["token"] + "x"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_slot")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=25)):
        late = world.post(world.client(theater.director), path, {"slot": slots[1]["token"]})
    assert (late.status_code, late.json()["code"]) == (409, "slot_expired")


def test_slots_are_in_the_future_and_in_the_hours_that_are_asked(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    with time_machine.travel("2031-03-10T19:07:30Z"):
        assert starts(searched(theater, duration_minutes=60)) == [
            (space.pk, "2031-03-10", "19:15"),
            (space.pk, "2031-03-11", "18:00"),
        ]
        # Overnight.
        assert starts(searched(theater, duration_minutes=600, earliest="20:00", latest="08:00")) == [
            (space.pk, "2031-03-10", "20:00"),
            (space.pk, "2031-03-11", "20:00"),
        ]
        assert starts(searched(theater, duration_minutes=241)) == []
        with_play = searched(theater, duration_minutes=60, production=theater.production.pk)
        assert starts(with_play) == starts(searched(theater, duration_minutes=60))
        # From a quarter of an hour on, ten minutes of the free span are lost.
        calendar.occurrence(
            theater.production,
            by=theater.director,
            space=space,
            date="2031-03-11",
            start_time=dt.time(18),
            duration_minutes=10,
        )
        assert starts(searched(theater, duration_minutes=230)) == []
        assert len(starts(searched(theater, duration_minutes=225))) == 1
        nowhere = calendar.venue(by=theater.director, timezone="")
        assert starts(searched(theater, duration_minutes=60, venue=nowhere.pk)) == []
        calendar.space(by=theater.director, at=nowhere)
        assert starts(searched(theater, duration_minutes=60, venue=nowhere.pk)) == []
        assert len(starts(searched(theater, duration_minutes=60, space=space.pk, kind="stage"))) == 2


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({}, "required", "duration_minutes"),
        ({"duration_minutes": 60, "to": "2031-09-01"}, "range_too_long", "to"),
        ({"duration_minutes": 60, "to": "2031-03-01"}, "ends_before_start", "to"),
        ({"duration_minutes": 60, "weekdays": "MO,XX"}, "invalid_choice", "weekdays"),
        ({"duration_minutes": 60, "venu": 1}, "unknown_filter", "venu"),
        ({"duration_minutes": 60, "space": 999}, "does_not_exist", "space"),
    ],
)
def test_invalid_searches_are_refused(theater: Theater, asked: dict[str, Any], code: str, field: str) -> None:
    answer = searched(theater, **asked)
    assert answer.status_code == 400
    assert [(one["code"], one["field"]) for one in answer.json()["errors"]] == [(code, field)]


def test_hidden_events_are_shown_as_taken_and_queries_are_constant(theater: Theater) -> None:
    costs = []
    for spaces in (1, 8):
        for _ in range(spaces):
            space = calendar.space(by=theater.director)
            calendar.occurrence(
                theater.production, by=theater.director, space=space, date="2031-03-10", visibility="internal"
            )
        client = world.client(theater.director)
        with CaptureQueriesContext(connection) as asked:
            client.get(PATH, {"duration_minutes": 60, "from": "2031-03-10", "to": "2031-03-11"})
        costs.append(len(asked))
    assert costs[0] == costs[1]
    # A member of another production learns that the space is taken, and not by what.
    other = world.production(world.season(theater.root, by=theater.director), by=theater.director)
    guest = world.client(world.give("stage_manager", other.section, by=theater.director))
    answer = guest.get(PATH, {"duration_minutes": 60, "from": "2031-03-10", "to": "2031-03-10"})
    assert answer.status_code == 200
    assert all(slot["overlaps"] == [] for slot in answer.json()["slots"])


MINUTES = st.integers(0, 240)
BASE = dt.datetime(2031, 3, 10, tzinfo=dt.UTC)


def window(first: int, last: int) -> Window:
    return Window(BASE + dt.timedelta(minutes=first), BASE + dt.timedelta(minutes=last))


@given(st.lists(st.tuples(MINUTES, st.integers(1, 90)), max_size=6), st.integers(1, 120))
def test_free_windows_are_those_of_a_minute_by_minute_search(busy: list[tuple[int, int]], length: int) -> None:
    taken = {minute for start, minutes in busy for minute in range(start, start + minutes)}
    expected, start = [], 0
    for minute in range(241):
        if minute == 240 or minute in taken:
            if minute - start >= length:
                expected.append(window(start, minute))
            start = minute + 1
    found = free_windows(window(0, 240), [window(s, s + m) for s, m in busy], dt.timedelta(minutes=length))
    assert list(found) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [("18:00:00", "18:00"), ("18:00:01", "18:15"), ("18:14:59", "18:15"), ("18:15:00", "18:15"), ("23:50:00", "00:00")],
)
def test_starts_are_at_full_quarters(at: str, expected: str) -> None:
    start = dt.datetime.combine(BASE.date(), dt.time.fromisoformat(at), tzinfo=dt.UTC)
    assert f"{rounded_up(start, 15):%H:%M}" == expected

"""Categories of events have defaults that a theater sets; setup and strike are part of a booking."""

from __future__ import annotations

from typing import Any

import pytest

from scheduling.models import Booking, Category
from scheduling.rules.category_defaults import BUILT_IN
from scheduling.services.categories import set_category_defaults
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar
from theater_site.core.errors import Invalid

PATH, EVENTS = "/api/v1/event-categories/", "/api/v1/occurrences/"


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def scheduled(theater: Theater, **fields: Any) -> Any:
    body = {"production": theater.production.pk, "date": "2031-03-10", "start_time": "18:00"}
    body |= {"timezone": "Europe/London", **fields}
    return world.post(world.client(theater.director), EVENTS, body)


def test_every_category_has_defaults() -> None:
    assert BUILT_IN.keys() == set(Category.values)


def test_a_theater_sets_the_defaults_of_its_events(theater: Theater) -> None:
    client = world.client(theater.director)
    body = {"category": "rehearsal", "duration_minutes": 180, "setup_minutes": 30, "strike_minutes": 15}
    made = world.post(client, PATH, body)
    assert (made.status_code, made.json()["color"]) == (200, BUILT_IN["rehearsal"].color)
    # What is not named stays.
    assert world.post(client, PATH, {"category": "rehearsal", "color": "#112233"}).json()["setup_minutes"] == 30
    shown = {row["category"]: row for row in world.client().get(PATH).json()}
    assert len(shown) == len(Category)
    assert (shown["rehearsal"]["duration_minutes"], shown["rehearsal"]["color"]) == (180, "#112233")
    assert (shown["tech"]["name"], shown["open_house"]["visibility"]) == ("technical rehearsal", "public")

    space = calendar.space(by=theater.director)
    event = scheduled(theater, category="rehearsal", space=space.pk).json()
    assert (event["duration_minutes"], event["setup_minutes"], event["visibility"]) == (180, 30, "internal")
    booking = Booking.objects.get()
    assert (f"{booking.starts_at:%H:%M}", f"{booking.ends_at:%H:%M}") == ("17:30", "21:15")
    assert scheduled(theater, category="open_house").json()["visibility"] == "public"

    with pytest.raises(Invalid) as refusal:
        set_category_defaults(
            actor=theater.acting(), section=theater.production.section, category="tech", defaults={"setup_minutes": 5}
        )
    assert refusal.value.code == "organization_only"
    for wrong, code in (({"color": "red"}, "bad_color"), ({"setup_minutes": 1441}, "max_value"), ({}, "required")):
        refused = world.post(client, PATH, {"category": "tech", **wrong} if wrong else {})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, code)


def test_setup_and_strike_are_part_of_the_booking(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    fields = {"space": space.pk, "duration_minutes": 60, "strike_minutes": 30}
    first = scheduled(theater, **fields).json()
    taken = scheduled(theater, **{**fields, "start_time": "19:15"})
    assert (taken.status_code, taken.json()["code"]) == (409, "space_taken")
    assert taken.json()["data"]["clashes"][0]["ends_at"] == "2031-03-10T19:30:00Z"
    assert scheduled(theater, **{**fields, "start_time": "19:30"}).status_code == 201
    # A longer strike needs the space for longer, though the event does not move.
    client = world.client(theater.director)
    path = f"{EVENTS}{first['id']}/"
    longer = world.patch(client, path, {"strike_minutes": 45}, first["version"])
    assert (longer.status_code, longer.json()["code"]) == (409, "space_taken")
    shorter = world.patch(client, path, {"strike_minutes": 15}, first["version"])
    assert shorter.status_code == 200
    assert (
        scheduled(theater, **{**fields, "start_time": "19:15", "duration_minutes": 15, "strike_minutes": 0}).status_code
        == 201
    )

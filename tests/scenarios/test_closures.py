"""A house with a hall that can be divided, and with days on which it is closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from scheduling.models import Booking, Occurrence
from scheduling.services.closures import close_on_holidays, close_venue
from scheduling.services.occurrences import cancel_occurrence, update_occurrence
from scheduling.services.space_parts import set_parts
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def house(theater: Theater) -> dict[str, Any]:
    by = theater.director
    venue = calendar.venue(by=by)
    hall, left, right = (calendar.space(by=by, at=venue, name=name) for name in ("Hall", "Left", "Right"))
    set_parts(actor=world.acting(by), space=hall, parts=[left.pk, right.pk])
    return {"venue": venue, "hall": hall, "left": left, "right": right}


def _refused(code: str, call: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def test_the_whole_takes_its_parts_and_a_part_the_whole(theater: Theater, house: dict[str, Any]) -> None:
    by = theater.director
    left = calendar.occurrence(theater.production, by=by, space=house["left"])
    calendar.occurrence(theater.production, by=by, space=house["right"])
    refused = _refused("space_taken", lambda: calendar.occurrence(theater.production, by=by, space=house["hall"]))
    assert refused.data["count"] == 2
    later = calendar.occurrence(theater.production, by=by, space=house["hall"], date="2031-11-21")
    move = {"date": "2031-11-21"}
    _refused("space_taken", lambda: update_occurrence(actor=world.acting(by), occurrence=left, changes=move))
    cancel_occurrence(actor=world.acting(by), occurrence=later, reason=None)
    update_occurrence(actor=world.acting(by), occurrence=left, changes=move)
    assert not Booking.objects.filter(occurrence=later).exists()


def test_spaces_that_share_a_part_exclude_each_other(theater: Theater, house: dict[str, Any]) -> None:
    by, actor = theater.director, world.acting(theater.director)
    first, second, shared = (calendar.space(by=by, at=house["venue"]) for _ in range(3))
    early = calendar.occurrence(theater.production, by=by, space=first)
    for space in (first, second):
        set_parts(actor=actor, space=space, parts=[shared.pk])
    assert early.bookings.count() == 2, "A future event books the new part too."
    _refused("space_taken", lambda: calendar.occurrence(theater.production, by=by, space=second))
    set_parts(actor=actor, space=first, parts=[])
    calendar.occurrence(theater.production, by=by, space=second)
    _refused("space_taken", lambda: set_parts(actor=actor, space=first, parts=[shared.pk]))


@pytest.mark.parametrize("parts", ["itself", "circle", "elsewhere"])
def test_parts_that_make_no_sense_are_refused(theater: Theater, house: dict[str, Any], parts: str) -> None:
    space, part, code = {
        "itself": (house["hall"], house["hall"], "parts_in_circle"),
        "circle": (house["left"], house["hall"], "parts_in_circle"),
        "elsewhere": (house["hall"], calendar.space(by=theater.director), "unknown_parts"),
    }[parts]
    _refused(code, lambda: set_parts(actor=world.acting(theater.director), space=space, parts=[part.pk]))


def test_a_closed_house_books_nothing(theater: Theater, house: dict[str, Any]) -> None:
    by, actor = theater.director, world.acting(theater.director)
    days = {"first_date": dt.date(2031, 10, 1), "last_date": dt.date(2031, 11, 30), "reason": "New roof"}
    event = calendar.occurrence(theater.production, by=by, space=house["left"])
    refused = _refused("space_taken", lambda: close_venue(actor=actor, venue=house["venue"], space=None, **days))
    assert refused.data["clashes"][0]["occurrence"] == event.pk
    cancel_occurrence(actor=actor, occurrence=event, reason="New roof")
    closures = close_venue(actor=actor, venue=house["venue"], space=None, **days)
    assert [row.date for row in closures] == ["2031-10-01", "2031-10-31", "2031-11-30"]
    later = calendar.space(by=by, at=house["venue"])
    for space in (house["hall"], later):
        _refused("space_taken", lambda space=space: calendar.occurrence(theater.production, by=by, space=space))
    calendar.occurrence(theater.production, by=by, space=house["left"], date="2031-12-01")
    for closure in closures:
        cancel_occurrence(actor=actor, occurrence=closure, reason=None)
    calendar.occurrence(theater.production, by=by, space=house["hall"])


def test_one_space_can_be_closed(theater: Theater, house: dict[str, Any]) -> None:
    actor, day = world.acting(theater.director), dt.date(2031, 11, 20)
    close_venue(
        actor=actor, venue=house["venue"], space=house["left"], first_date=day, last_date=day, reason="New floor"
    )
    calendar.occurrence(theater.production, by=theater.director, space=house["right"])
    _refused(
        "space_taken",
        lambda: calendar.occurrence(theater.production, by=theater.director, space=house["hall"], date="2031-11-20"),
    )


def test_public_holidays_close_the_house_once(theater: Theater, house: dict[str, Any]) -> None:
    actor = world.acting(theater.director)
    given = {"venue": house["venue"], "country": "GB", "subdivision": "ENG", "year": 2031}
    rows = close_on_holidays(actor=actor, **given)
    assert ("2031-12-25", "Christmas Day") in [(row.date, row.title) for row in rows]
    _refused("nothing_changes", lambda: close_on_holidays(actor=actor, **given))
    cancel_occurrence(actor=actor, occurrence=rows[-1], reason=None)
    assert [row.date for row in close_on_holidays(actor=actor, **given)] == [rows[-1].date]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"last_date": dt.date(2031, 11, 19)}, "ends_before_start"),
        ({"last_date": dt.date(2033, 1, 1)}, "out_of_range"),
        ({"reason": " "}, "required"),
        ({"venue": "nowhere"}, "timezone_needed"),
        ({"space": "elsewhere"}, "space_elsewhere"),
    ],
)
def test_a_closure_names_what_is_wrong(
    theater: Theater, house: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    day = dt.date(2031, 11, 20)
    given = {
        "venue": house["venue"],
        "space": None,
        "first_date": day,
        "last_date": day,
        "reason": "Repairs",
        **changes,
    }
    if given["venue"] == "nowhere":
        given["venue"] = calendar.venue(by=theater.director, timezone="")
    if given["space"] == "elsewhere":
        given["space"] = calendar.space(by=theater.director)
    _refused(code, lambda: close_venue(actor=world.acting(theater.director), **given))
    assert not Occurrence.objects.filter(category="closure").exists()


@pytest.mark.parametrize(
    ("changes", "code"), [({"country": "XX"}, "unknown_country"), ({"year": 1066}, "out_of_range")]
)
def test_holidays_need_a_known_country_and_year(
    theater: Theater, house: dict[str, Any], changes: dict[str, Any], code: str
) -> None:
    given = {"venue": house["venue"], "country": "GB", "subdivision": None, "year": 2031, **changes}
    _refused(code, lambda: close_on_holidays(actor=world.acting(theater.director), **given))

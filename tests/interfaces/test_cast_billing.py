"""The order of a cast after a replacement, and who is shown the people in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests import world
from tests.worlds import casting, directory

pytestmark = pytest.mark.django_db


def _cast(production: Any, on: str = "", who: Any = None) -> list[tuple[str, list[str]]]:
    query = {"on": on} if on else {}
    answer = world.client(who).get(f"/api/v1/productions/{production.pk}/cast/", query).json()
    return [(part["part"], [row["name"] for row in part["holders"]]) for part in answer["parts"]]


def _program(production: Any, on: str) -> list[tuple[str, list[str]]]:
    program = world.client().get(f"/api/v1/productions/{production.pk}/program/", {"on": on}).json()
    assert [block["title"] for block in program["blocks"]] == ["Cast"]
    return [(entry["role"], entry["names"]) for entry in program["blocks"][0]["entries"]]


def test_a_replacement_takes_the_billing_position_of_the_replaced_credit():
    """`cast/?on=` billed the new holder last; the program billed a new member of a group behind the others."""
    production, director = casting.play()
    nina = casting.part(production, "Nina", by=director)
    casting.holds("Ann", nina, by=director)
    chorus = casting.part(production, "Chorus", by=director, is_group=True)
    first = casting.holds("Cleo", chorus, by=director)
    casting.holds("Dan", chorus, by=director)
    casting.change(nina, "Ida", "2026-10-20", by=director)
    casting.change(nina, "Una", "2026-11-01", by=director)
    casting.change(chorus, "Eve", "2026-10-20", by=director, leaves=first)
    for on, who, leads in (
        ("2026-10-19", "Ann", "Cleo"),
        ("2026-10-20", "Ida", "Eve"),
        ("2026-11-01", "Una", "Eve"),
    ):
        expected = [("Nina", [who]), ("Chorus", [leads, "Dan"])]
        assert _cast(production, on) == _program(production, on) == expected, on
    assert _cast(production) == [("Nina", ["Ann", "Ida", "Una"]), ("Chorus", ["Cleo", "Eve", "Dan"])]


def test_a_replacement_with_its_own_billing_order_keeps_it():
    production, director = casting.play()
    chorus = casting.part(production, "Chorus", by=director, is_group=True)
    first = casting.holds("Cleo", chorus, by=director, billing_order=1)
    casting.holds("Dan", chorus, by=director, billing_order=2)
    new = casting.change(chorus, "Eve", "2026-10-20", by=director, leaves=first)
    boss = world.client(director)
    assert _cast(production, "2026-10-20") == [("Chorus", ["Eve", "Dan"])]
    assert world.patch(boss, f"/api/v1/credits/{new.pk}/", {"billing_order": 3}, new.version).status_code == 200
    assert _cast(production, "2026-10-20") == [("Chorus", ["Dan", "Eve"])] == _program(production, "2026-10-20")


def test_unpublished_people_in_a_cast_are_shown_to_users_who_may_view_them():
    """Staff were answered `person: null`, as the public is."""
    production, director = casting.play()
    nina = casting.part(production, "Nina", by=director)
    ann = world.user("Ann")
    shy = directory.person(by=director, name="Shy Singer", user=ann)
    casting.holds(shy, nina, by=director)
    seller = world.give("box_office", production.section, by=director)
    cast, holders = f"/api/v1/productions/{production.pk}/cast/", f"/api/v1/characters/{nina.pk}/holders/"
    for who, person in ((director, shy.pk), (ann, shy.pk), (seller, None), (None, None)):
        browser = world.client(who)
        for query in ({}, {"on": "2026-10-02"}):
            assert browser.get(cast, query).json()["parts"][0]["holders"][0]["person"] == person
            assert browser.get(holders, query).json()["holders"][0]["person"] == person

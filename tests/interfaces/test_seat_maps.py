"""The seat map over the API and by command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.worlds import ticketing as scene
from ticketing.services.holds import block_seats

pytestmark = pytest.mark.django_db
SVG = {"Accept": "image/svg+xml"}


def states(answer):
    root = ET.fromstring(answer.content)
    return [one.get("class").split()[1] for one in root.iter() if one.get("data-seat")]


def command(*words, **options):
    out = StringIO()
    call_command("seat_map", *words, stdout=out, **options)
    return out.getvalue()


def test_the_picture_is_negotiated_and_shows_the_states():
    _root, director, evening, seats, floor = scene.house(rows=1, seats=5, standing=5)
    address = f"/api/v1/performances/{evening.pk}/seats/"
    scene.order(scene.hold(evening, seats[:1]), paid_to=director)
    held = scene.hold(evening, seats[1:2])
    block_seats(actor=world.acting(director), performance=evening, seats=[seats[2].pk])
    scene.hold(evening, area=floor, quantity=2)
    browser = world.client()

    picture = browser.get(address, headers=SVG)
    assert picture["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert {"Accept", "Hold-Token"} <= {name.strip() for name in picture["Vary"].split(",")}
    assert states(picture) == ["sold", "held", "blocked", "free", "free"]
    text = picture.content.decode()
    assert "Floor: 3 of 5 left" in text
    assert "Stalls: 25.00 EUR (2 seats free)" in text
    assert browser.get(address)["Content-Type"] == "application/json"
    image = "image/avif,image/svg+xml,image/*,*/*;q=0.8"
    assert browser.get(address, headers={"Accept": image})["ETag"] == picture["ETag"]
    assert browser.get(address, headers={"Accept": "text/plain"}).status_code == 406

    mine = browser.get(address, headers={**SVG, "Hold-Token": held.token})
    assert states(mine) == ["sold", "own", "blocked", "free", "free"]
    assert states(browser.get(address, headers={**SVG, "Hold-Token": "guessed"})) == states(picture)
    same = browser.get(address, headers={**SVG, "If-None-Match": picture["ETag"]})
    assert (same.status_code, same.content) == (304, b"")

    draft = scene.performance(evening.production, by=director, published=False)
    for where, status in ((draft, 404), (scene.performance(evening.production, by=director), 409)):
        refused = browser.get(f"/api/v1/performances/{where.pk}/seats/", headers=SVG)
        assert (refused.status_code, refused["Content-Type"]) == (status, "application/problem+json")
        assert refused.json()["status"] == status


def test_the_picture_has_constant_queries():
    _, director, evening, _seats, _ = scene.house(rows=1, seats=2, standing=5)
    large = scene.chart(by=director, rows=10, seats=30, balcony=10, standing=100)
    gala = scene.on_sale(evening.production, by=director, chart=large)
    costs = []
    for performance in (evening, gala):
        address = f"/api/v1/performances/{performance.pk}/seats/"
        world.client().get(address, headers=SVG)
        with CaptureQueriesContext(connection) as asked:
            world.client().get(address, headers=SVG)
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 8


def test_the_command_writes_each_format():
    _root, director, evening, seats, _ = scene.house(rows=2, seats=3)
    scene.hold(evening, seats[:1])
    assert "  1  h o o\n  2  o o o\n" in command(str(evening.pk))
    assert ET.fromstring(command(str(evening.pk), format="svg")) is not None
    listed = json.loads(command(str(evening.pk), format="json"))
    assert listed == world.client().get(f"/api/v1/performances/{evening.pk}/seats/").json()

    draft = scene.performance(evening.production, by=director, published=False)
    with pytest.raises(CommandError, match="not on sale"):
        command(str(draft.pk))
    somebody = world.user("Sam Somebody")
    with pytest.raises(CommandError, match="no performance"):
        command(str(draft.pk), email=somebody.email)

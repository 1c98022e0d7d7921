"""Scenes, characters, departments and the breakdown chart over HTTP: what works, and what is refused by which code."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from productions.models import Appearance, Scene
from tests import world
from tests.worlds import casting, directory
from theater_site.core.conflicts import conflict_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def play() -> Any:
    return casting.play()


def test_scenes_and_characters_are_created_reordered_and_charted(play):
    production, director = play
    browser = world.client(director)
    base = {"production": production.pk}
    viola, feste = (
        world.post(browser, "/api/v1/characters/", {**base, "name": name, "kind": "principal"}).json()
        for name in ("Viola", "Feste")
    )
    sailors = world.post(
        browser,
        "/api/v1/characters/",
        {**base, "name": "Sailors", "kind": "ensemble", "is_group": True, "doubling": "Lords"},
    ).json()
    first = world.post(
        browser, "/api/v1/scenes/", {**base, "number": "I.1", "title": "A palace", "songs": ["O mistress"]}
    )
    second = world.post(browser, "/api/v1/scenes/", {**base, "number": "I.2", "title": "The seacoast", "pages": "4-7"})
    assert (first.status_code, second.json()["order"]) == (201, 2)
    shore = second.json()["id"]
    for scene, who in ((first.json()["id"], [feste]), (shore, [sailors, viola])):
        done = world.post(browser, f"/api/v1/scenes/{scene}/characters/", {"characters": [row["id"] for row in who]})
        assert done.status_code == 200
    # The set is the whole truth: who is not named any more leaves the scene.
    world.post(browser, f"/api/v1/scenes/{shore}/characters/", {"characters": [viola["id"]]})
    order = [shore, first.json()["id"]]
    chart = world.post(browser, f"/api/v1/productions/{production.pk}/scene-order/", {"scenes": order}).json()
    assert chart == browser.get(f"/api/v1/productions/{production.pk}/breakdown/").json()
    assert [(scene["number"], scene["characters"]) for scene in chart["scenes"]] == [
        ("I.2", [viola["id"]]), ("I.1", [feste["id"]])
    ]  # fmt: skip
    assert [(row["name"], row["doubling"]) for row in chart["characters"]] == [
        ("Viola", ""), ("Feste", ""), ("Sailors", "Lords")
    ]  # fmt: skip
    public = world.client().get("/api/v1/scenes/", {"production": production.pk}).json()["results"]
    assert [row["title"] for row in public] == ["The seacoast", "A palace"]
    assert "pages" not in public[0]
    assert "doubling" not in world.client().get("/api/v1/characters/").json()["results"][0]


def test_the_queries_of_the_chart_do_not_grow_with_its_size(play):
    production, director = play
    browser = world.client(director)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/api/v1/productions/{production.pk}/breakdown/")
        return len(queries)

    casting.scene(production, by=director)
    few = asked()
    parts = [casting.part(production, by=director).pk for _ in range(10)]
    for _ in range(10):
        path = f"/api/v1/scenes/{casting.scene(production, by=director).pk}/characters/"
        world.post(browser, path, {"characters": parts})
    assert asked() == few


def test_a_scene_refuses_a_character_of_another_play(play):
    production, director = play
    stranger = casting.part(world.production(production.season, by=director), "Hamlet", by=director)
    scene = casting.scene(production, by=director)
    path = f"/api/v1/scenes/{scene.pk}/characters/"
    for strange in (stranger.pk, 10**17):
        refused = world.post(world.client(director), path, {"characters": [strange]})
        assert (refused.status_code, refused.json()["code"]) == (400, "character_not_in_play")
        assert refused.json()["errors"][0]["field"] == "characters"
    # Anybody who writes past the service meets the database.
    with pytest.raises(IntegrityError) as broken, transaction.atomic():
        Appearance.objects.create(scene=scene, character=stranger)
    assert conflict_of(broken.value).code == "character_not_in_play"
    for row in (scene, stranger):
        other = world.production(production.season, by=director)
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(production=other)
        assert conflict_of(broken.value).code.endswith("_stays_in_its_play")


def _refused(answer: Any, status: int, code: str) -> None:
    body = answer.json()
    assert (answer.status_code, code) == (status, code if code in str(body) else body["code"]), body


def test_invalid_parts_are_refused_with_their_codes(play):
    production, director = play
    browser = world.client(director)
    one = casting.scene(production, by=director, number="I.1")
    two = casting.scene(production, by=director)
    viola = casting.part(production, "Viola", by=director)
    base = {"production": production.pk}
    _refused(world.post(browser, "/api/v1/scenes/", {**base, "number": "I.1"}), 409, "scene_number_taken")
    _refused(world.post(browser, "/api/v1/scenes/", {**base, "songs": [""]}), 400, "bad_entry")
    _refused(world.post(browser, "/api/v1/scenes/", {**base, "songs": "x"}), 400, "not_a_list")
    _refused(world.post(browser, "/api/v1/characters/", {**base, "name": "Viola"}), 409, "character_exists")
    _refused(world.post(browser, "/api/v1/characters/", {**base, "name": " "}), 400, "blank")
    order = f"/api/v1/productions/{production.pk}/scene-order/"
    for scenes in ([one.pk], [one.pk, one.pk], [one.pk, two.pk, 10**17], []):
        _refused(world.post(browser, order, {"scenes": scenes}), 400, "not_all_scenes")
    casting.holds("Ann", viola, by=director)
    _refused(
        browser.delete(f"/api/v1/characters/{viola.pk}/", headers={"If-Match": f'"{viola.version}"'}),
        409,
        "still_in_use",
    )
    assert Scene.objects.filter(production=production).count() == 2


def test_credits_name_jobs_of_departments(play):
    production, director = play
    browser = world.client(director)
    made = world.post(browser, "/api/v1/departments/", {"name": "Lighting", "jobs": ["Designer", "Operator"]}).json()
    operator = made["jobs"][1]["id"]
    person = directory.person(by=director)
    credit = {"production": production.pk, "person": person.pk, "kind": "crew", "job": operator}
    credited = world.post(browser, "/api/v1/credits/", credit)
    assert credited.json()["role"] == "Operator", "a job is printed where no role says otherwise"
    path = f"/api/v1/departments/{made['id']}/"
    renamed = world.patch(browser, path, {"jobs": ["Operator", "Programmer"]}, made["version"]).json()
    assert [job["name"] for job in renamed["jobs"]] == ["Operator", "Programmer"]
    assert renamed["jobs"][0]["id"] == operator, "a job that stays is the same one"
    _refused(world.patch(browser, path, {"jobs": ["Programmer"]}, renamed["version"]), 409, "still_in_use")
    _refused(world.patch(browser, path, {"jobs": ["A", "A"]}, renamed["version"]), 400, "bad_entry")
    _refused(world.post(browser, "/api/v1/departments/", {"name": "Lighting"}), 409, "department_exists")
    _refused(browser.delete(path, headers={"If-Match": f'"{renamed["version"]}"'}), 409, "still_in_use")

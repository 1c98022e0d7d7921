"""The theater lays down how it presents itself, and is held to it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from productions.models import BrandKit
from productions.services.brand import create_brand_kit
from productions.services.productions import update_production
from tests import world
from tests.worlds import directory
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db

RULES = {
    "title_max_length": 20,
    "subtitle_max_length": 30,
    "synopsis_min_length": 40,
    "forbidden_words": ["world-class", "free"],
    "required_fields": ["synopsis", "authors"],
    "required_credits": ["Director"],
    "picture_shapes": ["16:9", "1:1"],
    "picture_min_width": 60,
    "only_warn": ["subtitle_too_long", "picture_shape"],
}


class Scene:
    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.season = world.season(self.root, by=self.director)
        self.browser = world.client(self.director)

    def create(self, **fields: object):
        return world.post(self.browser, "/api/v1/productions/", {"season": self.season.pk, **fields})

    def lay_down(self, **changes: object):
        return world.post(self.browser, "/api/v1/brand-kits/", {**RULES, **changes})


@pytest.fixture
def scene(db):
    return Scene()


def faults(answer):
    return [(fault["field"], fault["code"]) for fault in answer.json()["errors"]]


def test_guidelines_are_created_once_and_updated_with_permission(scene):
    made = scene.lay_down()
    assert made.status_code == 201, made.json()
    assert BrandKit.objects.get().section.name == "Brand"
    again = scene.lay_down()
    assert again.status_code == 409
    path = f"/api/v1/brand-kits/{made.json()['id']}/"
    assert world.patch(scene.browser, path, {"title_max_length": None}, 1).json()["title_max_length"] is None
    assert world.patch(scene.browser, path, {"title_max_length": 9}, 1).status_code == 412

    editor = world.client(world.give("media_editor", scene.root, by=scene.director))
    assert editor.get(path).status_code == 404
    manager = world.client(world.give("production_manager", scene.root, by=scene.director))
    assert manager.get(path).status_code == 200
    submitted = world.patch(manager, path, {"title_max_length": 12}, 2)
    assert submitted.status_code == 202
    assert BrandKit.objects.get().title_max_length is None
    approved = world.post(
        scene.browser,
        f"/api/v1/submissions/{submitted.json()['id']}/approve/",
        {"comment": "", "digest": world.seen(submitted.json())},
    )
    assert approved.status_code == 200, approved.json()
    assert BrandKit.objects.get().title_max_length == 12


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"picture_shapes": ["wide"]}, "picture_shapes"),
        ({"required_fields": ["slug"]}, "required_fields"),
        ({"only_warn": ["no_such_rule"]}, "only_warn"),
        ({"forbidden_words": [""]}, "forbidden_words"),
        ({"forbidden_words": {"a": 1}}, "forbidden_words"),
        ({"forbidden_words": ["a\x00b"]}, "forbidden_words"),
        ({"picture_tolerance_percent": 90}, "picture_tolerance_percent"),
        ({"title_max_length": -1}, "title_max_length"),
        ({"titel_max_length": 1}, "titel_max_length"),
    ],
)
def test_invalid_guidelines_are_refused(scene, changes, field):
    answer = scene.lay_down(**changes)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_a_minimum_above_its_maximum_is_refused(scene):
    answer = scene.lay_down(synopsis_max_length=10)
    assert (answer.status_code, answer.json()["code"]) == (409, "brand_synopsis_in_order")


def test_a_title_that_is_too_long_is_refused_and_a_warning_waived(scene):
    scene.lay_down()
    subtitle = "a subtitle of more than thirty letters"
    answer = scene.create(title="A title far beyond twenty letters, FREE", subtitle=subtitle)
    assert (answer.status_code, answer.json()["code"]) == (400, "rules_broken")
    assert faults(answer) == [("title", "title_too_long"), ("title", "forbidden_word")]
    assert {finding["rule"] for finding in answer.json()["data"]["findings"]} >= {"subtitle_too_long"}

    warned = scene.create(title="Short", subtitle=subtitle)
    assert (warned.status_code, warned.json()["code"]) == (409, "waiver_required")
    (finding,) = warned.json()["data"]["findings"]
    assert (finding["rule"], finding["field"], finding["hint"]) == ("subtitle_too_long", "subtitle", "Shorten it by 8.")

    blank = scene.create(title="Short", subtitle=subtitle, waive={"subtitle_too_long": " "})
    assert blank.status_code == 400
    reason = "The author insists on it."
    made = scene.create(title="Short", subtitle=subtitle, waive={"subtitle_too_long": reason})
    assert made.status_code == 201, made.json()
    entries = scene.browser.get("/api/v1/audit/?action=production.create").json()["results"]
    assert [entry["note"].get("waived") for entry in entries] == [["subtitle_too_long"]], "why is personal"
    history = "/api/v1/audit/history/?object_type=productions.production&object_id="
    told = scene.browser.get(f"{history}{made.json()['id']}").json()["results"]
    assert [change["waived"] for change in told] == [{"subtitle_too_long": reason}]

    # What is is not asked about again where something else is changed.
    path = f"/api/v1/productions/{made.json()['id']}/"
    assert world.patch(scene.browser, path, {"genre": "comedy"}, made.json()["version"]).status_code == 200
    errors = world.patch(scene.browser, path, {"title": "x" * 21}, made.json()["version"] + 1)
    assert faults(errors) == [("title", "title_too_long")]
    # Nor does it wait for anybody's approval.
    proposer = world.client(world.give("marketing_coordinator", scene.root, by=scene.director))
    submitted = world.patch(proposer, path, {"title": "x" * 21}, made.json()["version"] + 1)
    assert (submitted.status_code, submitted.json()["code"]) == (400, "rules_broken")
    assert faults(submitted) == [("title", "title_too_long")]


def test_a_preview_lists_brand_findings(scene):
    scene.lay_down()
    body = {"season": scene.season.pk, "title": "World-Class Evening"}
    answer = world.post(scene.browser, "/api/v1/productions/?preview=true", body)
    assert [finding["rule"] for finding in answer.json()["findings"]] == ["forbidden_word"]


def test_required_content_is_checked_at_publication(scene):
    scene.lay_down()
    production = world.production(scene.season, by=scene.director, title="Hamlet", synopsis="Short.")
    path = f"/api/v1/productions/{production.pk}/"
    refused = world.post(scene.browser, f"{path}publish/")
    assert refused.status_code == 400
    assert faults(refused) == [("synopsis", "synopsis_too_short"), ("authors", "field_missing"), ("", "credit_missing")]

    synopsis = "A prince is told by a ghost what nobody else wants to know."
    said = {"synopsis": synopsis, "authors": ["W. Shakespeare"]}
    assert world.patch(scene.browser, path, said, production.version).status_code == 200
    assert faults(world.post(scene.browser, f"{path}publish/")) == [("", "credit_missing")]
    person = directory.person(by=scene.director)
    credit(scene, production, person, "DIRECTOR")
    assert world.post(scene.browser, f"{path}publish/").status_code == 200

    production.refresh_from_db()
    emptied = world.patch(scene.browser, path, {"authors": []}, production.version)
    assert faults(emptied) == [("authors", "field_missing")]


def credit(scene, production, person, role):
    answer = world.post(
        scene.browser,
        "/api/v1/credits/",
        {"production": production.pk, "person": person.pk, "kind": "creative", "role": role},
    )
    assert answer.status_code == 201, answer.json()


def test_archived_productions_are_not_judged(scene):
    scene.lay_down()
    answer = scene.create(title="A title of the archive, long and FREE", status="archived")
    assert answer.status_code == 201


def test_a_public_picture_needs_an_allowed_aspect_ratio(scene):
    scene.lay_down()
    small = media.asset(by=scene.director, content=media.jpeg(32, 32))
    answer = world.post(scene.browser, f"/api/v1/assets/{small.pk}/publish/")
    assert faults(answer) == [("", "picture_too_small")]
    tall = media.asset(by=scene.director, content=media.jpeg(64, 90))
    warned = world.post(scene.browser, f"/api/v1/assets/{tall.pk}/publish/")
    assert (warned.status_code, warned.json()["data"]["findings"][0]["rule"]) == (409, "picture_shape")
    waived = world.post(
        scene.browser, f"/api/v1/assets/{tall.pk}/publish/", {"waive": {"picture_shape": "It is the poster."}}
    )
    assert waived.status_code == 200, waived.json()
    wide = media.asset(by=scene.director, content=media.jpeg(64, 36))
    assert world.post(scene.browser, f"/api/v1/assets/{wide.pk}/publish/").status_code == 200


def test_the_guidelines_of_a_nearer_section_replace_those_above(scene):
    scene.lay_down()
    create_brand_kit(actor=world.acting(scene.director), section=scene.season.section, fields={"title_max_length": 60})
    title = "A festival of free evenings all summer"
    assert scene.create(title=title).status_code == 201
    elsewhere = world.season(scene.root, by=scene.director)
    refused = world.post(scene.browser, "/api/v1/productions/", {"season": elsewhere.pk, "title": title})
    assert refused.status_code == 400


def test_judging_takes_one_query_and_one_for_the_guidelines(scene):
    production = world.production(scene.season, by=scene.director)

    def cost(**changes: str) -> int:
        actor = world.acting(scene.director)
        with CaptureQueriesContext(connection) as queries:
            update_production(actor=actor, production=production, changes=changes)
        return len(queries)

    without = cost(short_synopsis="a")
    scene.lay_down()
    assert cost(short_synopsis="b") - without == 1
    assert without - cost(genre="c") == 1, "where neither guidelines nor licenses have a word, none are read"


def test_a_public_production_keeps_its_required_credits(scene):
    scene.lay_down()
    production = world.production(
        scene.season, by=scene.director, title="Hamlet", synopsis="s" * 50, authors=["Shakespeare"]
    )
    path = "/api/v1/credits/"
    ann = directory.person(by=scene.director)
    director = directory.credit(production, ann, "director", by=scene.director)
    draft = world.production(scene.season, by=scene.director, title="Macbeth")
    directory.credit(draft, ann, "Director", by=scene.director)
    assert world.post(scene.browser, f"/api/v1/productions/{production.pk}/publish/").status_code == 200

    gone = scene.browser.delete(f"{path}{director.pk}/", headers={"If-Match": "*"})
    assert (gone.status_code, faults(gone)) == (400, [("", "credit_missing")])
    renamed = world.patch(scene.browser, f"{path}{director.pk}/", {"role": "Designer"}, 1)
    assert (renamed.status_code, renamed.json()["code"]) == (400, "rules_broken")
    # Of a draft anything may be taken away, and of a public production what is not required.
    assert scene.browser.delete(f"{path}{draft.credits.get().pk}/", headers={"If-Match": "*"}).status_code == 204
    directory.credit(production, directory.person(by=scene.director), "Director", by=scene.director)
    assert scene.browser.delete(f"{path}{director.pk}/", headers={"If-Match": "*"}).status_code == 204

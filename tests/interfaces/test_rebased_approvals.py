"""An approval is of what the difference shows: the submission on top of what others changed meanwhile."""

from __future__ import annotations

import pytest

from accounts.models import Submission
from productions.models import Production
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import approvals

pytestmark = pytest.mark.django_db
API = "/api/v1/submissions/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def waiting(theater):
    """The subtitle that a coordinator submitted; the director, who decides; the show."""
    marketing = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    show = f"/api/v1/productions/{theater.production.pk}/"
    answer = world.patch(marketing, show, {"subtitle": "A play"}, theater.production.version)
    assert answer.status_code == 202, answer.json()
    return f"{API}{answer.json()['id']}/", world.client(theater.director), show, marketing


def difference(boss, address):
    return boss.get(f"{address}difference/").json()


def shown(told):
    return [(field["field"], field["before"], field["after"]) for one in told["objects"] for field in one["fields"]]


def test_a_change_of_another_field_does_not_conflict(theater, waiting):
    address, boss, show, _ = waiting
    before = difference(boss, address)
    version = Production.objects.get(pk=theater.production.pk).version
    assert world.patch(boss, show, {"genre": "comedy"}, version).status_code == 200
    told = difference(boss, address)
    assert (told["problems"], shown(told)) == ([], [("subtitle", "", "A play")])
    assert told["digest"] == before["digest"] != ""
    other = world.patch(waiting[3], show, {"subtitle": "Another"}, version + 1).json()["id"]
    assert difference(boss, f"{API}{other}/")["digest"] not in ("", told["digest"])
    # The page can be looked at as it would be.
    assert boss.get(show, {"submission": Submission.objects.order_by("pk")[0].pk}).json()["subtitle"] == "A play"
    # Without a comment.
    assert "digest" not in boss.get(address).json()
    approved = world.post(boss, f"{address}approve/", {"digest": told["digest"]})
    assert (approved.status_code, approved.json()["state"]) == (200, "applied")
    production = Production.objects.get(pk=theater.production.pk)
    assert (production.subtitle, production.genre) == ("A play", "comedy")


def test_a_change_of_the_same_field_is_a_conflict(theater, waiting):
    address, boss, show, _ = waiting
    seen = difference(boss, address)["digest"]
    version = Production.objects.get(pk=theater.production.pk).version
    assert world.patch(boss, show, {"subtitle": "A tragedy"}, version).status_code == 200
    told = difference(boss, address)
    field = f"productions.production.{theater.production.pk}.subtitle"
    assert [(problem["code"], problem["field"]) for problem in told["problems"]] == [("rebase_collision", field)]
    assert (told["digest"], told["current"]) == ("", False)
    preview = boss.get(show, {"submission": Submission.objects.get().pk})
    assert (preview.status_code, preview.json()["code"]) == (409, "not_previewable")
    stale = world.post(boss, f"{address}approve/", {"digest": seen})
    assert (stale.status_code, stale.json()["code"], stale.json()["data"]["fields"]) == (
        412,
        "submission_stale",
        [field],
    )
    assert Production.objects.get(pk=theater.production.pk).subtitle == "A tragedy"


def test_the_difference_includes_all_content_that_is_published(theater):
    """Publishing shows all of the production: text that others wrote meanwhile is seen, and then approved."""
    draft = theater.draft
    manager = world.client(world.give("production_manager", theater.root, by=theater.director))
    asked = world.post(manager, f"/api/v1/productions/{draft.pk}/publish/", {})
    assert asked.status_code == 202, asked.json()
    address, boss = f"{API}{asked.json()['id']}/", world.client(theater.director)
    seen = difference(boss, address)["digest"]
    draft.refresh_from_db()
    assert world.patch(boss, f"/api/v1/productions/{draft.pk}/", {"genre": "farce"}, draft.version).status_code == 200
    outdated = world.post(boss, f"{address}approve/", {"digest": seen})
    assert (outdated.status_code, outdated.json()["code"]) == (409, "digest_outdated")
    assert "digest" not in outdated.json()["data"]
    now = difference(boss, address)["digest"]
    assert now != seen
    approved = world.post(boss, f"{address}approve/", {"digest": now})
    assert (approved.status_code, approved.json()["state"]) == (200, "applied")


def test_a_decided_submission_stays_readable(theater, waiting):
    address, boss, show, marketing = waiting
    world.post(boss, f"{address}approve/", {"digest": difference(boss, address)["digest"]})
    version = Production.objects.get(pk=theater.production.pk).version
    assert world.patch(boss, show, {"subtitle": "Later"}, version).status_code == 200
    for reader in (boss, marketing):
        told = difference(reader, address)
        assert (told["state"], told["decided_by"], shown(told)) == (
            "applied", theater.director.pk, [("subtitle", "", "A play")],
        )  # fmt: skip
        assert told["decided_at"]
        assert (told["digest"], told["problems"]) == ("", [])
    second = world.patch(marketing, show, {"genre": "farce"}, version + 1).json()["id"]
    rejected = f"{API}{second}/"
    assert world.post(boss, f"{rejected}reject/", {"comment": "No."}).status_code == 200
    told = difference(marketing, rejected)
    assert (told["state"], shown(told)) == ("rejected", [("genre", told["objects"][0]["fields"][0]["before"], "farce")])


def test_changes_are_requested_by_the_field_names_of_the_difference(theater, waiting):
    address, boss, _, marketing = waiting
    said = world.post(boss, f"{address}comment/", {"text": "Hm.", "field": "subtitle"})
    assert (said.status_code, said.json()["field"]) == (200, "items.0.inputs.changes.subtitle")
    wrong = world.post(boss, f"{address}comment/", {"text": "Hm.", "field": "headline"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "unknown_field")
    assert "subtitle" in wrong.json()["errors"][0]["message"]
    asked = world.post(boss, f"{address}request-changes/", {"fields": [{"field": "subtitle", "text": "Shorter."}]})
    assert (asked.status_code, asked.json()["state"]) == (200, "changes_requested")
    comments = marketing.get(f"{address}comments/").json()["results"]
    assert {comment["field"] for comment in comments} == {"items.0.inputs.changes.subtitle"}
    # Named by several items it needs the path.
    item = {
        "action": "production.update",
        "inputs": {"production": theater.production.pk, "changes": {"subtitle": "X"}},
    }
    made = world.post(marketing, API, {"items": [item, item]}).json()["id"]
    several = world.post(marketing, f"{API}{made}/comment/", {"text": "Hm.", "field": "subtitle"})
    assert "items.1.inputs.changes.subtitle" in several.json()["errors"][0]["message"]


def test_each_step_approves_the_difference_that_its_approver_saw(theater):
    """Also where others changed meanwhile what is published with it; and nothing where something else was seen."""
    approvals.steps(
        theater.draft.section, {"title": "Look", "permission": "approve_details"},
        {"title": "Last", "permission": "approve_details"},
        by=theater.director,
    )  # fmt: skip
    manager = world.client(world.give("production_manager", theater.root, by=theater.director))
    asked = world.post(manager, f"/api/v1/productions/{theater.draft.pk}/publish/", {})
    address, boss = f"{API}{asked.json()['id']}/", world.client(theater.director)
    other = world.client(world.give("director", theater.root, by=theater.director))
    draft = Production.objects.get(pk=theater.draft.pk)
    assert world.patch(boss, f"/api/v1/productions/{draft.pk}/", {"genre": "farce"}, draft.version).status_code == 200
    wrong = world.post(boss, f"{address}approve/", {"digest": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "digest_outdated")
    first = world.post(boss, f"{address}approve/", {"digest": difference(boss, address)["digest"]})
    assert (first.status_code, first.json()["state"], first.json()["step"]) == (200, "submitted", 1)
    last = world.post(other, f"{address}approve/", {"digest": difference(other, address)["digest"]})
    assert (last.status_code, last.json()["state"]) == (200, "applied")


def test_a_conflict_stops_the_first_of_several_steps(theater, waiting):
    address, boss, show, _ = waiting
    approvals.steps(
        theater.production.section, {"title": "Look", "permission": "approve_details"},
        {"title": "Last", "permission": "approve_details"},
        by=theater.director,
    )  # fmt: skip
    version = Production.objects.get(pk=theater.production.pk).version
    assert world.patch(boss, show, {"subtitle": "A tragedy"}, version).status_code == 200
    stopped = world.post(boss, f"{address}approve/", {"digest": "0" * 64})
    assert (stopped.status_code, stopped.json()["code"]) == (412, "submission_stale")


def test_a_failure_is_stored_only_for_the_digest_that_was_seen(theater):
    """A wrong digest marks nothing as failed."""
    manager = world.client(world.give("production_manager", theater.root, by=theater.director))
    season = world.season(theater.root, by=theater.director)
    play = world.production(season, by=theater.director)
    asked = world.post(manager, f"/api/v1/productions/{play.pk}/publish/", {})
    assert asked.status_code == 202, asked.json()
    address, boss = f"{API}{asked.json()['id']}/", world.client(theater.director)
    assert world.post(boss, f"/api/v1/productions/{play.pk}/publish/", {}).status_code == 200
    wrong = world.post(boss, f"{address}approve/", {"digest": "0" * 64})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "digest_outdated")
    assert boss.get(address).json()["state"] == "submitted"

"""A change to equal values changes nothing: no version, no audit change, nobody is stale. And waivers hold with their value."""

from __future__ import annotations

import pytest

from accounts.models import AuditChange, Submission
from productions.models import Production
from productions.services.brand import create_brand_kit
from tests import world
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.mark.parametrize("same", [{}, {"title": None}, {"title": None, "synopsis": ""}], ids=["nothing", "one", "two"])
def test_equal_values_change_nothing(theater, same):
    production = theater.production
    boss, show = world.client(theater.director), f"/api/v1/productions/{production.pk}/"
    body = {name: getattr(production, name) for name in same}
    before = AuditChange.objects.count()
    answer = world.patch(boss, show, body, production.version)
    assert (answer.status_code, answer["ETag"]) == (200, f'"{production.version}"')
    assert AuditChange.objects.count() == before
    # Somebody else saw the same version, and is not stale.
    assert world.patch(boss, show, {"genre": "farce"}, production.version).status_code == 200
    fresh = Production.objects.get(pk=production.pk)
    assert fresh.version == production.version + 1
    fresh.save()
    assert Production.objects.get(pk=production.pk).version == fresh.version


def test_a_submission_without_changes_is_refused(theater):
    marketing = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    show = f"/api/v1/productions/{theater.production.pk}/"
    answer = world.patch(marketing, show, {"title": theater.production.title}, theater.production.version)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_changes")
    assert Submission.objects.count() == 0


def test_a_waived_warning_is_not_repeated_while_its_value_is_unchanged(theater):
    boss, play = world.client(theater.director), theater.production
    guidelines = {"subtitle_max_length": 10, "only_warn": ["subtitle_too_long"]}
    create_brand_kit(actor=theater.acting(), section=theater.root, fields=guidelines)
    show = f"/api/v1/productions/{play.pk}/"
    long = {"subtitle": "A very long subtitle"}
    warned = world.patch(boss, show, long, play.version)
    assert (warned.status_code, warned.json()["code"]) == (409, "waiver_required")
    (rule,) = {finding["rule"] for finding in warned.json()["data"]["findings"]}
    done = world.patch(boss, show, {**long, "waive": {rule: "The author insists."}}, play.version)
    assert done.status_code == 200, done.json()
    # Another field may change in between; publishing does not ask again.
    assert world.patch(boss, show, {"genre": "farce"}, done.json()["version"]).status_code == 200
    assert world.post(boss, f"{show}unpublish/", {}).status_code == 200
    published = world.post(boss, f"{show}publish/", {})
    assert published.status_code == 200, published.json()
    # A new value is asked for.
    version = Production.objects.get(pk=play.pk).version
    assert world.patch(boss, show, {"subtitle": "Another long subtitle"}, version).json()["code"] == "waiver_required"

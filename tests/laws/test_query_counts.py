"""A list of twenty costs the queries of a list of one; permissions cost two queries a request at most."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import SectionKind
from accounts.permissions.selectors.permissions import _FEW
from accounts.permissions.services.sections import create_section
from tests import world
from tests.laws.scenes import Theater, table
from tests.laws.test_routes import ROUTES, call_of

pytestmark = pytest.mark.django_db

LISTS = [route.split(" ")[1] for route in ROUTES if re.match(r"GET .*-list$", route)]


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _asked(browser: object, path: str) -> tuple[int, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(path)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.content
    return len(answer.json()["results"]), [query["sql"] for query in queries]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["director", "public"])
def test_a_list_of_twenty_costs_the_queries_of_a_list_of_one(name: str, who: str, theater: Theater) -> None:
    assert name in table("ANOTHER"), f"{name}: say in tests/laws/scenes how one more row is made"
    another = table("ANOTHER")[name]
    browser = world.client(theater.director if who == "director" else None)
    # A list below an object: always of the same one.
    path = reverse(name, kwargs=call_of(f"GET {name}", theater).kwargs)
    if who == "public" and browser.get(path).status_code == 401:
        return  # Not for the public at all.
    another(theater)
    few, first = _asked(browser, path)
    for _ in range(19):
        another(theater)
    many, then = _asked(browser, path)
    if who == "director":
        assert many >= few + 19 or many == 50
    assert len(then) == len(first), "\n".join(then)


def _about_permissions(queries: list[str]) -> list[str]:
    # Questions about permissions read grants, or of sections the place in the tree; a section as content is read whole.
    place = r'^SELECT ("accounts_section"."(id|path)"( AS "\w+")?(, )?)+ FROM "accounts_section"'
    return [sql for sql in queries if re.search(rf'FROM "?accounts_sectiongrant|{place}', sql)]


@pytest.mark.parametrize("everywhere", [True, False])
def test_permissions_take_two_queries_a_request(everywhere: bool, theater: Theater) -> None:
    """Somebody with several roles in several places: where a page is read, and where something is changed."""
    who = world.give("production_manager", theater.season.section, by=theater.director)
    if everywhere:
        world.give("marketing_coordinator", theater.root, by=theater.director, to=who)
    for role in ("box_office", "archivist", "casting_director"):
        for _ in range(3):
            world.give(role, world.season(theater.root, by=theater.director).section, by=theater.director, to=who)
    browser = world.client(who)
    production = theater.draft
    requests = [
        lambda: browser.get("/api/v1/productions/"),
        lambda: browser.get(f"/api/v1/productions/{production.pk}/internal/"),
        lambda: world.patch(browser, f"/api/v1/productions/{production.pk}/", {"genre": "play"}, production.version),
        lambda: world.post(browser, "/api/v1/productions/", {"season": theater.season.pk, "title": "Again"}),
        lambda: browser.get("/api/v1/submissions/"),
    ]
    for ask in requests:
        with CaptureQueriesContext(connection) as queries:
            answer = ask()
        assert answer.status_code in (200, 201), answer.content
        asked = _about_permissions([query["sql"] for query in queries])
        assert 1 <= len(asked) <= 2, "\n".join(asked)


def test_permissions_take_two_queries_among_hundreds_of_sections(theater: Theater) -> None:
    """Of more sections than are named one by one in a statement, the one asked about is looked up along."""
    who = world.give("production_manager", theater.season.section, by=theater.director)
    world.give("viewer", world.season(theater.root, by=theater.director).section, by=theater.director, to=who)
    for _ in range(_FEW + 20):
        create_section(
            actor=world.acting(theater.director),
            parent=theater.season.section,
            kind=SectionKind.AREA,
            name=f"Area {world.number()}",
        )
    drafts = [world.production(theater.season, by=theater.director) for _ in range(3)]
    browser = world.client(who)
    for draft in drafts:
        path = f"/api/v1/productions/{draft.pk}/"
        for ask in (
            lambda: browser.get(f"{path}internal/"),
            lambda: world.patch(browser, path, {"genre": "play"}, draft.version),
        ):
            with CaptureQueriesContext(connection) as queries:
                answer = ask()
            assert answer.status_code == 200, answer.content
            asked = _about_permissions([query["sql"] for query in queries])
            assert 1 <= len(asked) <= 2, "\n".join(asked)

"""The user's limit: the metadata of 500 pictures in under a second. Ours: ten times better."""

from __future__ import annotations

import gc
from time import perf_counter, process_time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.permissions.selectors.sections import organization
from tests import world
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db

USERS_LIMIT = 1.0  # seconds for 500
OURS = USERS_LIMIT / 10


@pytest.fixture
def director(db):
    return world.found()[1]


@pytest.fixture
def production(director):
    root = organization()
    season = world.season(root, by=director)
    made = world.production(season, by=director, published=True)
    world.production(season, by=director, published=True)
    media.shelf(made, 1_000, by=director)
    return made


def read(browser, production, count: int, page_size: int = 200) -> list[dict]:
    """The first `count` pictures, page by page as a website would."""
    path, entries = f"/api/v1/assets/?production={production.pk}&page_size={page_size}", list[dict]()
    while path and len(entries) < count:
        page = browser.get(path).json()
        entries += page["results"]
        path = page["next"]
    return entries[:count]


@pytest.mark.parametrize("who", ["public", "editor"])
def test_the_metadata_of_500_pictures_is_listed_fast(production, director, who):
    editor = world.give("media_editor", production.section, by=director)
    browser = world.client(editor if who == "editor" else None)
    read(browser, production, 1)
    took: list[float] = []
    worked: list[float] = []
    entries: list[dict] = []
    gc.freeze()  # what the tests before left in memory is not this request's to walk through
    for _ in range(7):
        start, work = perf_counter(), process_time()
        entries = read(browser, production, 500)
        took.append(perf_counter() - start)
        worked.append(process_time() - work)
    gc.unfreeze()
    assert len({entry["id"] for entry in entries}) == 500
    assert all(len(entry["tags"]) == 2 and len(entry["depicts"]) == 1 for entry in entries)
    told = f"{min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms, {min(worked) * 1000:.0f} of them work"
    print(f"\n500 pictures of 1,000, {who}: {told}")
    assert sorted(took)[len(took) // 2] < USERS_LIMIT
    # The processor's time: a neighbor who takes turns with us on it is not ours to answer for.
    assert min(worked) < OURS


def test_the_queries_do_not_grow_with_the_pictures(production):
    browser = world.client()

    def cost(page_size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(read(browser, production, page_size, page_size)) == page_size
        return len(queries)

    cost(1)
    assert cost(200) == cost(1) <= 4


def test_a_thousand_pictures_are_listed_once_each(production):
    assert len({entry["id"] for entry in read(world.client(), production, 2_000)}) == 1_000

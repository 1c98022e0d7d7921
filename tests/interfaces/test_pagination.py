"""Keyset pages: every row once, whatever happens meanwhile; a cursor is taken from `next` and not made up."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from django.test import Client

from productions.models import Production
from tests import world
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db
PATH = "/api/v1/productions/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def browser(theater: Theater) -> Client:
    # Equal openings, unknown ones, and titles with what an address must escape.
    for n in range(11):
        world.production(
            theater.season,
            by=theater.director,
            published=True,
            title=f"Tït & l+e {n % 4}",
            opens_on=("", "2026", "2026-05-01")[n % 3],
        )
    browser = world.client()
    browser.raise_request_exception = False
    return browser


def walk(browser: Client, **query: Any) -> list[int]:
    seen: list[int] = []
    answer = browser.get(PATH, query)
    while True:
        assert answer.status_code == 200, answer.content
        page = answer.json()
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            return seen
        assert len(page["results"]) == int(query["page_size"])
        answer = browser.get(page["next"])


@pytest.mark.parametrize("size", [1, 2, 3, 10, 11, 12])
@pytest.mark.parametrize("ordering", ["", "title"])
def test_pages_return_every_row_once_and_in_order(browser: Client, size: int, ordering: str) -> None:
    query = {"page_size": size, **({"ordering": ordering} if ordering else {})}
    order = ("title", "pk") if ordering else ("-opens_on", "-pk")
    assert walk(browser, **query) == list(Production.objects.order_by(*order).values_list("pk", flat=True))


def test_concurrent_inserts_and_deletes_do_not_shift_pages(browser: Client, theater: Theater) -> None:
    first = browser.get(PATH, {"page_size": 4}).json()
    shown = [row["id"] for row in first["results"]]
    Production.objects.filter(pk=shown[0]).delete()
    world.production(theater.season, by=theater.director, published=True, opens_on="2030")
    seen = list(shown)
    answer = browser.get(first["next"]).json()
    seen += [row["id"] for row in answer["results"]]
    while answer["next"]:
        answer = browser.get(answer["next"]).json()
        seen += [row["id"] for row in answer["results"]]
    assert len(seen) == len(set(seen)) == 11


def test_next_links_keep_the_filters(browser: Client, theater: Theater) -> None:
    answer = browser.get(PATH, {"page_size": 1, "title": "l+e 1"}).json()
    assert "title=" in answer["next"]
    ids = walk(browser, page_size=1, title="l+e 1")
    assert len(ids) == 3


def _cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


BAD = {
    "no base64": "%%%", "no JSON": "abcd", "not ASCII": "é", "NUL": "\x00", "empty list": _cursor(),
    "too short": _cursor("", "2026"),
    "too long": _cursor("", "2026", 1, 2), "of another order": _cursor("title", "x", 1), "null": _cursor("", None, 1),
    "null key": _cursor("", "2026", None), "a NUL inside": _cursor("", "\x00", 1), "an object": _cursor("", {"a": 1}, 1),
    "a list": _cursor("", ["a"], 1), "a key that is none": _cursor("", "2026", "x"),
    "a huge number": base64.urlsafe_b64encode(b'["","2026",1' + b"0" * 400 + b"]").decode(),
    "no list": base64.urlsafe_b64encode(b"5").decode(), "a dictionary": base64.urlsafe_b64encode(b'{"":1,"a":2,"b":3}').decode(),
    "not a number": _cursor("", "2026", float("nan")), "huge": "A" * 7000, "true": _cursor("", True, True),
    "more than a key can be": _cursor("", "2026", 2**63), "as a float": _cursor("", "2026", 1e30),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_an_invalid_cursor_is_refused(browser: Client, bad: str) -> None:
    answer = browser.get(PATH, {"cursor": BAD[bad]})
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "bad_cursor"


def test_a_cursor_of_another_list_is_refused(browser: Client) -> None:
    following = browser.get(PATH, {"page_size": 1, "ordering": "title"}).json()["next"]
    cursor = following.split("cursor=")[1].split("&")[0]
    assert browser.get(f"{PATH}?cursor={cursor}").status_code == 400


def test_a_cursor_with_a_huge_key_is_accepted(browser: Client) -> None:
    answer = browser.get(PATH, {"cursor": _cursor("", "2026", 2**62)})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "size", ["0", "201", "-1", "x", "", "1.5", "1" * 5000, "000001999999", "000001" + "9" * 5000, "²", "١"]
)
def test_page_sizes_have_a_limit(browser: Client, size: str) -> None:
    answer = browser.get(PATH, {"page_size": size})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_page_size"

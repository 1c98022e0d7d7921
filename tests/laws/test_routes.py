"""Every route below /api/v1: who may use it, and that nobody else changes or sees anything by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from tests import world
from tests.laws.scenes import Call, Theater, changed, state, table

pytestmark = pytest.mark.django_db
_METHODS = ("get", "post", "put", "patch", "delete")


def walk(patterns: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, here)
        else:
            yield here, pattern


def routes() -> list[str]:
    """Every method of every address below /api/v1, as "POST season-list"."""
    found = set()
    for address, pattern in walk(get_resolver().url_patterns):
        if not address.startswith("api/v1/"):
            continue
        assert pattern.name, f"{address} has no name"
        callback: Any = pattern.callback
        if actions := getattr(callback, "actions", None):
            methods = [method for method in actions if method in _METHODS]
        else:
            view = getattr(callback, "view_class", None) or callback.cls
            methods = [method for method in _METHODS if hasattr(view, method)]
        found |= {f"{method.upper()} {pattern.name}" for method in methods}
    return sorted(found)


ROUTES = routes()

# Where people without an account change something. Anybody who adds to these opens a door.
OPEN_TO_ALL = {
    "POST box-office-holds", "POST box-office-holds-release", "POST box-office-waiting-list",
    "POST box-office-waiting-list-leave", "POST order-list", "POST order-cancel-by-reference",
    "POST unsubscribe",
}  # fmt: skip
# Where everybody signed in changes what is their own, and there is nobody else's to reach.
OF_ONES_OWN = {"POST own-notification-read-all", "PATCH own-notification-preferences", "PATCH me"}


def send(browser: Client, route: str, call: Call) -> Any:
    method, name = route.split(" ")
    headers = {} if call.version is None else {"If-Match": f'"{call.version}"'}
    return whole(
        browser.generic(
            method,
            reverse(name, kwargs=call.kwargs) + call.query,
            b"" if call.body is None else _encoded(call),
            content_type=call.content_type,
            headers=headers,
        )
    )


def whole(answer: Any) -> Any:
    """The answer, read to its end as `told`: a file that nobody reads stays open, and fails the test that comes after."""
    answer.told = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def _encoded(call: Call) -> Any:
    import orjson

    return call.body if isinstance(call.body, bytes) else orjson.dumps(call.body)


def call_of(route: str, theater: Theater) -> Call:
    calls = table("ROUTES")
    assert route in calls, f"{route} has no call: add it to its app's table in tests/laws/scenes"
    made: Call = calls[route](theater)
    return made


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_every_route_has_a_scene_and_every_scene_a_route() -> None:
    assert set(ROUTES) - table("ROUTES").keys() == set()
    assert table("ROUTES").keys() - set(ROUTES) == set()


def test_every_url_below_api_is_versioned_or_allauths() -> None:
    addresses = [address for address, _ in walk(get_resolver().url_patterns)]
    assert [a for a in addresses if not re.match(r"api/(v1|auth)/|healthz$|readyz$", a)] == []


@pytest.mark.parametrize("route", ROUTES)
def test_users_with_permission_can_use_every_route(route: str, theater: Theater) -> None:
    call = call_of(route, theater)
    answer = send(world.client(call.who or theater.director), route, call)
    assert answer.status_code == call.status, answer.told
    if route.startswith("GET") and answer["Content-Type"].startswith("application/json"):
        assert answer.json() is not None


@pytest.mark.parametrize("route", ROUTES)
def test_others_are_refused_and_change_nothing(route: str, theater: Theater) -> None:
    call = call_of(route, theater)
    asked: tuple[tuple[User | None, Any], ...] = ((theater.stranger, call.stranger), (None, call.public))
    for who, expected in asked:
        browser = world.client(who)
        before = state()
        with transaction.atomic():
            answer = send(browser, route, call)
            after = changed(before)
            transaction.set_rollback(True)
        assert answer.status_code in expected, (who, answer.status_code, answer.told)
        if route in OPEN_TO_ALL or (route in OF_ONES_OWN and who is not None):
            assert answer.status_code < 400
            continue
        assert after == [], who
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.startswith("GET")])
def test_a_dry_run_changes_nothing(route: str, theater: Theater) -> None:
    call = call_of(route, theater)
    browser = world.client(call.who or theater.director)
    before = state()
    answer = send(
        browser, route, Call(**{**vars(call), "query": call.query + ("&" if call.query else "?") + "preview=true"})
    )
    assert answer.status_code == 200, answer.content
    assert answer.json().keys() == {"changes", "findings", "needs_approval"}
    assert changed(before) == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET")])
def test_strangers_see_no_unpublished_content(route: str, theater: Theater) -> None:
    for draft in table("DRAFTS").values():
        assert draft(theater).pk
    call = call_of(route, theater)
    for who in (theater.stranger, None):
        answer = send(world.client(who), route, call)
        assert b"nobody knows" not in answer.told.lower(), who
        assert b"nobody-knows" not in answer.told.lower(), who


@pytest.mark.parametrize("name", sorted(table("DRAFTS")))
def test_a_draft_does_not_exist_for_strangers(name: str, theater: Theater) -> None:
    draft = table("DRAFTS")[name](theater)
    for browser in (world.client(), world.client(theater.stranger)):
        for method in ("GET", "PATCH", "DELETE"):
            if f"{method} {name}-detail" in ROUTES:
                answer = send(browser, f"{method} {name}-detail", Call({"pk": draft.pk}, {}, version=1))
                assert answer.status_code == 404 or (method, answer.status_code) == ("DELETE", 401), answer.content
        if f"GET {name}-internal" in ROUTES:
            assert send(browser, f"GET {name}-internal", Call({"pk": draft.pk})).status_code == 404
        shown = browser.get(reverse(f"{name}-list")).json()["results"]
        assert draft.pk not in [row["id"] for row in shown]


@pytest.mark.parametrize("name", sorted({route.split(" ")[1] for route in ROUTES}))
def test_options_and_head_requests_succeed(name: str, theater: Theater) -> None:
    route = next(route for route in ROUTES if route.endswith(f" {name}"))
    call = call_of(route, theater)
    browser = world.client(call.who or theater.director)
    path = reverse(name, kwargs=call.kwargs) + call.query
    assert browser.options(path).status_code == 200
    assert whole(browser.head(path)).status_code in (200, 405)

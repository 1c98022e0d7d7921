"""How many requests a caller has: counted by user or address, in whole minutes, by all processes together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests import world
from theater_site.api.throttling import AnonThrottle, UserThrottle

ROOT = Path(__file__).resolve().parents[2]
LIST = "/api/v1/productions/"
NOON = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the limits: by address, and by user."""

    def set_limits(*, anon: str | None = "3/min", user: str | None = "3/min") -> None:
        monkeypatch.setattr(AnonThrottle, "rate", anon, raising=False)
        monkeypatch.setattr(UserThrottle, "rate", user, raising=False)

    return set_limits


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def statuses(browser: Client, times: int) -> list[int]:
    return [browser.get(LIST).status_code for _ in range(times)]


def test_beyond_the_limit_a_problem_response_says_when_to_retry(limited: Callable[..., None], clock: Any) -> None:
    limited()
    browser = Client()
    assert statuses(browser, 3) == [200, 200, 200]
    refused = browser.get(LIST)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many"
    # The window began at 12:00:00 and it is 12:00:10: some 50 seconds are left.
    assert 50 <= int(refused["Retry-After"]) <= 51
    assert refused.json()["data"] == {"retry_after": int(refused["Retry-After"])}


def test_after_the_retry_time_requests_are_served_again(limited: Callable[..., None], clock: Any) -> None:
    limited()
    browser = Client()
    statuses(browser, 3)
    wait = int(browser.get(LIST)["Retry-After"])
    clock.shift(wait - 3)
    assert statuses(browser, 1) == [429]
    clock.shift(3)
    assert statuses(browser, 4) == [200, 200, 200, 429]


def test_refused_requests_do_not_lengthen_the_wait(limited: Callable[..., None], clock: Any) -> None:
    limited()
    browser = Client()
    assert statuses(browser, 40)[3:] == [429] * 37
    clock.move_to(NOON.replace(minute=1, second=0))
    assert statuses(browser, 1) == [200]


def test_users_behind_one_address_are_counted_separately(limited: Callable[..., None], clock: Any) -> None:
    limited(anon="2/min")
    ann, bob = world.client(world.user("Ann")), world.client(world.user("Bob"))
    assert statuses(ann, 4) == [200, 200, 200, 429]
    assert statuses(bob, 3) == [200, 200, 200]
    assert statuses(Client(), 3) == [200, 200, 429]


def test_a_second_sign_in_does_not_double_the_limit(limited: Callable[..., None], clock: Any) -> None:
    limited()
    ann = world.user("Ann")
    assert statuses(world.client(ann), 3) == [200, 200, 200]
    assert statuses(world.client(ann), 1) == [429]


def test_strangers_are_counted_by_address(limited: Callable[..., None], clock: Any) -> None:
    limited()
    assert statuses(Client(REMOTE_ADDR="192.0.2.1"), 4) == [200, 200, 200, 429]
    assert statuses(Client(REMOTE_ADDR="192.0.2.2"), 1) == [200]
    # Nobody buys themselves a new address: with no proxy trusted, what the caller says of it counts for nothing.
    told = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": "192.0.2.3"})
    assert statuses(told, 1) == [429]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"title": ', "application/json", 400),
        (b'{"title": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"title": "\\ud800"}', "application/json", 400),
        (b'{"\\ud800": 1}', "application/json", 400),
        (b'{"running_minutes": NaN}', "application/json", 400),
        (b'"' + b"x" * 6_000_000 + b'"', "application/json", 400),
        (b"title=x", "text/csv", 415),
    ],
)
def test_requests_with_invalid_bodies_are_counted_too(
    limited: Callable[..., None], clock: Any, body: bytes, content_type: str, status: int
) -> None:
    _, director = world.found()
    limited()
    browser = world.client(director)
    for _ in range(3):
        answer = browser.post(LIST, body, content_type=content_type)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert browser.post(LIST, body, content_type=content_type).status_code == 429


def test_requests_with_wrong_session_tokens_are_counted_by_address(limited: Callable[..., None], clock: Any) -> None:
    limited(anon="2/min")
    guesses = [Client(headers={"X-Session-Token": f"{n:032x}"}).get(LIST).status_code for n in range(4)]
    assert guesses == [401, 401, 429, 429]


def test_without_the_setting_there_is_no_limit(limited: Callable[..., None], clock: Any) -> None:
    limited(anon=None, user=None)
    assert statuses(Client(), 20) == [200] * 20


def test_schema_and_probes_are_not_counted(limited: Callable[..., None], clock: Any) -> None:
    limited(anon="1/min")
    browser = Client()
    assert statuses(browser, 2) == [200, 429]
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/api/v1/schema/").status_code == 200


_ASK = """
import django, json, sys
django.setup()
from django.test import Client
browser = Client(headers={"Host": "localhost"})
print(json.dumps([browser.get("/api/v1/me/").status_code for _ in range(int(sys.argv[1]))]))
"""


def test_processes_share_the_counters(tmp_path: Path) -> None:
    # An hour's window: the test must not straddle the end of one.
    variables = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "CACHE_URL": f"filecache://{tmp_path / 'cache'}",
        "THROTTLE_ANON": "5/day",
        "DJANGO_SETTINGS_MODULE": "theater_site.settings",
        "VAR_DIR": str(tmp_path),
    }

    def ask(times: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", _ASK, str(times)],
            cwd=ROOT,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()

    # 401: not signed in, but served. It is counted before anybody looks who asks.
    assert ask(3) == "[401, 401, 401]"
    assert ask(4) == "[401, 401, 429, 429]"

"""Passwords, tokens and codes cannot be tried out: not by one process, nor by asking several in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import Notification, User
from tests import world
from tests.interfaces.test_authentication import PASSWORD, Caller, mailed_code
from tests.worlds import ticketing
from theater_site.api import guesses

ROOT = Path(__file__).resolve().parents[2]


# --- Two real processes -------------------------------------------------------------------------------------


class Server:
    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "interfaces" / "server_for_tests.py")],
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.loads(error.read() or b"null")

    def sign_in(self, email: str, address: str) -> tuple[int, Any, Any]:
        body = {"email": email, "password": "wrong-guess-42"}
        return self.send("POST", "/api/auth/app/v1/auth/login", body, **{"X-Forwarded-For": address})


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    """Two processes over one empty database and one cache of files, behind one trusted proxy."""
    ours = ("DATABASE_URL", "CACHE_URL", "VAR_DIR", "THROTTLE_ANON")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {
        "VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/theater.sqlite3", "TRUSTED_PROXIES": "1",
        "THEATER_MODE": "development",
    }  # fmt: skip
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    started: list[Server] = []
    try:
        started.extend(Server(environment) for _ in range(2))
        yield started
    finally:
        for server in started:
            server.process.terminate()
            server.process.wait(10)
            assert server.process.stdout is not None
            server.process.stdout.close()


def test_two_processes_share_the_guess_limits(servers: list[Server]) -> None:
    """By the account, from whatever address; by the address, for whatever account; and wrong API tokens."""
    answers = [servers[n % 2].sign_in("ann@example.org", f"10.0.0.{n + 1}") for n in range(6)]
    assert [status for status, _, _ in answers] == [400] * 5 + [429]
    _, headers, problem = answers[-1]
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) == problem["data"]["retry_after"] > 0
    assert (problem["status"], problem["code"]) == (429, "too_many_login_attempts")
    assert servers[1].sign_in("bob@example.org", "10.0.0.1")[0] == 400, "somebody else is not held up"

    spraying = [servers[n % 2].sign_in(f"user{n}@example.org", "10.9.9.9")[0] for n in range(11)]
    assert spraying == [400] * 10 + [429]

    forged = {"Authorization": "Bearer tp_" + "A" * 43, "X-Forwarded-For": "10.7.7.7"}
    tried = [
        servers[n % 2].send("GET", "/api/v1/productions/", None, **forged)[0] for n in range(guesses.MOST_WRONG + 1)
    ]
    assert tried == [401] * guesses.MOST_WRONG + [429]


# --- Our own secrets ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_guesses_of_order_references_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_WRONG", 3)
    _, _, performance, seats, _ = ticketing.house()
    order = ticketing.order(ticketing.hold(performance, seats[:1]))
    with time_machine.travel(1_900_000_000, tick=False):
        for number in range(3):
            assert Client().get(f"/api/v1/orders/by-reference/{number:024}/").status_code == 404
        held_up = Client().get(f"/api/v1/orders/by-reference/{order.reference}/")
        assert (held_up.status_code, held_up.json()["code"]) == (429, "too_many_guesses")
        assert int(held_up["Retry-After"]) == held_up.json()["data"]["retry_after"]
        elsewhere = Client(REMOTE_ADDR="10.1.1.1").get(f"/api/v1/orders/by-reference/{order.reference}/")
        assert elsewhere.status_code == 200
    with time_machine.travel(1_900_000_000 + guesses.WINDOW, tick=False):
        assert Client().get(f"/api/v1/orders/by-reference/{order.reference}/").status_code == 200


@pytest.mark.django_db
def test_guesses_of_hold_tokens_and_ticket_codes_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_WRONG", 2)
    _, director, performance, seats, _ = ticketing.house()
    held = ticketing.hold(performance, seats[:1])
    path = f"/api/v1/performances/{performance.pk}"
    with time_machine.travel(held.expires_at, tick=False):
        for _ in range(2):
            assert world.post(Client(), f"{path}/holds/release/", {"token": "nothing"}).status_code == 409
        assert world.post(Client(), f"{path}/holds/release/", {"token": held.token}).status_code == 429
        guessing, buyer = Client(REMOTE_ADDR="10.2.2.2"), Client(REMOTE_ADDR="10.3.3.3")
        body = {"hold": "nothing", "buyer_name": "B", "buyer_email": "b@home.example"}
        for _ in range(2):
            assert world.post(guessing, "/api/v1/orders/", body).status_code == 409
        assert world.post(guessing, "/api/v1/orders/", body).status_code == 429
        assert world.post(buyer, "/api/v1/orders/", body).status_code == 409
    door = world.client(director)
    with time_machine.travel(1_900_000_000, tick=False):
        codes = [world.post(door, f"{path}/check-ins/", {"code": "ABCDEFGHJKMNPQRSTVWX"}) for _ in range(3)]
    assert [answer.status_code for answer in codes[-1:]] == [401] or codes[-1].status_code == 429


@pytest.mark.django_db
def test_a_valid_token_is_blocked_after_too_many_wrong_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST_WRONG", 2)
    wrong = Client(headers={"Authorization": "Bearer tp_" + "A" * 43})
    with time_machine.travel(1_900_000_000, tick=False):
        assert [wrong.get("/api/v1/productions/").status_code for _ in range(3)] == [401, 401, 429]
        assert Client().get("/api/v1/productions/").status_code == 200, "anybody who sends no token is not a guesser"


@pytest.mark.django_db
def test_another_host_name_gives_no_more_guesses(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["theater.example"]
    body = {"email": "ann@example.org", "password": "wrong-guess-42"}

    def guess(number: int) -> int:
        browser = Client(headers={"Host": f"theater.example:{8000 + number}"}, REMOTE_ADDR=f"10.0.1.{number}")
        return world.post(browser, "/api/auth/app/v1/auth/login", body).status_code

    assert [guess(number) for number in range(1, 7)] == [400] * 5 + [429]


# --- What allauth leaves unsaid -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
def test_an_invalid_body_is_a_problem_response(body: bytes) -> None:
    answer = Client().generic("POST", "/api/auth/app/v1/auth/login", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "parse_error"


@pytest.fixture
def dead_mail_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 1


@pytest.mark.django_db
def test_an_unreachable_mail_server_is_503_and_reveals_no_account(dead_mail_server: None) -> None:
    ann = User.objects.create_user("ann@example.org", PASSWORD)
    asked = [
        Caller().send("POST", "/api/auth/app/v1/auth/signup", {"email": "new@example.org", "password": PASSWORD}),
        Caller().send("POST", "/api/auth/app/v1/auth/signup", {"email": ann.email, "password": PASSWORD}),
        Caller().send("POST", "/api/auth/app/v1/auth/password/request", {"email": ann.email}),
        Caller().send("POST", "/api/auth/app/v1/auth/password/request", {"email": "nobody@example.org"}),
    ]
    assert [answer.status_code for answer in asked] == [503] * 4
    assert {answer.json()["code"] for answer in asked} == {"mail_not_sent"}
    assert all(answer["Content-Type"] == "application/problem+json" and answer["Retry-After"] for answer in asked)


@pytest.mark.django_db
def test_sign_up_can_be_finished_when_the_mail_server_is_back(dead_mail_server: None, settings: Any) -> None:
    body = {"email": "new@example.org", "password": PASSWORD}
    assert Caller().send("POST", "/api/auth/app/v1/auth/signup", body).status_code == 503
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert not User.objects.exists(), "nothing was done"
    cache.clear()  # some minutes later; codes are mailed every ten seconds at most
    caller = Caller()
    assert caller.auth("POST", "auth/signup", body).status_code == 401
    assert len(mail.outbox) == 1
    answer = caller.auth("POST", "auth/email/verify", {"key": mailed_code()})
    assert answer.status_code == 200
    assert caller.me().status_code == 200


@pytest.mark.django_db
def test_a_password_change_is_kept_and_its_mail_is_queued(dead_mail_server: None) -> None:
    from allauth.account.models import EmailAddress

    ann = User.objects.create_user("ann@example.org", PASSWORD)
    EmailAddress.objects.create(user=ann, email=ann.email, verified=True, primary=True)
    caller = Caller()
    caller.sign_in("ann@example.org")
    body = {"current_password": PASSWORD, "new_password": "stage-door-43"}
    assert caller.auth("POST", "account/password/change", body).status_code == 200
    waiting = Notification.objects.get()
    assert (waiting.kind, waiting.address) == ("security", "ann@example.org")

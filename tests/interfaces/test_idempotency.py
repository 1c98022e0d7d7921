"""The same POST with the same key is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Submission
from productions.models import Season
from tests import world
from tests.laws.scenes import Theater
from theater_site.api import idempotency
from theater_site.core.models import IdempotentAnswer

pytestmark = pytest.mark.django_db
PATH = "/api/v1/seasons/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def browser(theater: Theater) -> Client:
    return world.client(theater.director)


def _post(browser: Client, name: str, key: str | None = "k1", path: str = PATH) -> Any:
    return world.post(browser, path, {"name": name}, **({} if key is None else {"Idempotency-Key": key}))


def test_the_first_response_is_repeated(browser: Client) -> None:
    first = _post(browser, "Spring")
    entries = AuditEntry.objects.count()
    again = _post(browser, "Spring")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert again["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first
    assert Season.objects.count() == 1
    assert AuditEntry.objects.count() == entries


def test_without_a_key_the_action_runs_twice(browser: Client) -> None:
    ids = {_post(browser, "Spring", None).json()["id"] for _ in range(2)}
    assert len(ids) == 2


def test_the_same_key_with_another_body_or_url_is_refused(browser: Client, theater: Theater) -> None:
    assert _post(browser, "Spring").status_code == 201
    other = _post(browser, "Autumn")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    elsewhere = world.post(
        browser, "/api/v1/productions/", {"season": theater.season.pk, "title": "x"}, **{"Idempotency-Key": "k1"}
    )
    assert elsewhere.status_code == 409


def test_a_failed_request_releases_its_key(browser: Client) -> None:
    assert _post(browser, "").status_code == 400
    assert _post(browser, "Spring").status_code == 201
    taken = world.post(
        browser,
        "/api/v1/sections/",
        {"parent": Season.objects.get().section.parent_id, "kind": "area", "name": "Brand"},
        **{"Idempotency-Key": "k2"},
    )
    assert taken.status_code == 409
    assert taken.json()["code"] != "idempotency_in_progress"
    assert _post(browser, "Summer", "k2").status_code == 201


def test_keys_of_different_users_are_independent(theater: Theater) -> None:
    first = _post(world.client(theater.director), "Spring")
    second = _post(world.client(theater.other_director), "Spring")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    assert _post(Client(), "Spring").status_code == 401
    assert _post(world.client(theater.stranger), "Spring").status_code == 403


def test_a_key_expires_after_a_day(theater: Theater) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = world.client(theater.director)
        first = _post(browser, "Spring").json()["id"]
        clock.shift(timedelta(hours=23, minutes=59))
        assert _post(browser, "Spring").json()["id"] == first
        clock.shift(timedelta(minutes=2))
        assert _post(browser, "Spring").json()["id"] != first
        clock.shift(timedelta(hours=25))
        assert idempotency.sweep() == 1
        assert not IdempotentAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_the_length_of_a_key_is_limited(browser: Client, key: str) -> None:
    answer = _post(browser, "Spring", key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_a_body_with_numbers_beyond_64_bits_is_accepted(browser: Client) -> None:
    """The digest of the request must bear them."""
    answer = browser.post(
        PATH, b'{"name": ' + b"9" * 40 + b"}", content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code in (201, 400)


def test_verb_routes_honor_the_key(browser: Client, theater: Theater) -> None:
    path = f"/api/v1/productions/{theater.draft.pk}/publish/"
    first = world.post(browser, path, {}, **{"Idempotency-Key": "p"})
    again = world.post(browser, path, {}, **{"Idempotency-Key": "p"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert world.post(browser, path, {}, **{"Idempotency-Key": "q"}).status_code == 409


def test_a_submission_with_a_key_is_stored_once(theater: Theater) -> None:
    author = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    path = f"/api/v1/productions/{theater.draft.pk}/publish/"
    first = world.post(author, path, {}, **{"Idempotency-Key": "p"})
    again = world.post(author, path, {}, **{"Idempotency-Key": "p"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    assert Submission.objects.count() == 1


def test_the_stored_response_is_encrypted(browser: Client) -> None:
    _post(browser, "A name to be found", "the key itself")
    row = IdempotentAnswer.objects.get()
    for text in (row.answer, row.request_digest, row.fingerprint):
        assert "to be found" not in text
        assert "key itself" not in text


def test_a_constraint_violated_at_the_commit_is_not_mistaken_for_a_repetition(
    theater: Theater, transactional_db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Foreign keys are judged at the end of the transaction, outside of the action."""
    from theater_site.core.actions import registered

    action = registered()["season.create"]
    body = action.function

    def names_what_is_gone(**given: Any) -> Any:
        made = body(**given)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE productions_season SET section_id = 99999999 WHERE id = %s", [made.pk])
        return made

    monkeypatch.setattr(action, "function", names_what_is_gone)
    answer = _post(world.client(theater.director), "Spring")
    assert (answer.status_code, answer.json()["code"]) == (409, "reference_broken")
    monkeypatch.undo()
    assert _post(world.client(theater.director), "Spring").status_code == 201


def together(works: list[Callable[[], Any]]) -> list[Any]:
    """Each in a thread of its own with a connection of its own, started at once."""
    start, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            answers[place] = work()
        except Exception as error:  # told by everybody who asked
            answers[place] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_the_same_key_run_once(real_database: None) -> None:
    theater = Theater()
    browsers = [world.client(theater.director) for _ in range(6)]
    answers = together([lambda b=b: _post(b, "Spring") for b in browsers])  # type: ignore[misc]
    assert Season.objects.count() == 1, answers
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in done}) == 1
    assert sum("Idempotent-Replay" not in answer for answer in done) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_in_progress"

"""Submitting, and approving with publication, against the bare statements that nobody can do without: load and lock, save,
put the message into the outbox, by plain Django models without permissions, judges, audit or digest.

Each round runs in a transaction that is taken back, so that all of them find the same rows. `pytest
tests/benchmarks/test_submissions.py -s` prints ratios and statements, and what the same statements take when a cursor
replays them; on PostgreSQL by DATABASE_URL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.approvals.services.submissions import approve_submission
from accounts.models import Notification, Submission
from productions.models import Production
from productions.services.productions import publish_production
from tests import world
from tests.laws.scenes import Theater
from theater_site.core.actions import Submitted

ROUNDS = 30
APPROVE_QUERIES, APPROVE_RATIO = 15, 4.0
SUBMIT_QUERIES = 12
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


class _TakenBack(Exception):
    pass


def _taken_back(work: Callable[[], Any]) -> float:
    start = perf_counter()
    try:
        with transaction.atomic():
            work()
            elapsed = perf_counter() - start
            raise _TakenBack
    except _TakenBack:
        return elapsed


def _statements(work: Callable[[], Any]) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith("BEGIN"):  # that is of `_taken_back`, as it is on the floor
            seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        _taken_back(work)
    return seen


def _replayed(statements: list[tuple[str, Any]]) -> None:
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()


@cache
def _plain(model: type[models.Model]) -> type[models.Model]:
    """The same table by a model without the frame, with the same columns; references are numbers."""
    name = f"Plain{model.__name__}"
    meta = type("Meta", (), {"app_label": "accounts", "managed": False, "db_table": model._meta.db_table})
    made: type[models.Model] = type(name, (models.Model,), {"__module__": __name__, "Meta": meta})
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            models.BigIntegerField(null=True, db_column=field.column).contribute_to_class(made, field.attname)
        elif not field.primary_key:
            field.clone().contribute_to_class(made, field.name)
    return made


def _measured(what: str, work: Callable[[], Any], floor: Callable[[], Any]) -> tuple[int, float]:
    for _ in range(10):
        _taken_back(work)
        _taken_back(floor)
    statements = _statements(work)
    ratios = []
    for _ in range(3):
        # In turns, so that a busy machine slows all alike.
        times = [
            (_taken_back(floor), _taken_back(work), _taken_back(lambda: _replayed(statements))) for _ in range(ROUNDS)
        ]
        bare, whole, replayed = (median(column) for column in zip(*times, strict=True))
        ratios.append((whole / bare, bare, whole, replayed))
    ratio, bare, whole, replayed = min(ratios)
    queries = [sql for sql, _ in statements if not sql.lstrip().upper().startswith(CONTROL)]
    print(
        f"\n{connection.vendor}: {what}: {len(queries)} queries and {len(statements) - len(queries)} of transaction control; "
        f"bare {bare * 1e3:.2f} ms, whole {whole * 1e3:.2f} ms, ratio {ratio:.2f}; "
        f"its own statements replayed by a cursor {replayed * 1e3:.2f} ms"
    )
    for sql in queries:
        print("   ", " ".join(sql.split())[:150])
    return len(queries), ratio


@pytest.fixture
def theater(real_database: None) -> Theater:
    return Theater()


@pytest.mark.django_db(transaction=True)
def test_approving_and_publishing_stays_near_its_floor(theater: Theater) -> None:
    author = world.give("marketing_coordinator", theater.root, by=theater.director)
    waiting = publish_production.submit(actor=world.acting(author), production=theater.draft)
    assert isinstance(waiting, Submitted)
    submission = waiting.submission

    def approve() -> None:
        # The actor is new: what they hold is loaded as in a request of their own.
        done = approve_submission(
            actor=world.acting(theater.director), submission=submission, comment="", digest=submission.token()
        )
        assert done.state == "applied"

    productions, submissions, outbox = _plain(Production), _plain(Submission), _plain(Notification)

    def bare() -> None:
        now = timezone.now()
        row = submissions.objects.select_for_update().get(pk=submission.pk)
        production = productions.objects.select_for_update().get(pk=theater.draft.pk)
        production.published_at = now
        production.save()
        row.state, row.decided_at, row.decided_by_id = "applied", now, theater.director.pk
        row.save()
        outbox(
            recipient_id=author.pk, kind="x", subject="x", body="x" * 200, created_at=now, next_attempt_at=now
        ).save()

    queries, ratio = _measured("approve and publish", approve, bare)
    assert queries <= APPROVE_QUERIES
    assert ratio <= APPROVE_RATIO


@pytest.mark.django_db(transaction=True)
def test_submitting_stays_near_its_floor(theater: Theater) -> None:
    author = world.give("marketing_coordinator", theater.root, by=theater.director)
    production = theater.draft

    def submit() -> None:
        done = publish_production.submit(actor=world.acting(author), production=production)
        assert isinstance(done, Submitted)

    productions, submissions, outbox = _plain(Production), _plain(Submission), _plain(Notification)
    made = {
        "author_id": author.pk, "section_id": production.section_id, "area": "details", "title": "x", "state": "submitted",
        "items": [{"action": "production.publish", "inputs": {"production": production.pk}}], "digest": "0" * 64,
    }  # fmt: skip

    def bare() -> None:
        now = timezone.now()
        productions.objects.select_for_update().get(pk=production.pk)
        submissions(**made, created_at=now, updated_at=now, submitted_at=now).save()
        outbox(
            recipient_id=theater.director.pk, kind="x", subject="x", body="x" * 200, created_at=now, next_attempt_at=now
        ).save()

    queries, _ = _measured("submit", submit, bare)
    assert queries <= SUBMIT_QUERIES

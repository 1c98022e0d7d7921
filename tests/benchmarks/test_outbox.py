"""Draining the outbox into a backend that sends nothing, against its floor: the bare statements that claim and mark.

The floor claims in batches of the same size and marks each message twice, when it is begun with and when it is done, each
in a commit of its own: that is what keeps a killed worker from sending more than the one message in hand again.
`pytest tests/benchmarks/test_outbox.py -s` prints the ratio and the queries; on PostgreSQL by DATABASE_URL.
"""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification
from accounts.notifications.services import outbox
from tests import world
from tests.worlds.notifications import tell

MESSAGES, BATCH, WANTED = 10_000, 50, 3.0
_TABLE = "accounts_notification"
_SKIP = {"postgresql": " FOR UPDATE SKIP LOCKED", "sqlite": ""}


def _floor() -> int:
    """Claims and marks what is due, statement by statement."""
    done = 0
    now, later = timezone.now(), timezone.now() + timedelta(minutes=1)
    at, until, claimed = (
        connection.ops.adapt_datetimefield_value(when) for when in (now, later, now + timedelta(minutes=10))
    )
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(
                    f"SELECT id, attempts FROM {_TABLE} WHERE next_attempt_at <= %s "
                    f"ORDER BY next_attempt_at, id LIMIT {BATCH}{_SKIP[connection.vendor]}",
                    [at],
                )
                batch = cursor.fetchall()
                if not batch:
                    return done
                marks = ", ".join(["%s"] * len(batch))
                cursor.execute(
                    f"UPDATE {_TABLE} SET next_attempt_at = %s WHERE id IN ({marks})", [until, *(pk for pk, _ in batch)]
                )
            for pk, attempts in batch:
                cursor.execute(
                    f"UPDATE {_TABLE} SET attempts = attempts + 1, next_attempt_at = %s "
                    "WHERE id = %s AND attempts = %s AND next_attempt_at = %s",
                    [claimed, pk, attempts, until],
                )
                cursor.execute(
                    f"UPDATE {_TABLE} SET delivered_at = %s, next_attempt_at = NULL, last_error = '' "
                    "WHERE id = %s AND attempts = %s",
                    [at, pk, attempts + 1],
                )
            done += len(batch)


def _drain() -> int:
    done = 0
    while round_ := outbox.deliver_due().delivered:
        done += round_
    return done


def _due_again() -> None:
    Notification.objects.update(next_attempt_at=timezone.now(), delivered_at=None, attempts=0)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_TABLE}")


@pytest.fixture
def ten_thousand(real_database: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    if connection.vendor == "postgresql":
        # The disk's time would be most of both sides, and hide what is between them.
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO off")
    people = [world.user(f"Reader {n}") for n in range(500)]
    body = (
        "Dora Director submits “A better title” in Season 1.\n\nSee what would change, and decide:\nhttps://a.example/1"
    )
    for _ in range(MESSAGES // len(people)):
        tell("submission_arrived", *people, subject="Waiting for you: A better title", body=body, thread="submission:1")


@pytest.mark.django_db(transaction=True)
def test_draining_stays_near_claiming_and_marking(ten_thousand: None) -> None:
    ratios = []
    for _ in range(2):
        times = []
        for work in (_floor, _drain):
            _due_again()
            start = perf_counter()
            assert work() == MESSAGES
            times.append(perf_counter() - start)
        ratios.append(times[1] / times[0])
        print(
            f"\n{connection.vendor}: floor {times[0] / MESSAGES * 1e6:.0f} us, drain {times[1] / MESSAGES * 1e6:.0f} us a "
            f"message, ratio {ratios[-1]:.2f}"
        )
    Notification.objects.filter(pk__in=Notification.objects.order_by("pk")[:BATCH].values("pk")).update(
        next_attempt_at=timezone.now(), delivered_at=None, attempts=0
    )
    with CaptureQueriesContext(connection) as queries:
        assert _drain() == BATCH
    # Two a message; five for the batch (BEGIN, find, claim, COMMIT, load); then the rounds that find nothing.
    print(f"{len(queries)} statements for {BATCH} messages")
    assert len(queries) <= 2 * BATCH + 15
    assert min(ratios) <= WANTED


@pytest.mark.django_db(transaction=True)
def test_delivered_messages_are_never_scanned(ten_thousand: None) -> None:
    """All but one are delivered: the claim reads the index of what is due, and as long as with nothing else there."""
    Notification.objects.update(next_attempt_at=None, delivered_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_TABLE}")
    tell("submission_arrived", world.user())
    with CaptureQueriesContext(connection) as queries:
        assert _drain() == 1
    (claim,) = [query["sql"] for query in queries if "ORDER BY" in query["sql"]][:1]
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        cursor.execute(explain + claim)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    print(plan)
    assert "notification_due" in plan
    assert "SCAN accounts_notification\n" not in plan
    assert "Seq Scan" not in plan

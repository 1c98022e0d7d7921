"""One of many processes that hold seats of a performance at the same time; called by `multiprocessing` with spawn."""

from __future__ import annotations

import os
from datetime import timedelta
from random import Random
from time import perf_counter
from typing import Any, NamedTuple


class Attempts(NamedTuple):
    """What one process did: from when to when, and the seconds of each hold and of each refusal."""

    start: float
    end: float
    holds: list[float]
    refusals: list[float]


def attempt(
    environment: dict[str, str], work: str, performance: int, seats: list[int], seed: int, barrier: Any, answers: Any
) -> None:
    """Attempt to hold each seat once, in an order of this process, by the service or by the bare upsert."""
    os.environ.update(environment)
    import django

    django.setup()
    hold = {"service": _service, "upsert": _upsert}[work](performance)
    Random(seed).shuffle(seats)
    # Outside of the measurement: the connection, and what a process loads once.
    hold(-1)
    barrier.wait(60)
    holds, refusals = list[float](), list[float]()
    start = before = perf_counter()
    for seat in seats:
        taken = hold(seat)
        after = perf_counter()
        (holds if taken else refusals).append(after - before)
        before = after
    answers.put(Attempts(start, before, holds, refusals))


def _service(performance: int) -> Any:
    from scheduling.models import Occurrence
    from theater_site.core.actors import Public
    from theater_site.core.errors import DomainError
    from ticketing.services.holds import take_hold

    evening = Occurrence.objects.get(pk=performance)

    def hold(seat: int) -> bool:
        try:
            take_hold(actor=Public(), performance=evening, seats=[seat], area=None, quantity=None)
        except DomainError:
            return False
        return True

    return hold


def _upsert(performance: int) -> Any:
    """The floor: Django's `atomic` around one upsert."""
    from django.db import connection, transaction
    from django.utils import timezone

    from ticketing.rules.secrets import digest_of, new_hold_token

    sql = """
        INSERT INTO "ticketing_performanceseat" AS mine (performance_id, seat_id, state, holder, held_until, source)
        VALUES (%s, %s, 'held', %s, %s, '')
        ON CONFLICT (performance_id, seat_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
        WHERE mine.held_until <= %s RETURNING seat_id
    """

    def hold(seat: int) -> bool:
        if seat < 0:
            connection.ensure_connection()
            return False
        now = timezone.now()
        with transaction.atomic(), connection.cursor() as cursor:
            holder = digest_of(new_hold_token())
            cursor.execute(sql, [performance, seat, holder, now + timedelta(minutes=10), now])
            return cursor.fetchone() is not None

    return hold

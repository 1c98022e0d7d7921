"""A service call whose actor's permissions are loaded, against its floor: BEGIN, load the row, save, COMMIT.

`pytest tests/benchmarks/test_service_call.py -s` prints the ratio and the queries; on PostgreSQL by DATABASE_URL.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from productions.models import Production
from productions.services.productions import update_production
from tests.laws.scenes import Theater

ROUNDS, WANTED = 200, 1.6


def _timed(work: Callable[[int], object]) -> float:
    times = []
    for n in range(ROUNDS):
        start = perf_counter()
        work(n)
        times.append(perf_counter() - start)
    return median(times)


@pytest.mark.django_db(transaction=True)
def test_a_service_call_stays_near_its_floor(real_database: None) -> None:
    theater = Theater()
    production = theater.production
    actor = theater.acting()

    # The same table by a model without the frame, with the same columns.
    class Plain(models.Model):
        class Meta:
            app_label = "productions"
            managed = False
            db_table = Production._meta.db_table

    for field in Production._meta.concrete_fields:
        if not field.primary_key and not isinstance(field, models.ForeignKey):
            Plain.add_to_class(field.name, field.clone())

    def floor(n: int) -> None:
        with transaction.atomic():
            row = Plain.objects.select_for_update().get(pk=production.pk)
            row.genre = f"floor {n}"
            row.save()

    def call(n: int) -> None:
        update_production(actor=actor, production=production, changes={"genre": f"call {n}"})

    for warm in range(30):
        floor(warm)
        call(warm)
    with CaptureQueriesContext(connection) as queries:
        call(-1)
    # In turns, so that a busy machine slows both.
    ratios, floors, calls = [], [], []
    for _ in range(3):
        floors.append(_timed(floor))
        calls.append(_timed(call))
        ratios.append(calls[-1] / floors[-1])
    ratio = min(ratios)
    print(
        f"\n{connection.vendor}: floor {min(floors) * 1e6:.0f} us, call {min(calls) * 1e6:.0f} us, ratio {ratio:.2f}, "
        f"{len(queries)} statements"
    )
    for query in queries:
        print("   ", query["sql"][:110])
    assert ratio <= WANTED

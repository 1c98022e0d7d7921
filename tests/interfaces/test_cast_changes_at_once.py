"""Two change the cast of one part at the same moment: one of them does, the other is told that it has happened."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connections

from directory.models import Credit
from directory.signals import cast_changed
from tests.worlds import casting, directory
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("named", [False, True])
def test_of_two_concurrent_changes_of_a_part_one_is_refused(real_database, named):
    production, director = casting.play()
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal")
    people = [directory.person(by=director) for _ in range(2)]
    start, told = threading.Barrier(len(people)), list[str]()

    def dawdle(**_: Any) -> None:
        # Inside the transaction of everybody who came first: the other one comes in the meantime.
        time.sleep(0.5)

    def change(person: Any) -> None:
        try:
            start.wait(10)
            casting.change(viola, person, "2026-10-20", by=director, leaves=ann if named else None)
            told.append("done")
        except DomainError as error:
            told.append(error.code)
        finally:
            connections.close_all()

    cast_changed.connect(dawdle)
    try:
        threads = [threading.Thread(target=change, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        cast_changed.disconnect(dawdle)
    assert sorted(told) == ["credit_not_standing", "done"]
    held = Credit.objects.filter(character=viola).order_by("pk")
    assert [(row.holding, row.ends_on) for row in held] == [("principal", "2026-10-19"), ("replacement", "")]

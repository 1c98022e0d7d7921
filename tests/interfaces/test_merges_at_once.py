"""Two merges at the same moment, and a credit for a record that is being merged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from directory.models import Credit, Person
from directory.services.credits import add_credit
from directory.services.merging import merge_people
from directory.signals import people_merged
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import directory
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*calls: Callable[[], Any], later: float = 0.0) -> list[str]:
    """Run all at the same moment, the second `later` seconds after the first. Returns "done" or the code of each."""
    start, told = threading.Barrier(len(calls)), dict[int, str]()

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            time.sleep(later * number)
            call()
            told[number] = "done"
        except DomainError as error:
            told[number] = error.code
        finally:
            connections.close_all()

    def dawdle(**_: Any) -> None:
        time.sleep(0.5)

    people_merged.connect(dawdle)
    try:
        threads = [threading.Thread(target=run, args=given) for given in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        people_merged.disconnect(dawdle)
    return [told[number] for number in range(len(calls))]


def _merge(t: Theater, survivor: Person, duplicate: Person) -> Callable[[], Any]:
    given = {"duplicate_version": None, "take": [], "keep_credited_name": False}
    return lambda: merge_people(actor=world.acting(t.director), survivor=survivor, duplicate=duplicate.pk, **given)


def test_of_two_merges_at_once_one_is_refused(real_database: None) -> None:
    t = Theater()
    one, two, three = (directory.person(by=t.director, name=name) for name in ("Anna Bell", "Ana Bell", "Anne Bell"))
    assert sorted(_at_once(_merge(t, one, two), _merge(t, two, one))) == ["done", "merged"]
    left = Person.objects.get(pk__in=(one.pk, two.pk))
    fourth = directory.person(by=t.director, name="A. Bell")
    assert sorted(_at_once(_merge(t, left, three), _merge(t, fourth, three))) == ["done", "merged"]


def test_no_credit_is_left_on_a_record_that_is_being_merged(real_database: None) -> None:
    t = Theater()
    one, two = (directory.person(by=t.director, name=name) for name in ("Anna Bell", "Ana Bell"))
    play = t.production

    def credit() -> Any:
        return add_credit(actor=world.acting(t.director), production=play, person=two, fields={"role": "Nina"})

    done, refused = _at_once(_merge(t, one, two), credit, later=0.2)
    assert done == "done"
    assert refused != "done"
    assert Credit.objects.count() == 0

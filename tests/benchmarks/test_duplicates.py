"""Who is meant by a name, among 100,000 people, against its floor in the same run, on either database.

The floor: the people in the same blocks, read by a hand-written statement, and rapidfuzz over their names.
`pytest tests/benchmarks/test_duplicates.py -s` prints the ratios; on PostgreSQL by DATABASE_URL.
"""

from __future__ import annotations

import itertools
import random
from statistics import median
from time import perf_counter

import pytest
from django.db import connection
from rapidfuzz import fuzz, process

from accounts.permissions.selectors.sections import area
from directory.models import Alias, Person
from directory.rules.name_sounds import sounds_of
from directory.selectors.duplicates import duplicate_pairs, similar_to
from tests.laws.scenes import Theater
from tests.worlds.at_scale import unseen
from theater_site.core.text import fold

PEOPLE, ROUNDS, TIMES, PAIRS_SECONDS = 100_000, 15, 2.0, 3.0
GIVEN = (
    "Anna",
    "Robert",
    "Maria",
    "John",
    "Peter",
    "Susan",
    "Laura",
    "Miguel",
    "Olga",
    "Igor",
    "Fatima",
    "Kenji",
    "Pavel",
)
NAMES = ("Zebulon Quist", "Robert Morales", "Bob Tarnowe", "Anna Bel")


@pytest.fixture
def people(real_database: None) -> None:
    Theater()
    chance = random.Random(14)
    parts = [a + b for a, b in itertools.product("bcdfghjklmnprstvw", "aeiou")]
    section = area("Directory")
    families = ["".join(chance.choices(parts, k=chance.choice((2, 3)))).capitalize() for _ in range(20_000)]
    unseen(
        Person,
        [
            Person(section=section, name=f"{chance.choice(GIVEN)} {chance.choice(families)}", email="", phone="")
            for _ in range(PEOPLE)
        ],
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _floor(name: str) -> None:
    sounds = sounds_of(name).split()
    where = " OR ".join(["sounds LIKE %s"] * len(sounds))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, folded FROM directory_person WHERE {where}", [f"% {sound} %" for sound in sounds])
        rows = cursor.fetchall()
    process.extract(fold(name), [folded for _, folded in rows], scorer=fuzz.token_set_ratio, limit=30)


def _seconds(call: object, *given: object) -> float:
    start = perf_counter()
    call(*given)  # type: ignore[operator]
    return perf_counter() - start


def test_similar_names_cost_at_most_twice_the_floor(people: None) -> None:
    assert not Alias.objects.exists()
    ratios = {}
    for name in NAMES:
        pairs = [(_seconds(_floor, name), _seconds(similar_to, name)) for _ in range(ROUNDS)]
        ratios[name] = (median(floor for floor, _ in pairs), median(call for _, call in pairs))
    for name, (floor, call) in ratios.items():
        print(
            f"{connection.vendor}: {name}: {call * 1000:.1f} ms, floor {floor * 1000:.1f} ms, {call / floor:.2f} times"
        )
    whole = _seconds(duplicate_pairs)
    print(f"{connection.vendor}: the most likely pairs: {whole:.2f} s")
    assert sum(call for _, call in ratios.values()) / sum(floor for floor, _ in ratios.values()) <= TIMES
    assert whole <= PAIRS_SECONDS

"""Several processes book one hall at the same moment, each over a connection of its own: one gets it."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from scheduling.models import Booking
from tests import world
from tests.worlds import scheduling as scene

ROOT = Path(__file__).resolve().parents[2]
BOOKERS = 3

# Waits for the word, so that all have started; then books, and tells what came of it.
BOOKING = """
import datetime as dt, sys
import django
django.setup()
from productions.models import Production
from scheduling.models import Occurrence, Space
from scheduling.services.occurrences import schedule_occurrence, update_occurrence
from theater_site.core.actors import System
from theater_site.core.errors import DomainError

how, production, space, row = sys.argv[1], *map(int, sys.argv[2:])
production, space = Production.objects.get(pk=production), Space.objects.get(pk=space)
row = Occurrence.objects.filter(pk=row).first()
print("ready", flush=True)
sys.stdin.readline()
told = []
for day in range(1, 9):
    placing = {"space": space, "date": f"2031-11-{day:02d}", "start_time": dt.time(19), "duration_minutes": 60}
    try:
        if how == "schedule":
            schedule_occurrence(actor=System("test"), production=production, fields=placing)
        else:
            update_occurrence(actor=System("test"), occurrence=row, changes=placing)
        told.append("got")
    except DomainError as error:
        told.append(error.code)
print(" ".join(told), flush=True)
"""


@pytest.fixture
def database(tmp_path):
    """Answers the address of a database that other processes can open, with everything that this one has by now."""

    def address():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_database()")
                name = cursor.fetchone()[0]
            return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
        file = tmp_path / "booked.sqlite3"
        with sqlite3.connect(file) as copy:
            connection.connection.backup(copy)
            triggers = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        copy.close()
        # A copy without its guards would let everything pass.
        assert {"space_taken_insert", "space_taken_update"} <= triggers
        return f"sqlite:///{file}"

    return address


def bookings_in(url, space):
    """(start, end) of every booking of the space, as the database that the bookers used has them."""
    if connection.vendor == "postgresql":
        return sorted(Booking.objects.filter(space=space).values_list("starts_at", "ends_at"))
    with sqlite3.connect(url.removeprefix("sqlite:///")) as copy:
        rows = copy.execute(
            "SELECT starts_at, ends_at FROM scheduling_booking WHERE space_id = ?", [space.pk]
        ).fetchall()
    copy.close()
    return sorted(rows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["schedule", "move"])
def test_concurrent_bookings_of_a_hall_succeed_once(database, how):
    root, director = world.found()
    hamlet = world.production(world.season(root, by=director), by=director)
    hall, studio = scene.space(by=director), scene.space(by=director)
    rows = [0] * BOOKERS
    if how == "move":
        rows = [
            scene.occurrence(hamlet, by=director, space=studio, date=f"2031-10-{day:02d}").pk
            for day in range(1, BOOKERS + 1)
        ]
    url = database()
    environment = {
        **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "theater_site.settings", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    bookers = [
        subprocess.Popen(
            [sys.executable, "-c", BOOKING, how, str(hamlet.pk), str(hall.pk), str(row)],
            cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for row in rows
    ]  # fmt: skip
    try:
        for booker in bookers:
            assert booker.stdout.readline() == "ready\n", booker.stderr.read()
        for booker in bookers:
            booker.stdin.write("go\n")
            booker.stdin.flush()
        told = []
        for booker in bookers:
            answer, errors = booker.communicate(timeout=60)
            assert booker.returncode == 0, errors
            told.append(answer.split())
    finally:
        for booker in bookers:
            booker.kill()
            booker.wait()
    assert {word for words in told for word in words} == {"got", "space_taken"}
    bookings = bookings_in(url, hall)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(bookings))
    if how == "schedule":
        # Each of the eight evenings went to exactly one.
        assert [sum(words[n] == "got" for words in told) for n in range(8)] == [1] * 8
        assert len(bookings) == 8
    else:
        # Everybody holds one evening at the most, and anybody who was told so last holds it.
        assert 1 <= len(bookings) <= BOOKERS

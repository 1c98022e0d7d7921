"""A hundred people choose seats at the same moment, in two processes: every place is sold at most once."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.worlds import ticketing as scene

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 2


def a_database_of_their_own(folder: Path) -> str:
    """The address of a database with what the test has set up, for other processes.

    A SQLite test database lives in memory, where connections share one cache and its locks: the race is run
    on a copy in a file, under the project's own settings.
    """
    if connection.vendor == "sqlite":
        file = folder / "race.sqlite3"
        with closing(sqlite3.connect(file)) as copy:
            connection.connection.backup(copy)
        return f"sqlite:///{file}"
    known = connection.settings_dict
    who = f"{known['USER']}:{known['PASSWORD']}" if known["PASSWORD"] else known["USER"]
    return f"postgres://{who}@{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"


def race(database: str, folder: Path, buyers: list[dict]) -> list[dict]:
    """What each buyer was told, in their order."""
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "CACHE_URL": "locmemcache://",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "INDEX_KEY": settings.INDEX_KEY,
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "ERROR",
        # All of them buy from one address.
        "UNPAID_SEATS_PER_ADDRESS": "0",
        "UNPAID_SEATS_PER_EMAIL": "0",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.performance.seat_race"],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    try:
        for place, process in enumerate(processes):
            process.stdin.write(json.dumps({"buyers": buyers[place::PROCESSES]}) + "\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        told: list[dict] = [{}] * len(buyers)
        for place, process in enumerate(processes):
            out, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
            told[place::PROCESSES] = json.loads(out)
        return told
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()


def rows(database: str, sql: str) -> list[tuple]:
    if not database.startswith("sqlite:///"):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as file:
        return file.execute(sql).fetchall()


@pytest.mark.django_db(transaction=True)
def test_every_seat_is_sold_once_and_no_hold_is_partial(tmp_path):
    _, _, evening, seats, floor = scene.house(rows=4, seats=15, standing=20)
    ids = [seat.pk for seat in seats]
    choose = random.Random(7)
    wanted: list[dict] = [{"seats": [ids[0]]} for _ in range(40)]
    wanted += [{"seats": choose.sample(ids, choose.randint(2, 4))} for _ in range(40)]
    wanted += [{"area": floor.pk, "quantity": choose.randint(1, 3)} for _ in range(20)]
    choose.shuffle(wanted)
    buyers = [{"path": f"/api/v1/performances/{evening.pk}/holds/", "body": body} for body in wanted]
    database = a_database_of_their_own(tmp_path)

    told = race(database, tmp_path, buyers)

    # Nobody was notified of a fault of ours, nor to try again.
    assert {answer["status"] for answer in told} == {201, 409}
    won = [(body, answer) for body, answer in zip(wanted, told, strict=True) if answer["status"] == 201]
    lost = [(body, answer["answer"]) for body, answer in zip(wanted, told, strict=True) if answer["status"] == 409]
    assert {answer["order"]["status"] for _, answer in won} == {201}

    # All or nothing, and each seat to one buyer.
    sold: list[int] = []
    for body, answer in won:
        places = answer["answer"]["places"]
        if "seats" in body:
            assert sorted(place["seat"] for place in places) == sorted(body["seats"])
            sold += body["seats"]
        else:
            assert [place["area"] for place in places] == [floor.pk] * body["quantity"]
        assert len(answer["order"]["answer"]["lines"]) == len(places)
    assert len(sold) == len(set(sold))
    assert ids[0] in sold
    standing = sum(body["quantity"] for body, _ in won if "area" in body)
    assert standing <= 20

    # Anybody who lost was told what was taken, and it was.
    for body, refusal in lost:
        if "seats" in body:
            assert refusal["code"] == "seats_taken"
            assert refusal["data"]["seats"]
        else:
            assert refusal["code"] == "sold_out"
            assert refusal["data"]["left"] < body["quantity"]

    # The database says the same.
    owned = rows(database, "SELECT seat_id, state, ticket_id FROM ticketing_performanceseat")
    assert sorted(seat for seat, _, _ in owned) == sorted(sold)
    assert {state for _, state, _ in owned} == {"reserved"}
    assert len({ticket for _, _, ticket in owned}) == len(sold)
    assert rows(database, "SELECT taken FROM ticketing_performancearea") == [(standing,)]
    assert rows(database, "SELECT sum(quantity) FROM ticketing_areahold") == [(standing,)]
    assert rows(database, "SELECT count(*) FROM ticketing_ticket") == [(len(sold) + standing,)]

"""Sealing and verifying 100,000 entries, each against its floor in the same run.

`pytest tests/benchmarks/test_audit.py -s` prints times and ratios; on PostgreSQL by DATABASE_URL. Every entry has one change
with its values, as an ordinary update has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit.models.exact_json import exact
from accounts.audit.rules.seals import GENESIS, values_digest
from accounts.audit.selectors.facts import steady
from accounts.audit.selectors.verification import verify
from accounts.audit.services.sealing import BATCH, seal_batch
from accounts.models import AuditChange, AuditEntry, AuditSeal, AuditValue
from theater_site.core.ids import new_id

ENTRIES, CHUNK, ROUNDS = 100_000, 5_000, 3
VERIFY_WANTED = SEAL_WANTED = 3.0


def _write(count: int) -> None:
    now = timezone.now()
    for start in range(0, count, CHUNK):
        entries, changes, values = [], [], []
        for n in range(start, min(start + CHUNK, count)):
            entry = AuditEntry(
                id=new_id(), action="production.update", actor_kind="user", actor_label=f"user:{n % 100}", actor_id=n % 100,
                request_id=f"{n:032x}", at=now + timedelta(microseconds=n), note={},
            )  # fmt: skip
            told = {
                "before": {"title": f"Title {n}", "synopsis": f"A long night in the theater, the {n}th of many. " * 3},
                "after": {
                    "title": f"Title {n + 1}",
                    "synopsis": f"A short night in the theater, the {n}th of many. " * 3,
                },
            }
            salt = f"{n:032x}"
            change = AuditChange(
                id=new_id(), entry=entry, object_type="productions.production", object_id=str(n % 500), section_id=n % 50,
                operation="changed", version=n // 500 + 2, fields=["synopsis", "title"],
                digest=values_digest(salt, exact(told), ""),
            )  # fmt: skip
            entries.append(entry)
            changes.append(change)
            values.append(AuditValue(change=change, salt=salt, values=told, personal=""))
        with transaction.atomic():
            AuditEntry.objects.bulk_create(entries)
            AuditChange.objects.bulk_create(changes)
            AuditValue.objects.bulk_create(values)


def _read(sql: str) -> Iterator[Any]:
    with steady(), connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(2000):
            yield from rows


def _seconds(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


# Bare: every row read once, as the driver gives it, and hashed; the columns as text, so that nothing is converted.
ENTRY = (
    "CAST(id AS text), action, actor_kind, actor_label, actor_id, on_behalf_of_id, request_id, CAST(cause AS text), "
    "CAST(at AS text), note"
)
CHANGE = (
    "CAST(id AS text), CAST(entry_id AS text), object_type, object_id, section_id, operation, version, fields, digest"
)
VALUE = 'CAST(change_id AS text), salt, "values", personal'


def _bare_reading() -> None:
    for columns, table in ((ENTRY, "auditentry"), (CHANGE, "auditchange"), (VALUE, "auditvalue")):
        for row in _read(f"SELECT {columns} FROM accounts_{table}"):
            hashlib.sha256(orjson.dumps(row)).hexdigest()


@pytest.fixture
def log(real_database: None) -> None:
    _write(ENTRIES)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _floor_of_sealing() -> Iterator[float]:
    """The seconds of each batch of hashing the entries and their changes, already in memory, and inserting one link for each."""
    entries = list(_read(f"SELECT {ENTRY} FROM accounts_auditentry ORDER BY id"))
    changes = {row[1]: row for row in _read(f"SELECT {CHANGE} FROM accounts_auditchange")}
    with connection.cursor() as cursor:
        kind = "uuid" if connection.vendor == "postgresql" else "char(32)"
        cursor.execute(
            f"CREATE TABLE bare_seal (seq bigint PRIMARY KEY, entry_id {kind} UNIQUE, changes integer, "
            "entry_digest varchar(64), changes_digest varchar(64), hash varchar(64))"
        )
    previous, seq = GENESIS, 0
    for first in range(0, len(entries), BATCH):
        start = perf_counter()
        rows: list[Any] = []
        for facts in entries[first : first + BATCH]:
            seq += 1
            of_entry = hashlib.sha256(orjson.dumps(facts)).hexdigest()
            of_changes = hashlib.sha256(orjson.dumps(changes[facts[0]])).hexdigest()
            previous = hashlib.sha256(orjson.dumps((previous, seq, facts[0], 1, of_entry, of_changes))).hexdigest()
            rows += (seq, facts[0], 1, of_entry, of_changes, previous)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO bare_seal VALUES {', '.join(['(%s, %s, %s, %s, %s, %s)'] * (len(rows) // 6))}", rows
            )
        yield perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bare_seal")


@pytest.mark.django_db(transaction=True)
def test_sealing_and_verifying_stay_near_their_floors(log: None) -> None:
    # In turns, batch by batch, so that a busy machine slows both.
    floors: list[float] = []
    batches: list[float] = []
    for bare in _floor_of_sealing():
        floors.append(bare)
        batches.append(_seconds(seal_batch))
    assert AuditSeal.objects.count() == ENTRIES
    floor, sealing = median(floors), median(batches)
    tenth = len(batches) // 10
    early, late = min(batches[:tenth]), min(batches[-tenth:])
    print(
        f"\n{connection.vendor}: sealing {BATCH} of {ENTRIES:,} entries {sealing * 1e3:.1f} ms, "
        f"bare hashing and inserting {floor * 1e3:.1f} ms, "
        f"ratio {sealing / floor:.2f}; the fastest batch {early * 1e3:.1f} ms in the first tenth, "
        f"{late * 1e3:.1f} ms in the last"
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    ratios = []
    for _ in range(ROUNDS):
        bare = _seconds(_bare_reading)
        seen: list[Any] = []
        whole = _seconds(lambda: seen.append(verify(patience=timedelta(minutes=10))))
        assert (seen[0].broken, seen[0].seals, seen[0].values) == (None, ENTRIES, ENTRIES)
        ratios.append(whole / bare)
        print(
            f"{connection.vendor}: verifying {whole:.2f} s, bare reading and hashing {bare:.2f} s, ratio {whole / bare:.2f}"
        )
    assert sealing / floor <= SEAL_WANTED
    assert late <= early * 1.5
    assert min(ratios) <= VERIFY_WANTED

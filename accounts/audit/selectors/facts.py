"""The rows of the audit log in the format in which they are hashed, the same on both databases: see `rules/seals.py`."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection, transaction

_FETCHED = 2000
_ENTRY = (
    "id",
    "action",
    "actor_kind",
    "actor_label",
    "actor_id",
    "on_behalf_of_id",
    "request_id",
    "cause",
    "at",
    "note",
)
_CHANGE = ("id", "object_type", "object_id", "section_id", "operation", "version", "fields", "digest")
_SEAL = ("seq", "entry_id", "changes", "entry_digest", "changes_digest", "hash")
ENTRY_WIDTH, CHANGE_WIDTH, SEAL_WIDTH = len(_ENTRY), len(_CHANGE), len(_SEAL)
Row = tuple[Any, ...]
Stream = Generator[Row, None, None]


def entry_columns(alias: str = "e") -> str:
    return ", ".join(_column(alias, name) for name in _ENTRY)


def change_columns(alias: str = "c") -> str:
    return ", ".join(_column(alias, name) for name in _CHANGE)


def seal_columns(alias: str = "s") -> str:
    return ", ".join(_column(alias, name) for name in _SEAL)


def _column(alias: str, name: str) -> str:
    column = f'{alias}."{name}"'
    if connection.vendor == "postgresql":
        if name in ("id", "entry_id", "cause"):
            return f"replace({column}::text, '-', '')"
        if name == "at":
            return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    elif name == "at":
        # Django writes no fraction if it is zero. As an expression, the driver returns it as text.
        return f"CASE WHEN length({column}) = 19 THEN {column} || '.000000' ELSE {column} || '' END"
    return column


def waiting_entries(most: int) -> list[Row]:
    """The first `most` unsealed entries, by id."""
    with connection.cursor() as cursor:
        # The limit comes before the join, so that no query plan reads the whole log.
        cursor.execute(
            f"SELECT {entry_columns()} "  # noqa: S608
            'FROM (SELECT "entry_id" FROM "accounts_auditunsealed" ORDER BY "entry_id" LIMIT %s) u '
            'JOIN "accounts_auditentry" e ON e."id" = u."entry_id" ORDER BY e."id"',
            [most],
        )
        rows: list[Row] = cursor.fetchall()
        return rows


def changes_of(entries: Collection[str]) -> Stream:
    """The changes of these entries, in the order of entry and id, as (entry id, facts...). Streamed, as there may be
    millions."""
    if connection.vendor == "postgresql":
        among = "= ANY(%s::uuid[])"
        parameters: list[Any] = [[*entries]]
    else:
        among, parameters = f"IN ({', '.join(['%s'] * len(entries))})", list(entries)
    return streamed(
        f'SELECT {_column("c", "entry_id")}, {change_columns()} FROM "accounts_auditchange" c '  # noqa: S608
        f'WHERE c."entry_id" {among} ORDER BY c."entry_id", c."id"',
        parameters,
    )


def streamed(sql: str, parameters: Iterable[Any] = ()) -> Stream:
    """The rows of a query, some thousands in memory at a time. On PostgreSQL use it inside `steady()`, and close it if you do
    not read it to its end."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, list(parameters))
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows


def steady() -> AbstractContextManager[Any]:
    """The context for long reads. On PostgreSQL it is a transaction: without one, each streamed query is copied whole before
    its first row. On SQLite it is none, since our transactions take the only write lock."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def chained(after: int, last: int) -> Stream:
    """The seals with `after` < seq <= `last`, in order, each with the facts of its entry (or nulls)."""
    return streamed(
        f"SELECT {seal_columns()}, {entry_columns()} FROM accounts_auditseal s "  # noqa: S608
        'LEFT JOIN accounts_auditentry e ON e."id" = s."entry_id" WHERE s."seq" > %s AND s."seq" <= %s ORDER BY s."seq"',
        [after, last],
    )


def chained_changes(after: int, last: int) -> Stream:
    """The changes of the same seals, as (seq, facts..., salt, values, personal). The last three are null if they were
    erased."""
    return streamed(
        f'SELECT s."seq", {change_columns()}, v."salt", v."values", v."personal" FROM accounts_auditseal s '  # noqa: S608
        'JOIN accounts_auditchange c ON c."entry_id" = s."entry_id" '
        'LEFT JOIN accounts_auditvalue v ON v."change_id" = c."id" '
        'WHERE s."seq" > %s AND s."seq" <= %s ORDER BY s."seq", c."id"',
        [after, last],
    )

"""The rows of the audit log in the form in which they are hashed, alike on both databases: see `rules/seals.py`."""

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
        # Django writes no fraction where it is zero; as an expression, the driver also leaves it text.
        return f"CASE WHEN length({column}) = 19 THEN {column} || '.000000' ELSE {column} || '' END"
    return column


def waiting_entries(most: int) -> list[Row]:
    """The first `most` entries that wait for their seal, by id."""
    with connection.cursor() as cursor:
        # Limited before it is joined, so that no plan reads the whole log.
        cursor.execute(
            f"SELECT {entry_columns()} "  # noqa: S608
            'FROM (SELECT "entry_id" FROM "accounts_auditunsealed" ORDER BY "entry_id" LIMIT %s) u '
            'JOIN "accounts_auditentry" e ON e."id" = u."entry_id" ORDER BY e."id"',
            [most],
        )
        rows: list[Row] = cursor.fetchall()
        return rows


def changes_of(entries: Collection[str]) -> Stream:
    """(entry id, the change's facts...) of these entries, by entry and change; streamed, as one entry may have millions."""
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
    """The rows of a query, some thousands in memory at a time. On PostgreSQL, read within `steady()`; close it where it is
    not read to its end."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, list(parameters))
        while rows := cursor.fetchmany(_FETCHED):
            yield from rows


def steady() -> AbstractContextManager[Any]:
    """For reading long: on PostgreSQL one transaction, or each streamed query would be copied whole before its first row.
    On SQLite none, since ours begin by taking the one write lock."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def chained(after: int, last: int) -> Stream:
    """(the seal..., its entry's facts or nulls...) for `after` < seq <= `last`, in the order of the chain."""
    return streamed(
        f"SELECT {seal_columns()}, {entry_columns()} FROM accounts_auditseal s "  # noqa: S608
        'LEFT JOIN accounts_auditentry e ON e."id" = s."entry_id" WHERE s."seq" > %s AND s."seq" <= %s ORDER BY s."seq"',
        [after, last],
    )


def chained_changes(after: int, last: int) -> Stream:
    """(seq, the change's facts..., salt, values, personal) of the same seals; the last three are null where erased."""
    return streamed(
        f'SELECT s."seq", {change_columns()}, v."salt", v."values", v."personal" FROM accounts_auditseal s '  # noqa: S608
        'JOIN accounts_auditchange c ON c."entry_id" = s."entry_id" '
        'LEFT JOIN accounts_auditvalue v ON v."change_id" = c."id" '
        'WHERE s."seq" > %s AND s."seq" <= %s ORDER BY s."seq", c."id"',
        [after, last],
    )

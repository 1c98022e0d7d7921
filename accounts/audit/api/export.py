"""Exports the audit log as a file: CSV for a spreadsheet, JSON lines for a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from accounts.audit.models.entries import AuditChange, AuditEntry
from theater_site.core.tables import csv_lines

COLUMNS = (
    "at", "entry", "action", "actor_kind", "actor", "on_behalf_of", "request_id", "cause", "change", "object_type",
    "object_id", "section_id", "operation", "version", "fields",
)  # fmt: skip
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
Told = tuple[AuditEntry, AuditChange | None, bool]


def lines(kind: str, told: Iterable[Told]) -> Iterator[bytes]:
    """`told` as the lines of a file of this kind. Notes are in JSON only, for entries that the reader may read in full."""
    if kind == "csv":
        yield from _csv(told)
        return
    for entry, change, whole in told:
        row = _row(entry, change) | {"note": entry.note if whole else {}}
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _row(entry: AuditEntry, change: AuditChange | None) -> dict[str, Any]:
    about_object: tuple[Any, ...] = (None,) * 6 + ([],)
    if change is not None:
        about_object = (
            change.pk, change.object_type, change.object_id, change.section_id, change.operation, change.version,
            change.fields,
        )  # fmt: skip
    about_entry = (
        entry.at, entry.pk, entry.action, entry.actor_kind, entry.actor_id, entry.on_behalf_of_id, entry.request_id,
        entry.cause,
    )  # fmt: skip
    return dict(zip(COLUMNS, about_entry + about_object, strict=True))


def _csv(told: Iterable[Told]) -> Iterator[bytes]:
    return (line.encode() for line in csv_lines(_cells(told)))


def _cells(told: Iterable[Told]) -> Iterator[Sequence[str]]:
    yield COLUMNS
    for entry, change, _ in told:
        row = _row(entry, change)
        row["at"] = entry.at.isoformat()
        row["fields"] = " ".join(row["fields"])
        yield ["" if value is None else str(value) for value in row.values()]

"""The audit log as a file: CSV for a spreadsheet, JSON lines for a program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from accounts.models import AuditChange, AuditEntry

COLUMNS = (
    "at", "entry", "action", "actor_kind", "actor", "on_behalf_of", "request_id", "cause", "change", "object_type",
    "object_id", "section_id", "operation", "version", "fields",
)  # fmt: skip
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
# What a spreadsheet takes for the beginning of a formula, or passes over to find one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
Told = tuple[AuditEntry, AuditChange | None, bool]


def lines(kind: str, told: Iterable[Told]) -> Iterator[bytes]:
    """`told` as the lines of a file of this kind. An entry's note is told in JSON only, where all of it may be read."""
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


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(told: Iterable[Told]) -> Iterator[bytes]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS).encode()
    for entry, change, _ in told:
        row = _row(entry, change)
        row["at"] = entry.at.isoformat()
        row["fields"] = " ".join(row["fields"])
        yield writer.writerow([harmless(value) for value in row.values()]).encode()


def harmless(value: Any) -> str:
    """`value` as the text of a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text

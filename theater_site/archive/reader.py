"""Reads a performing archive: a folder of tables with one JSON object per line, in UTF-8, plain or gzip.

The tables are seasons, venues, productions, performances, runs (optional), people and credits, each a file `NAME.jsonl` or
`NAME.jsonl.gz`. Only ids are held in memory, so archives can be of any size.

Every line is exactly one of these, and `Archive.counts` adds up:

- taken: a row, perhaps with remarks on what is unknown or unusual in it;
- bad: a `BadRow` with the reason;
- merged: a credit or run that is equal to an earlier one;
- blank.

Nothing is guessed, shortened or corrected: an unknown start stays unknown, and an end before its start is kept with a
remark.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from theater_site.archive import fields
from theater_site.archive.fields import CREDIT_KINDS, MAX_TITLE, RUN_KINDS, R, Refused, Table
from theater_site.archive.rows import (
    BadRow,
    CreditRow,
    PerformanceRow,
    PersonRow,
    ProductionRow,
    Remark,
    Row,
    RunRow,
    SeasonRow,
    VenueRow,
)
from theater_site.core.errors import Invalid

__all__ = [
    "CREDIT_KINDS",
    "MAX_LINE",
    "MAX_TITLE",
    "OPTIONAL",
    "RUN_KINDS",
    "TABLES",
    "Archive",
    "BadRow",
    "Counts",
    "CreditRow",
    "PerformanceRow",
    "PersonRow",
    "ProductionRow",
    "Remark",
    "Row",
    "RunRow",
    "SeasonRow",
    "VenueRow",
    "read_archive",
]

TABLES = ("seasons", "venues", "productions", "performances", "runs", "people", "credits")
OPTIONAL = frozenset({"runs"})
MAX_LINE = 1 << 20


@dataclass(slots=True)
class Counts:
    """The lines of a table. `lines` is their number; `read` is how many were read: taken + bad + merged + blank."""

    lines: int = 0
    read: int = 0
    taken: int = 0
    bad: int = 0
    merged: int = 0
    blank: int = 0
    remarks: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Archive:
    """An open archive. Read its tables in the order of `TABLES`, each once: rows refer to rows of earlier tables.

    `counts` has an entry for each table of the archive, up to date after each row.
    """

    path: Path
    files: dict[str, Path]
    counts: dict[str, Counts]
    # Whether credits of people without a record are taken.
    unknown_people: bool = False
    _ids: dict[str, set[str]] = field(default_factory=dict)

    @property
    def total_lines(self) -> int:
        return sum(counts.lines for counts in self.counts.values())

    def seasons(self) -> Iterator[SeasonRow | BadRow]:
        return self._read(fields.SEASONS)

    def venues(self) -> Iterator[VenueRow | BadRow]:
        return self._read(fields.VENUES)

    def productions(self) -> Iterator[ProductionRow | BadRow]:
        return self._read(fields.PRODUCTIONS)

    def performances(self) -> Iterator[PerformanceRow | BadRow]:
        return self._read(fields.PERFORMANCES)

    def runs(self) -> Iterator[RunRow | BadRow]:
        """Yields nothing if the archive has no such table."""
        return self._read(fields.RUNS)

    def people(self) -> Iterator[PersonRow | BadRow]:
        return self._read(fields.PEOPLE)

    def credits(self) -> Iterator[CreditRow | BadRow]:
        return self._read(fields.CREDITS)

    def _read(self, table: Table[R]) -> Iterator[R | BadRow]:
        if table.name not in self.files:
            return
        if table.name in self._ids:
            raise RuntimeError(f"{table.name} was read already. Open the archive again to read it twice.")
        for needed in set(table.references.values()):
            if needed not in self._ids:
                raise RuntimeError(f"Read {needed} before {table.name}, which refers to its rows.")
        path, counts = self.files[table.name], self.counts[table.name]
        ids = self._ids[table.name] = set()
        seen: dict[bytes, int] = {}
        unknown_fields: set[str] = set()
        for number, line in _lines(path):
            counts.read += 1
            if isinstance(line, bytes) and not line.strip():
                counts.blank += 1
                continue
            try:
                if isinstance(line, Refused):
                    raise line
                raw = _decode(line, first=number == 1)
                values, remarks = self._parse(table, raw, ids)
                for name in raw.keys() - table.fields.keys() - unknown_fields:
                    unknown_fields.add(name)
                    remarks.append(
                        Remark("unknown_field", f"{name[:40]!r} is not a field of {table.name} and is ignored.")
                    )
                if table.key is not None:
                    key, repeated = _key(table, raw, seen)
                    if repeated and table.merges:
                        counts.merged += 1
                        continue
                    values["key"] = key
            except Refused as refusal:
                counts.bad += 1
                yield BadRow(path.name, number, refusal.reason, refusal.code)
                continue
            if "id" in values:
                ids.add(values["id"])
            counts.taken += 1
            for remark in remarks:
                counts.remarks[remark.code] = counts.remarks.get(remark.code, 0) + 1
            yield table.row(file=path.name, line=number, remarks=tuple(remarks), **values)

    def _parse(self, table: Table[R], raw: dict[str, Any], ids: set[str]) -> tuple[dict[str, Any], list[Remark]]:
        """The values of a row and the remarks on it. Raises Refused."""
        remarks: list[Remark] = []
        values = {name: read(raw.get(name), name, remarks) for name, read in table.fields.items()}
        if values.get("id") in ids:
            raise Refused("duplicate_id", f"An earlier row has the id {values['id']!r}. Give this row another id.")
        for name, target in table.references.items():
            if values[name] is not None and values[name] not in self._ids[target]:
                if target == "people" and self.unknown_people:
                    continue
                raise Refused(
                    "unknown_reference",
                    f"{name} {values[name]!r} is not among the imported {target} of this archive.",
                )
        if table.remark is not None:
            remarks += table.remark(values)
        return values, remarks


def read_archive(path: str | Path) -> Archive:
    """Open the archive in the folder `path` and count its lines.

    Raises Invalid (field `path`): `archive_not_found` if there is no such folder; `archive_table_missing` if a required table
    has no file (`data["missing"]`); `archive_table_twice` if a table has two files.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise Invalid(
            f"{folder.name!r} is not a folder. Name the folder with the archive's tables.",
            code="archive_not_found",
            field="path",
        )
    files: dict[str, Path] = {}
    for table in TABLES:
        found = [file for file in (folder / f"{table}.jsonl", folder / f"{table}.jsonl.gz") if file.is_file()]
        if len(found) > 1:
            raise Invalid(
                f"The archive has two files of the table {table}, plain and gzip. Keep one of them.",
                code="archive_table_twice",
                field="path",
            )
        if found:
            files[table] = found[0]
    if missing := [table for table in TABLES if table not in files and table not in OPTIONAL]:
        raise Invalid(
            f"The archive lacks {', '.join(missing)}. Add each as a file NAME.jsonl or NAME.jsonl.gz, which may be empty.",
            code="archive_table_missing",
            field="path",
            data={"missing": missing},
        )
    counts = {table: Counts(lines=sum(1 for _ in _lines(file))) for table, file in files.items()}
    return Archive(folder, files, counts)


def _lines(path: Path) -> Iterator[tuple[int, bytes | Refused]]:
    """The lines with their numbers.

    A line that is too long is a `Refused` instead. A damaged file ends with a `Refused` after its readable lines.
    """
    number = 0
    with path.open("rb") as plain:
        stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=plain)) if path.suffix == ".gz" else plain
        try:
            while line := stream.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE and not line.endswith(b"\n"):
                    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield number, Refused("too_long", f"The line is longer than {MAX_LINE} bytes.")
                else:
                    yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield (
                number + 1,
                Refused(
                    "truncated", "The file is damaged or incomplete from here on. Its further lines were not read."
                ),
            )


def _decode(line: bytes, *, first: bool) -> dict[str, Any]:
    """The JSON object of a line. Raises Refused: `bad_encoding`, `bad_json`, `not_an_object`."""
    try:
        text = line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise Refused("bad_encoding", f"The line is not UTF-8 (byte {error.start + 1}).") from None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (character {error.pos + 1}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused("bad_json", f"The line is not JSON{where}.") from None
    if not isinstance(raw, dict):
        raise Refused("not_an_object", "The line is JSON but not an object.")
    return raw


def _key(table: Table[Any], raw: Mapping[str, Any], seen: dict[bytes, int]) -> tuple[str, bool]:
    """A key that is the same whenever the archive is read, and whether an earlier row had the same values."""
    # An empty text, null and an absent field all mean that the value is unknown.
    values: list[Any] = [raw.get(name) or None for name in table.key or ()]
    digest = _digest(values)
    repeats = seen[digest] = seen.get(digest, -1) + 1
    return (digest if table.merges else _digest([*values, repeats])).hex(), repeats > 0


def _digest(values: list[Any]) -> bytes:
    # As JSON, ["a", "b"] differs from ["ab", ""], and null from "null".
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=16).digest()

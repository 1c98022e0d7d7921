"""Reads a performing archive: a folder of tables, one JSON object a line, plain or gzip, UTF-8.

The tables are seasons, venues, productions, performances, runs (optional), people and credits, each a file
`NAME.jsonl` or `NAME.jsonl.gz`. Nothing is held but the ids, so an archive of any size is read in little
memory.

Every line ends in exactly one of three ways, and `Archive.counts` adds up: it is *taken* (a row, perhaps with
remarks that say what is unknown or odd in it), *bad* (a `BadRow` that says why), or *merged* (a credit or run
that repeats an earlier one exactly). Blank lines count as merged with nothing. Nothing is guessed, shortened
or put right: an unknown start stays unknown, and an end before its start is kept as printed and remarked.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar

from productions.rules.partial_dates import PartialDate, check_span
from scheduling.rules.wall_time import valid_zone
from theater_site.core.errors import Invalid

TABLES = ("seasons", "venues", "productions", "performances", "runs", "people", "credits")
OPTIONAL = frozenset({"runs"})
CREDIT_KINDS = ("cast", "crew", "creative", "company")
RUN_KINDS = ("home", "tour")
MAX_LINE = 1 << 20
# Characters; a longer value is refused, since cutting it would change what the archive says.
MAX_ID, MAX_NAME, MAX_TITLE, MAX_KIND, MAX_NOTE, MAX_TEXT, MAX_ITEMS = 200, 300, 500, 100, 1_000, 20_000, 500


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is unknown or odd in a row that was taken all the same."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that cannot be taken. `file` is the name inside the folder, `line` counts from 1."""

    file: str
    line: int
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    file: str
    line: int
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonRow(Row):
    id: str
    name: str
    start_year: int | None
    end_year: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRow(Row):
    """`timezone` is an IANA name that exists, or None: then the zone is unknown and a remark says so."""

    id: str
    name: str
    location: str | None
    timezone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRow(Row):
    id: str
    season: str
    title: str
    authors: tuple[str, ...]
    company: str | None
    strands: tuple[str, ...]
    date_start: PartialDate | None
    date_end: PartialDate | None
    synopsis: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceRow(Row):
    """`start_local` is wall time at the venue, naive. `key` is the same in every reading of the archive: it
    is made of all the fields and of how many equal rows came before, since two equal rows are two
    performances."""

    key: str
    production: str
    venue: str
    date: PartialDate | None
    start_local: dt.datetime | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow(Row):
    """`key` is made of all the fields; a run given twice is merged."""

    key: str
    production: str
    venue: str
    date_start: PartialDate | None
    date_end: PartialDate | None
    kind: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow(Row):
    id: str
    name: str
    aliases: tuple[str, ...]
    bio: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow(Row):
    """`key` is made of production, person, kind, role and note; a second one with the same key is merged."""

    key: str
    production: str
    person: str
    kind: str
    role: str | None
    note: str | None
    order: int | None


@dataclass(slots=True)
class Counts:
    """How far a table has been read. `lines` is known from the start; `read` equals taken + bad + merged +
    blank."""

    lines: int = 0
    read: int = 0
    taken: int = 0
    bad: int = 0
    merged: int = 0
    blank: int = 0
    remarks: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Archive:
    """A folder whose tables are all there. Read the tables in the order of `TABLES`, each once: a row may
    name only rows that were taken before it. `counts` holds every table that the archive has, and is right
    after each row."""

    path: Path
    files: dict[str, Path]
    counts: dict[str, Counts]
    _ids: dict[str, set[str]] = field(default_factory=dict)

    @property
    def total_lines(self) -> int:
        return sum(counts.lines for counts in self.counts.values())

    def seasons(self) -> Iterator[SeasonRow | BadRow]:
        return self._read(_SEASONS)

    def venues(self) -> Iterator[VenueRow | BadRow]:
        return self._read(_VENUES)

    def productions(self) -> Iterator[ProductionRow | BadRow]:
        return self._read(_PRODUCTIONS)

    def performances(self) -> Iterator[PerformanceRow | BadRow]:
        return self._read(_PERFORMANCES)

    def runs(self) -> Iterator[RunRow | BadRow]:
        """Nothing where the archive has no such table."""
        return self._read(_RUNS)

    def people(self) -> Iterator[PersonRow | BadRow]:
        return self._read(_PEOPLE)

    def credits(self) -> Iterator[CreditRow | BadRow]:
        return self._read(_CREDITS)

    def _read(self, table: _Table[R]) -> Iterator[R | BadRow]:
        if table.name not in self.files:
            return
        if table.name in self._ids:
            raise RuntimeError(f"{table.name} has been read: open the archive again to read it again.")
        for needed in set(table.references.values()):
            if needed not in self._ids:
                raise RuntimeError(f"Read {needed} before {table.name}: its rows are named there.")
        path, counts = self.files[table.name], self.counts[table.name]
        ids = self._ids[table.name] = set()
        seen: dict[bytes, int] = {}
        strange: set[str] = set()
        for number, line in _lines(path):
            counts.read += 1
            if isinstance(line, bytes) and not line.strip():
                counts.blank += 1
                continue
            try:
                if isinstance(line, _Refused):
                    raise line
                raw = _decode(line, first=number == 1)
                values, remarks = self._judge(table, raw, ids)
                for name in raw.keys() - table.fields.keys() - strange:
                    strange.add(name)
                    remarks.append(
                        Remark("unknown_field", f"{name[:40]!r} is no field of {table.name} and is not read.")
                    )
                if table.key is not None:
                    key, repeated = _key(table, raw, seen)
                    if repeated and table.merges:
                        counts.merged += 1
                        continue
                    values["key"] = key
            except _Refused as refusal:
                counts.bad += 1
                yield BadRow(path.name, number, refusal.reason, refusal.code)
                continue
            if "id" in values:
                ids.add(values["id"])
            counts.taken += 1
            for remark in remarks:
                counts.remarks[remark.code] = counts.remarks.get(remark.code, 0) + 1
            yield table.row(file=path.name, line=number, remarks=tuple(remarks), **values)

    def _judge(
        self, table: _Table[R], raw: dict[str, Any], ids: set[str]
    ) -> tuple[dict[str, Any], list[Remark]]:
        remarks: list[Remark] = []
        values = {name: read(raw.get(name), name, remarks) for name, read in table.fields.items()}
        if values.get("id") in ids:
            raise _Refused(
                "duplicate_id", f"The id {values['id']!r} is taken by an earlier row; this one is left out."
            )
        for name, target in table.references.items():
            if values[name] not in self._ids[target]:
                raise _Refused(
                    "unknown_reference",
                    f"{name} {values[name]!r} is not among the {target} that were taken from this archive.",
                )
        if table.remark is not None:
            remarks += table.remark(values)
        return values, remarks


def read_archive(path: str | Path) -> Archive:
    """Open the archive in the folder `path` and count its lines, for a progress bar.

    Raises Invalid (field `path`): code `archive_not_found` where there is no such folder,
    `archive_table_missing` where a table that is not optional has no file (`data["missing"]`),
    `archive_table_twice` where it has two.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise Invalid(
            f"{folder.name!r} is not a folder: name the one with the tables.",
            code="archive_not_found",
            field="path",
        )
    files: dict[str, Path] = {}
    for table in TABLES:
        found = [file for file in (folder / f"{table}.jsonl", folder / f"{table}.jsonl.gz") if file.is_file()]
        if len(found) > 1:
            raise Invalid(
                f"{table} is there twice, plain and gzip: keep one of the two.",
                code="archive_table_twice",
                field="path",
            )
        if found:
            files[table] = found[0]
    if missing := [table for table in TABLES if table not in files and table not in OPTIONAL]:
        raise Invalid(
            f"The archive lacks {', '.join(missing)}: each is a NAME.jsonl or NAME.jsonl.gz, may be empty.",
            code="archive_table_missing",
            field="path",
            data={"missing": missing},
        )
    counts = {table: Counts(lines=sum(1 for _ in _lines(file))) for table, file in files.items()}
    return Archive(folder, files, counts)


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def _lines(path: Path) -> Iterator[tuple[int, bytes | _Refused]]:
    """Each line with its number. A line too long for memory, and the point where a damaged file breaks off,
    come as refusals in its place; what was readable before the break has been given."""
    number = 0
    with path.open("rb") as plain:
        stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=plain)) if path.suffix == ".gz" else plain  # type: ignore[arg-type]
        try:
            while line := stream.readline(MAX_LINE):
                number += 1
                if len(line) == MAX_LINE and not line.endswith(b"\n"):
                    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield number, _Refused("too_long", f"The line is longer than {MAX_LINE} bytes.")
                else:
                    yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield (
                number + 1,
                _Refused("truncated", "The file is damaged or breaks off here: nothing after it was read."),
            )


def _decode(line: bytes, *, first: bool) -> dict[str, Any]:
    try:
        text = line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise _Refused("bad_encoding", f"The line is not UTF-8 (byte {error.start + 1}).") from None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = (
            f" (character {error.pos + 1}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise _Refused("bad_json", f"The line is not JSON{where}.") from None
    if not isinstance(raw, dict):
        raise _Refused("not_an_object", "The line is JSON but not an object.")
    return raw


def _key(table: _Table[Any], raw: Mapping[str, Any], seen: dict[bytes, int]) -> tuple[str, bool]:
    """A stable identity made of what the archive prints, and whether the same was there before."""
    # An empty text, a null and an absent field all say "not known".
    printed: list[Any] = [raw.get(name) or None for name in table.key or ()]
    digest = _digest(printed)
    before = seen[digest] = seen.get(digest, -1) + 1
    return (digest if table.merges else _digest([*printed, before])).hex(), before > 0


def _digest(values: list[Any]) -> bytes:
    # JSON keeps ["a", "b"] and ["ab", ""] apart, and null apart from "null".
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=16).digest()


# --- the fields of each table -------------------------------------------------------------------------------

_Reader = Callable[[Any, str, list[Remark]], Any]
_WALL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:00)?")


def _text(limit: int, *, required: bool = False) -> _Reader:
    def read(value: Any, name: str, remarks: list[Remark]) -> str | None:
        if value is None or value == "":
            if required:
                raise _Refused("missing", f"{name} is missing.")
            return None
        return _checked(value, name, limit)

    return read


def _checked(value: Any, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise _Refused("wrong_type", f"{name} must be text, not {_shown(value)}.")
    if len(value) > limit:
        raise _Refused("too_long", f"{name} has {len(value)} characters; {limit} are the most.")
    # No database stores these: NUL, and halves of a surrogate pair, which JSON can spell and UTF-8 cannot.
    if "\0" in value or (not value.isascii() and re.search("[\ud800-\udfff]", value)):
        raise _Refused("bad_character", f"{name} holds a character that no text can have.")
    return value


def _texts(value: Any, name: str, remarks: list[Remark]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _Refused("wrong_type", f"{name} must be a list of texts, not {_shown(value)}.")
    if len(value) > MAX_ITEMS:
        raise _Refused("too_long", f"{name} has {len(value)} items; {MAX_ITEMS} are the most.")
    return tuple(_checked(item, name, MAX_NAME) for item in value if item != "")


def _integer(lowest: int, highest: int) -> _Reader:
    def read(value: Any, name: str, remarks: list[Remark]) -> int | None:
        if value is None:
            return None
        # bool is an int in Python, not in an archive.
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Refused("wrong_type", f"{name} must be a whole number, not {_shown(value)}.")
        if not lowest <= value <= highest:
            raise _Refused("wrong_value", f"{name} must lie between {lowest} and {highest}.")
        return value

    return read


def _one_of(choices: tuple[str, ...], *, required: bool) -> _Reader:
    as_text = _text(MAX_KIND, required=required)

    def read(value: Any, name: str, remarks: list[Remark]) -> str | None:
        kind = as_text(value, name, remarks)
        if kind is not None and kind not in choices:
            raise _Refused("wrong_value", f"{name} must be one of {', '.join(choices)}, not {kind!r}.")
        return kind

    return read


def _date(value: Any, name: str, remarks: list[Remark]) -> PartialDate | None:
    if value is not None and not isinstance(value, str):
        raise _Refused("wrong_type", f"{name} must be text such as 2001-06-14, not {_shown(value)}.")
    try:
        return PartialDate.parse(value)
    except Invalid as error:
        raise _Refused("bad_date", f"{name}: {error.message}") from None


def _wall(value: Any, name: str, remarks: list[Remark]) -> dt.datetime | None:
    if value is None:
        remarks.append(Remark("no_start", "The start time is not known."))
        return None
    try:
        if not isinstance(value, str) or not _WALL.fullmatch(value):
            raise ValueError
        return dt.datetime.fromisoformat(value)
    except ValueError:
        shown = _shown(value)
        raise _Refused(
            "bad_start", f"{name} must be a wall time such as 2001-06-14T19:30, not {shown}."
        ) from None


def _zone(value: Any, name: str, remarks: list[Remark]) -> str | None:
    if value is None or value == "":
        remarks.append(Remark("no_timezone", "The venue's time zone is not known."))
        return None
    try:
        return valid_zone(_checked(value, name, MAX_NAME)).key
    except Invalid as error:
        remarks.append(Remark("unknown_timezone", f"The venue's time zone stays unknown: {error.message}"))
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _odd_years(values: Mapping[str, Any]) -> list[Remark]:
    start, end = values["start_year"], values["end_year"]
    if start is None or end is None or end >= start:
        return []
    return [
        Remark("end_before_start", f"The season ends in {end}, before it starts in {start}; kept as printed.")
    ]


def _odd_span(values: Mapping[str, Any]) -> list[Remark]:
    start, end = values["date_start"], values["date_end"]
    if check_span(start, end):
        return []
    return [Remark("end_before_start", f"It ends on {end}, before it starts on {start}; kept as printed.")]


def _odd_day(values: Mapping[str, Any]) -> list[Remark]:
    date, start = values["date"], values["start_local"]
    if date is None or start is None or date.earliest <= start.date() <= date.latest:
        return []
    return [Remark("other_day", f"It starts on {start:%Y-%m-%d} but is dated {date}; both kept as printed.")]


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class _Table(Generic[R]):
    """`references`: fields that name a row of another table. `key`: fields that identify a row without an id;
    `merges`: whether a second row with that identity says nothing new."""

    name: str
    row: type[R]
    fields: dict[str, _Reader]
    references: dict[str, str] = field(default_factory=dict)
    key: tuple[str, ...] | None = None
    merges: bool = False
    remark: Callable[[Mapping[str, Any]], list[Remark]] | None = None

    def __post_init__(self) -> None:
        columns = {column.name for column in dataclasses.fields(self.row)} - {
            "file",
            "line",
            "remarks",
            "key",
        }
        if columns != self.fields.keys():
            raise TypeError(f"The fields of {self.name} are not those of its row.")


_ID, _NAME, _KIND, _LONG = (
    _text(MAX_ID, required=True),
    _text(MAX_NAME, required=True),
    _text(MAX_KIND),
    _text(MAX_TEXT),
)
_PLACE = {"production": _ID, "venue": _ID}
_SPAN = {"date_start": _date, "date_end": _date}
_PLAYED = {"production": "productions", "venue": "venues"}

_SEASONS = _Table(
    "seasons",
    SeasonRow,
    {"id": _ID, "name": _NAME, "start_year": _integer(1, 9999), "end_year": _integer(1, 9999)},
    remark=_odd_years,
)
_VENUES = _Table(
    "venues", VenueRow, {"id": _ID, "name": _NAME, "location": _text(MAX_NAME), "timezone": _zone}
)
_PRODUCTIONS = _Table(
    "productions",
    ProductionRow,
    {
        "id": _ID,
        "season": _ID,
        "title": _text(MAX_TITLE, required=True),
        "authors": _texts,
        "company": _text(MAX_NAME),
    }
    | {"strands": _texts, **_SPAN, "synopsis": _LONG},
    references={"season": "seasons"},
    remark=_odd_span,
)
_PERFORMANCES = _Table(
    "performances",
    PerformanceRow,
    {**_PLACE, "date": _date, "start_local": _wall, "kind": _KIND},
    references=_PLAYED,
    key=("production", "venue", "date", "start_local", "kind"),
    remark=_odd_day,
)
_RUNS = _Table(
    "runs",
    RunRow,
    {**_PLACE, **_SPAN, "kind": _one_of(RUN_KINDS, required=False)},
    references=_PLAYED,
    key=("production", "venue", "date_start", "date_end", "kind"),
    merges=True,
    remark=_odd_span,
)
_PEOPLE = _Table("people", PersonRow, {"id": _ID, "name": _NAME, "aliases": _texts, "bio": _LONG})
_CREDITS = _Table(
    "credits",
    CreditRow,
    {"production": _ID, "person": _ID, "kind": _one_of(CREDIT_KINDS, required=True), "role": _text(MAX_NAME)}
    | {"note": _text(MAX_NOTE), "order": _integer(-1_000_000, 1_000_000)},
    references={"production": "productions", "person": "people"},
    key=("production", "person", "kind", "role", "note"),
    merges=True,
)

"""Tables that people keep in spreadsheets, as CSV: read cell by cell, and written so that they come back the same.

Pure: bytes come in, records and faults go out. A table says its columns once; reading and writing follow from them.

    COLUMNS = (Column("title", required=True), Column("minutes", read=whole_number(0, 1440)), Column("authors", read=texts))
    table = read_table(data, COLUMNS, key=("title",))
    table.records[0].values["minutes"], table.faults[0].told()
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from theater_site.core.errors import Invalid

LARGEST_BYTES = 10_000_000
MOST_RECORDS = 20_000
MOST_FAULTS = 1_000
# What a spreadsheet takes for the beginning of a formula, or passes over to find one.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_DELIMITERS = (",", ";", "\t")
_ITEM = re.compile(r"(?:\\.|[^\\;])+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad cell, or with an empty `column` one bad row. `line` is that of the file, counted from 1, where the row
    begins; 0 where the file as a whole is at fault. `fix` says what to do about it."""

    line: int
    column: str
    code: str
    reason: str
    hint: str

    def told(self) -> str:
        """It as one sentence for people."""
        where = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.column) if part)
        return f"{where}: {self.reason} {self.hint}".removeprefix(": ").rstrip()


class BadCell(Exception):
    """Raised by a reader: this cell says nothing that the column takes."""

    def __init__(self, code: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint = code, reason, hint


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its heading. `read` makes the value of a cell that is not empty, or raises BadCell or Invalid; an
    empty one is `empty`, or a fault where the column is `required`. `write` is the way back."""

    name: str
    read: Callable[[str], Any] = str
    required: bool = False
    empty: Any = ""
    write: Callable[[Any], str] = str
    # Added to what an Invalid of `read` says.
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A row whose cells could all be read. Columns that the file does not have are absent from `values`."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Table:
    """What a file held. Where there are `faults`, `records` are the rows without any."""

    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # Rows that the file has, the bad ones included and the empty ones not.
    rows: int = 0

    def inputs(self) -> list[dict[str, Any]]:
        """The records as an action takes them: what the cells say, and the `line` that they are in."""
        return [{"line": record.line, **record.values} for record in self.records]


def read_table(data: bytes, columns: Sequence[Column], *, key: Sequence[str] = ()) -> Table:
    """Every row of a CSV file (UTF-8, with or without a byte-order mark; comma, semicolon or tab), and every fault in it.

    `key` names the columns by which a row is known: the second one with the same key is a fault that names the first. A
    row whose key cells are all empty has no key.
    """
    table = Table()
    if (text := _decoded(data, table)) is None:
        return table
    # Not str.splitlines, which finds line ends that CSV does not know.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    known = {column.name: column for column in columns}
    headings: list[str] | None = None
    seen: dict[tuple[Any, ...], int] = {}
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if headings is None:
                    headings = _headings(cells, known)
                    if faults := list(_faults_of_headings(line, headings, columns)):
                        table.faults += faults
                        return table
                else:
                    table.rows += 1
                    _take(table, line, cells, [known[name] for name in headings], key, seen)
                if table.rows > MOST_RECORDS or len(table.faults) > MOST_FAULTS:
                    table.faults.append(_too_much(line))
                    return table
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "Put a cell with quotes or line breaks in double quotes, and double each quote inside it."
        table.faults.append(Fault(line, "", "bad_csv", f"The row cannot be read as CSV: {error}.", hint))
    if headings is None and not table.faults:
        table.faults.append(Fault(0, "", "empty_file", "There is nothing in this file.", _headings_wanted(columns)))
    return table


def write_table(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of a CSV file that `read_table` reads back to the same values. Write them as UTF-8; `csv_bytes` puts a
    byte-order mark first, without which Excel guesses wrong."""
    yield from csv_lines([[column.name for column in columns]])
    yield from csv_lines([_cell(column, row.get(column.name)) for column in columns] for row in rows)


def csv_bytes(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """`write_table` as what is sent, chunk by chunk."""
    yield codecs.BOM_UTF8
    for line in write_table(columns, rows):
        yield line.encode()


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines of CSV, one by one, in which no spreadsheet finds a formula."""
    writer = csv.writer(_Line())
    for cells in rows:
        yield writer.writerow([harmless(cell) for cell in cells])


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula: with an apostrophe before it where it needs one."""
    return f"'{text}" if _FORMULA.match(text) else text


def harmful(cell: str) -> str:
    """What `harmless` was given: the apostrophe that it put there goes."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


# --- readers of cells -----------------------------------------------------------------------------------------------


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Reads a whole number between the two, both included."""

    def read(cell: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", cell) or not lowest <= int(cell) <= highest:
            raise BadCell("not_a_number", f"{_shown(cell)} is not a number that fits here.", f"{lowest} to {highest}.")
        return int(cell)

    return read


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """Reads one of `choices`, whatever its case; spaces may replace underscores."""
    known = list(choices)

    def read(cell: str) -> str:
        plain = cell.casefold().replace(" ", "_")
        if plain not in known:
            raise BadCell("no_such_choice", f"{_shown(cell)} is not known here.", f"One of: {', '.join(known)}.")
        return plain

    return read


def text_up_to(longest: int) -> Callable[[str], str]:
    """Reads a text of so many characters at most."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise BadCell("too_long", f"{len(cell)} characters are too many.", f"Shorten it to {longest}.")
        return cell

    return read


def texts(cell: str) -> list[str]:
    r"""Reads several texts, parted by semicolons: `Ann; Bob`. A semicolon of the text itself is written `\;`."""
    items = (re.sub(r"(?s)\\(.)", r"\1", item.strip()) for item in _ITEM.findall(cell))
    return [item for item in items if item]


def write_texts(items: Iterable[str]) -> str:
    """The way back from `texts`."""
    return "; ".join(re.sub(r"([\\;])", r"\\\1", item) for item in items)


# --- the inside -----------------------------------------------------------------------------------------------------


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _cell(column: Column, value: Any) -> str:
    return "" if value is None else column.write(value)


def _decoded(data: bytes, table: Table) -> str | None:
    """The text, or None after telling each line that is none."""
    save_as = "Save the file as CSV UTF-8."
    if len(data) > LARGEST_BYTES:
        table.faults.append(
            Fault(
                0, "", "file_too_large", f"The file has {len(data)} bytes; {LARGEST_BYTES} are the most.", "Split it."
            )
        )
        return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        table.faults.append(Fault(0, "", "bad_encoding", "The file is UTF-16.", save_as))
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        for number, line in enumerate(data.splitlines(), 1):
            try:
                line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                reason = f"The line is not UTF-8 (byte {error.start + 1})."
                table.faults.append(Fault(number, "", "bad_encoding", reason, save_as))
                if len(table.faults) >= MOST_FAULTS:
                    break
        return None


def _delimiter(text: str, columns: Sequence[Column]) -> str:
    """The one by which the first line falls into most of the known headings."""
    first = text.lstrip().partition("\n")[0]
    names = {column.name.casefold() for column in columns}

    def headings(delimiter: str) -> int:
        return len(names & {part.strip().strip('"').strip().casefold() for part in first.split(delimiter)})

    return max(_DELIMITERS, key=headings)


def _headings(cells: list[str], known: Mapping[str, Column]) -> list[str]:
    """The names of the columns, whatever their case, without the empty cells at the end."""
    spelled = {name.casefold(): name for name in known}
    written = [spelled.get(cell.strip().casefold(), cell.strip()) for cell in cells]
    while written and not written[-1]:
        written.pop()
    return written


def _faults_of_headings(line: int, headings: list[str], columns: Sequence[Column]) -> Iterator[Fault]:
    names = [column.name for column in columns]
    for place, name in enumerate(headings):
        if name not in names:
            yield Fault(line, name[:60], "unknown_column", "There is no such column.", _headings_wanted(columns))
        elif name in headings[:place]:
            yield Fault(line, name, "column_repeated", "This column is there twice.", "Keep one of them.")
    for column in columns:
        if column.required and column.name not in headings:
            yield Fault(line, column.name, "column_missing", "This column is needed.", "Add it to the first line.")


def _headings_wanted(columns: Sequence[Column]) -> str:
    return f"The first line names the columns: {', '.join(column.name for column in columns)}."


def _take(
    table: Table,
    line: int,
    cells: list[str],
    columns: list[Column],
    key: Sequence[str],
    seen: dict[tuple[Any, ...], int],
) -> None:
    faults: list[Fault] = []
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        reason = f"The row has {len(cells)} cells for {len(columns)} columns."
        faults.append(Fault(line, "", "too_many_cells", reason, "Put a cell that has a comma in it in double quotes."))
    values: dict[str, Any] = {}
    for place, column in enumerate(columns):
        cell = harmful(cells[place]) if place < len(cells) else ""
        try:
            values[column.name] = _value(column, cell.strip())
        except BadCell as bad:
            faults.append(Fault(line, column.name, bad.code, bad.reason, bad.hint))
        except Invalid as error:
            faults.append(Fault(line, column.name, error.code, error.message, column.hint))
    identity = tuple(values.get(name) for name in key)
    if any(part not in (None, "") for part in identity):
        if identity in seen:
            shown = ", ".join(str(part) for part in identity)
            reason = f"{shown[:80]} is in line {seen[identity]} already."
            faults.append(Fault(line, key[0], "duplicate_key", reason, "Keep one of the two rows."))
        else:
            seen[identity] = line
    if faults:
        table.faults += faults
    else:
        table.records.append(Record(line, values))


def _value(column: Column, cell: str) -> Any:
    if cell == "":
        if column.required:
            raise BadCell("required", "This is needed.", "Fill it in.")
        return column.empty() if callable(column.empty) else column.empty
    if "\x00" in cell:
        raise BadCell("null_character", "It holds a NUL character, which no text can have.", "Take it out.")
    return column.read(cell)


def _too_much(line: int) -> Fault:
    reason = f"Reading stopped here: {MOST_RECORDS} rows or {MOST_FAULTS} faults are the most that are told."
    return Fault(line, "", "too_much", reason, "Fix what is told, or split the file.")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:40]}…")

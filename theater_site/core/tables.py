"""Tables as CSV, for spreadsheets: read cell by cell, and written so that reading returns the same values.

Pure: bytes in, records and faults out. One declaration of the columns serves reading and writing.

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
# The start of what a spreadsheet runs as a formula, apostrophes before it included.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_DELIMITERS = (",", ";", "\t")
_ITEM = re.compile(r"(?:\\.|[^\\;])+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in one cell; in a whole row if `column` is empty; in the whole file if `line` is 0.

    `line` is the line of the file on which the row begins, counted from 1. `hint` says how to fix it.
    """

    line: int
    column: str
    code: str
    reason: str
    hint: str

    def told(self) -> str:
        """The fault as one text: place, reason and hint."""
        where = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.column) if part)
        return f"{where}: {self.reason} {self.hint}".removeprefix(": ").rstrip()


class BadCell(Exception):
    """Raised by a column's `read` for a cell that is not a value of the column."""

    def __init__(self, code: str, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.code, self.reason, self.hint = code, reason, hint


@dataclass(frozen=True, slots=True)
class Column:
    """A column with the heading `name`.

    `read` returns the value of a cell, or raises BadCell or Invalid. An empty cell has the value `empty`, or is a fault if
    the column is `required`. `write` returns the cell of a value.
    """

    name: str
    read: Callable[[str], Any] = str
    required: bool = False
    empty: Any = ""
    write: Callable[[Any], str] = str
    # The hint of a fault that `read` raises as Invalid.
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A row without faults. Columns that the file does not have are absent from `values`."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Table:
    """The content of a file: its rows without faults, and all faults."""

    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # The number of rows in the file: with faulty rows, without empty ones.
    rows: int = 0

    def inputs(self) -> list[dict[str, Any]]:
        """The records as inputs of an action: the values by column, and the `line`."""
        return [{"line": record.line, **record.values} for record in self.records]


def read_table(data: bytes, columns: Sequence[Column], *, key: Sequence[str] = ()) -> Table:
    """Read a CSV file: UTF-8, with or without a byte-order mark; separated by comma, semicolon or tab.

    `key` names the columns that identify a row: a second row with the same key is a fault. A row whose key cells are all
    empty has no key. Reading stops after MOST_RECORDS rows or MOST_FAULTS faults, with a fault that says so.
    """
    table = Table()
    if (text := _decoded(data, table)) is None:
        return table
    # Not str.splitlines: it splits at characters that are not line ends in CSV.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, columns), strict=True)
    known = {column.name: column for column in columns}
    headings: list[str] | None = None
    seen: dict[tuple[Any, ...], int] = {}
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if headings is None:
                    headings = _spelled_headings(cells, known)
                    if faults := list(_faults_of_headings(line, headings, columns)):
                        table.faults += faults
                        return table
                else:
                    table.rows += 1
                    _read_row(table, line, cells, [known[name] for name in headings], key, seen)
                if table.rows > MOST_RECORDS or len(table.faults) > MOST_FAULTS:
                    table.faults.append(_too_many(line))
                    return table
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "Put a cell with quotes or line breaks in double quotes, and double each quote inside it."
        table.faults.append(Fault(line, "", "bad_csv", f"The row cannot be read as CSV: {error}.", hint))
    if headings is None and not table.faults:
        table.faults.append(Fault(0, "", "empty_file", "This file is empty.", _expected_headings(columns)))
    return table


def write_table(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of a CSV file from which `read_table` reads the same values.

    Write them as UTF-8 with a byte-order mark, as `csv_bytes` does: without it, Excel guesses a wrong encoding.
    """
    yield from csv_lines([[column.name for column in columns]])
    yield from csv_lines([_cell(column, row.get(column.name)) for column in columns] for row in rows)


def csv_bytes(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The lines of `write_table` as UTF-8 with a byte-order mark."""
    yield codecs.BOM_UTF8
    for line in write_table(columns, rows):
        yield line.encode()


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines of CSV. A cell that a spreadsheet would run as a formula gets an apostrophe."""
    writer = csv.writer(_Line())
    for cells in rows:
        yield writer.writerow([escape_formula(cell) for cell in cells])


def escape_formula(text: str) -> str:
    """`text` as a cell that no spreadsheet runs as a formula, with an apostrophe before it if it needs one."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(cell: str) -> str:
    """The text of a cell that `escape_formula` made: without the added apostrophe."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


# --- readers of cells -----------------------------------------------------------------------------------------------


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of whole numbers from `lowest` to `highest`. It raises BadCell `not_a_number`."""

    def read(cell: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", cell) or not lowest <= int(cell) <= highest:
            reason = f"{_shown(cell)} is not a whole number from {lowest} to {highest}."
            raise BadCell("not_a_number", reason, "Write it in digits.")
        return int(cell)

    return read


def one_of(choices: Iterable[str]) -> Callable[[str], str]:
    """A reader of one of `choices`, in any letter case, also with spaces for underscores.

    It raises BadCell `no_such_choice`.
    """
    known = list(choices)

    def read(cell: str) -> str:
        plain = cell.casefold().replace(" ", "_")
        if plain not in known:
            raise BadCell("no_such_choice", f"{_shown(cell)} is not a choice.", f"Choose one of: {', '.join(known)}.")
        return plain

    return read


def text_up_to(longest: int) -> Callable[[str], str]:
    """A reader of texts of at most `longest` characters. It raises BadCell `too_long`."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise BadCell("too_long", f"The text has {len(cell)} characters.", f"Shorten it to {longest}.")
        return cell

    return read


def texts(cell: str) -> list[str]:
    r"""The texts of a cell, separated by semicolons: `Ann; Bob`. A semicolon inside a text is written `\;`."""
    items = (re.sub(r"(?s)\\(.)", r"\1", item.strip()) for item in _ITEM.findall(cell))
    return [item for item in items if item]


def write_texts(items: Iterable[str]) -> str:
    """The cell from which `texts` reads these items."""
    return "; ".join(re.sub(r"([\\;])", r"\\\1", item) for item in items)


# --- helpers --------------------------------------------------------------------------------------------------------


class _Line:
    """A file for `csv.writer` whose `write` returns the line instead of storing it."""

    def write(self, text: str) -> str:
        return text


def _cell(column: Column, value: Any) -> str:
    return "" if value is None else column.write(value)


def _decoded(data: bytes, table: Table) -> str | None:
    """The text of the file. None if it is not UTF-8 or too large; then `table.faults` says where."""
    save_as = "Save the file as CSV UTF-8."
    if len(data) > LARGEST_BYTES:
        reason = f"The file has {len(data)} bytes. The limit is {LARGEST_BYTES}."
        table.faults.append(Fault(0, "", "file_too_large", reason, "Split the file."))
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
    """The delimiter that splits the first line into the most known headings."""
    first_line = text.lstrip().partition("\n")[0]
    names = {column.name.casefold() for column in columns}

    def headings(delimiter: str) -> int:
        return len(names & {part.strip().strip('"').strip().casefold() for part in first_line.split(delimiter)})

    return max(_DELIMITERS, key=headings)


def _spelled_headings(cells: list[str], known: Mapping[str, Column]) -> list[str]:
    """The names of the file's columns, spelled as declared, without empty cells at the end."""
    spelling = {name.casefold(): name for name in known}
    headings = [spelling.get(cell.strip().casefold(), cell.strip()) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    return headings


def _faults_of_headings(line: int, headings: list[str], columns: Sequence[Column]) -> Iterator[Fault]:
    names = [column.name for column in columns]
    for position, name in enumerate(headings):
        if name not in names:
            yield Fault(line, name[:60], "unknown_column", "There is no such column.", _expected_headings(columns))
        elif name in headings[:position]:
            yield Fault(line, name, "column_repeated", "This column appears twice.", "Keep one of them.")
    for column in columns:
        if column.required and column.name not in headings:
            yield Fault(line, column.name, "column_missing", "This column is required.", "Add it to the first line.")


def _expected_headings(columns: Sequence[Column]) -> str:
    return f"The first line must name the columns: {', '.join(column.name for column in columns)}."


def _read_row(
    table: Table,
    line: int,
    cells: list[str],
    columns: list[Column],
    key: Sequence[str],
    seen: dict[tuple[Any, ...], int],
) -> None:
    """Add the row on `line` to the records of `table`, or its errors to the faults. `seen`: the line of each key."""
    faults: list[Fault] = []
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        reason = f"The row has {len(cells)} cells for {len(columns)} columns."
        faults.append(
            Fault(line, "", "too_many_cells", reason, "Put a cell that contains the separator in double quotes.")
        )
    values: dict[str, Any] = {}
    for position, column in enumerate(columns):
        cell = unescape_formula(cells[position]) if position < len(cells) else ""
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
            reason = f"{shown[:80]} is already in line {seen[identity]}."
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
            raise BadCell("required", "This cell is required.", "Fill it in.")
        return column.empty() if callable(column.empty) else column.empty
    if "\x00" in cell:
        raise BadCell("null_character", "The cell contains a NUL character, which cannot be stored.", "Remove it.")
    return column.read(cell)


def _too_many(line: int) -> Fault:
    reason = f"Reading stopped here, at the limit of {MOST_RECORDS} rows or {MOST_FAULTS} faults."
    return Fault(line, "", "too_much", reason, "Fix the listed faults, or split the file.")


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:40]}…")

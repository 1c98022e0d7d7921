"""Tables in CSV: every bad cell is named, what is written comes back, no spreadsheet finds a formula in it."""

from __future__ import annotations

import codecs
from string import printable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from theater_site.core import tables
from theater_site.core.errors import Invalid
from theater_site.core.tables import (
    Column,
    csv_bytes,
    escape_formula,
    one_of,
    read_table,
    text_up_to,
    texts,
    unescape_formula,
    whole_number,
    write_table,
    write_texts,
)


def _no_moon(cell: str) -> str:
    if cell == "moon":
        raise Invalid("Nobody plays there.", code="too_far")
    return cell


COLUMNS = (
    Column("title", read=text_up_to(30), required=True),
    Column("minutes", read=whole_number(0, 1440), empty=None),
    Column("authors", read=texts, empty=list, write=write_texts),
    Column("kind", read=one_of(["play", "new_opera"])),
    Column("place", read=_no_moon, hint="Name a house."),
)


def faults(data: bytes, key: tuple[str, ...] = ()) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.column, fault.code) for fault in read_table(data, COLUMNS, key=key).faults]


def values(data: bytes) -> list[dict[str, object]]:
    table = read_table(data, COLUMNS)
    assert table.faults == []
    return [record.values for record in table.records]


def test_cells_are_parsed_by_the_type_of_their_column():
    told = values(b'title,minutes,authors,kind\n"Hamlet, Prince",180,Ann; Bob \\; Sons,New Opera\n\nMacbeth,,,\n')
    assert told == [
        {"title": "Hamlet, Prince", "minutes": 180, "authors": ["Ann", "Bob ; Sons"], "kind": "new_opera"},
        {"title": "Macbeth", "minutes": None, "authors": [], "kind": ""},
    ]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8], ids=["plain", "with a mark"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_files_saved_by_spreadsheets_are_accepted(mark, delimiter, ending):
    text = ending.join([delimiter.join(["title", "minutes"]), delimiter.join(["Łódź\u2028", "90"])])
    assert values(mark + text.encode()) == [{"title": "Łódź", "minutes": 90}]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_headings_in_another_case_and_empty_trailing_columns_are_accepted(delimiter):
    rows = [["Title", " MINUTES ", "", ""], ["A", "5", "", ""], ["", "", "", ""], ["B", "6"], ["", ""]]
    assert values("\n".join(map(delimiter.join, rows)).encode()) == [
        {"title": "A", "minutes": 5},
        {"title": "B", "minutes": 6},
    ]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"title,minutes\nA,many\n,5\n", [(2, "minutes", "not_a_number"), (3, "title", "required")]),
        (b'title,minutes\n"A\nB",1\nC,2000\n', [(4, "minutes", "not_a_number")]),
        (b"title,kind,place\nA,film,moon\n", [(2, "kind", "no_such_choice"), (2, "place", "too_far")]),
        (b"title\n" + b"x" * 31, [(2, "title", "too_long")]),
        (b"title\nA,B\n", [(2, "", "too_many_cells")]),
        (b"title\nA\x00\n", [(2, "title", "null_character")]),
        (b"title,colour\nA,red\n", [(1, "colour", "unknown_column")]),
        (b"title,,minutes\nA,,5\n", [(1, "", "unknown_column")]),
        (b"title,Title\nA,B\n", [(1, "title", "column_repeated")]),
        (b"title,title\nA,B\n", [(1, "title", "column_repeated")]),
        (b"minutes\n5\n", [(1, "title", "column_missing")]),
        (b'title\nA\n"B', [(3, "", "bad_csv")]),
        (b"title\nA\nJos\xe9\nB\n\xff\n", [(3, "", "bad_encoding"), (5, "", "bad_encoding")]),
        ("title\nA".encode("utf-16"), [(0, "", "bad_encoding")]),
        (b"", [(0, "", "empty_file")]),
        (b"\n \n", [(0, "", "empty_file")]),
    ],
)
def test_every_invalid_cell_is_reported(data, found):
    assert faults(data) == found


def test_a_repeated_row_names_the_first():
    table = read_table(b"title,minutes\nA,1\nB,2\nA,3\n", COLUMNS, key=("title",))
    (fault,) = table.faults
    assert (fault.line, fault.column, fault.code) == (4, "title", "duplicate_key")
    assert "line 2" in fault.told()
    assert ([record.line for record in table.records], table.rows) == ([2, 3], 3)
    assert faults(b"title,minutes\nA,1\nB,1\nC,\nD,\n", key=("minutes",)) == [(3, "minutes", "duplicate_key")]


def test_a_hint_is_reported_with_the_error():
    (fault,) = read_table(b"title,place\nA,moon\n", COLUMNS).faults
    assert fault.told() == "line 2, place: Nobody plays there. Name a house."


def test_the_length_of_a_file_is_limited(monkeypatch):
    monkeypatch.setattr(tables, "MOST_RECORDS", 3)
    monkeypatch.setattr(tables, "MOST_FAULTS", 2)
    monkeypatch.setattr(tables, "LARGEST_BYTES", 60)
    assert faults(b"title\n" + b"A\n" * 5) == [(5, "", "too_much")]
    assert faults(b"title,minutes\n" + b"A,x\n" * 5)[-1] == (4, "", "too_much")
    assert faults(b"\xff\n" * 5) == [(1, "", "bad_encoding"), (2, "", "bad_encoding")]
    assert faults(b"x" * 61) == [(0, "", "file_too_large")]


_TEXT = st.text(st.sampled_from(sorted({*printable, "ł", "'", "=", "\uff1d", "\u2028"})), max_size=12)


@given(_TEXT)
@example("'=1")
@example("''=1")
@example("=1")
def test_no_cell_is_a_formula_and_every_cell_is_read_back(text):
    cell = escape_formula(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert unescape_formula(cell) == text


@given(st.lists(_TEXT.map(str.strip).filter(bool)))
def test_lists_are_read_back(items):
    assert texts(write_texts(items)) == items


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "title": _TEXT.map(str.strip).filter(bool),
                "minutes": st.none() | st.integers(0, 1440),
                "authors": st.lists(_TEXT.map(str.strip).filter(bool), max_size=3),
                "kind": st.sampled_from(["", "play", "new_opera"]),
                "place": st.just(""),
            }
        ),
        max_size=5,
    )
)
def test_a_written_table_is_read_back(rows):
    table = read_table(b"".join(csv_bytes(COLUMNS, rows)), COLUMNS)
    assert table.faults == []
    assert [record.values for record in table.records] == rows


def test_a_formula_is_written_as_text():
    lines = list(write_table((Column("title"),), [{"title": '=HYPERLINK("x")'}, {"title": None}]))
    assert lines == ["title\r\n", '"\'=HYPERLINK(""x"")"\r\n', '""\r\n']

"""Archives are read line by line: every row that can be taken is, every other one is named with its
reason."""

from __future__ import annotations

import collections
import gzip
import json
from pathlib import Path

import pytest

from theater_site.archive.reader import MAX_LINE, MAX_TITLE, TABLES, Archive, BadRow, Row, read_archive
from theater_site.core.errors import Invalid

NYPHIL = Path(__file__).parents[2] / ".." / "shared" / "data" / "nyphil"

SEASON = {"id": "s1", "name": "First", "start_year": 1998, "end_year": 1999}
VENUE = {"id": "v1", "name": "Hall", "location": "Łódź", "timezone": "Europe/Warsaw"}
PRODUCTION = {
    "id": "p1", "season": "s1", "title": "Wesele", "authors": ["Wyspiański, Stanisław"], "company": None,
    "strands": [], "date_start": "1998-10", "date_end": "1999", "synopsis": None,
}  # fmt: skip
PERFORMANCE = {
    "production": "p1",
    "venue": "v1",
    "date": "1998-10-02",
    "start_local": "1998-10-02T19:30",
    "kind": None,
}
RUN = {"production": "p1", "venue": "v1", "date_start": "1998", "date_end": "1999", "kind": "home"}
PERSON = {"id": "a", "name": "Ładna, Ewa", "aliases": ["E. Ładna"], "bio": None}
CREDIT = {"production": "p1", "person": "a", "kind": "cast", "role": "Panna Młoda", "note": None, "order": 1}
GOOD = dict(zip(TABLES, ([row] for row in (SEASON, VENUE, PRODUCTION, PERFORMANCE, RUN, PERSON, CREDIT)), strict=True))


def write(folder: Path, **tables: list) -> Path:
    """An archive of good single rows, with `tables` in their place; a row is a dict, or bytes as they
    exist."""
    for name, rows in (GOOD | tables).items():
        lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
        (folder / f"{name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def read_all(path: Path) -> tuple[dict[str, list[Row]], list[BadRow], Archive]:
    archive = read_archive(path)
    taken: dict[str, list[Row]] = collections.defaultdict(list)
    bad: list[BadRow] = []
    for name in TABLES:
        for row in getattr(archive, name)():
            bad.append(row) if isinstance(row, BadRow) else taken[name].append(row)
    for counts in archive.counts.values():
        assert counts.lines == counts.read == counts.taken + counts.bad + counts.merged + counts.blank
    return taken, bad, archive


def remarks_of(row: Row) -> list[str]:
    return [remark.code for remark in row.remarks]


@pytest.mark.skipif(not NYPHIL.exists(), reason="../shared/data/nyphil is absent")
def test_a_real_archive_is_read_completely():
    taken, bad, archive = read_all(NYPHIL)
    assert bad == []
    counts = {name: (table.taken, table.merged) for name, table in archive.counts.items()}
    assert counts == {
        "seasons": (58, 0),
        "venues": (669, 0),
        "productions": (5_996, 0),
        "performances": (11_249, 0),
        "people": (4_039, 0),
        "credits": (48_346, 6_748),
    }
    assert 48_346 + 6_748 == 55_094
    assert archive.counts["performances"].remarks == {"no_start": 162}
    assert archive.counts["venues"].remarks == {"no_timezone": 83}
    again, _, _ = read_all(NYPHIL)
    for table in ("performances", "credits"):
        keys = [row.key for row in taken[table]]
        assert len(set(keys)) == len(keys)
        assert keys == [row.key for row in again[table]]


def test_a_generated_archive_is_read_with_its_types(tmp_path):
    taken, bad, archive = read_all(write(tmp_path))
    assert bad == []
    assert archive.total_lines == 7
    production, performance = taken["productions"][0], taken["performances"][0]
    assert (str(production.date_start), production.date_start.precision) == ("1998-10", "month")
    assert production.authors == ("Wyspiański, Stanisław",)
    assert performance.start_local.isoformat() == "1998-10-02T19:30:00"
    assert performance.start_local.tzinfo is None
    assert (taken["people"][0].file, taken["people"][0].line) == ("people.jsonl", 1)
    assert all(row.remarks == () for rows in taken.values() for row in rows)


DEFECTS = [
    ("people", b'{"id": "b", "name": ', "bad_json"),
    ("people", b'{"id": "b", "name": "\xff"}', "bad_encoding"),
    ("people", b'["b"]', "not_an_object"),
    ("people", b"null", "not_an_object"),
    ("people", b"[" * 100_000, "bad_json"),
    ("people", {"name": "No Id"}, "missing"),
    ("people", {"id": None, "name": "Null Id"}, "missing"),
    ("people", {"id": "", "name": "Empty Id"}, "missing"),
    ("people", {"id": 7, "name": "Number Id"}, "wrong_type"),
    ("people", {"id": "b", "name": None}, "missing"),
    ("people", {"id": "b", "name": "B", "aliases": "one"}, "wrong_type"),
    ("people", {"id": "b", "name": "B", "aliases": [None]}, "wrong_type"),
    ("people", {"id": "b", "name": "B", "aliases": ["x"] * 501}, "too_long"),
    ("people", {"id": "b", "name": "B" * 301}, "too_long"),
    ("people", {"id": "b", "name": "nul \0"}, "bad_character"),
    ("people", b'{"id": "b", "name": "half \\ud800"}', "bad_character"),
    ("people", b'{"id": "b", "name": "B", "bio": "' + b"x" * MAX_LINE + b'"}', "too_long"),
    ("people", PERSON, "duplicate_id"),
    ("seasons", {**SEASON, "id": "s2", "start_year": "1998"}, "wrong_type"),
    ("seasons", {**SEASON, "id": "s2", "start_year": True}, "wrong_type"),
    ("seasons", {**SEASON, "id": "s2", "end_year": 19999}, "wrong_value"),
    ("productions", {**PRODUCTION, "id": "p2", "season": "s9"}, "unknown_reference"),
    ("productions", {**PRODUCTION, "id": "p2", "season": None}, "missing"),
    ("productions", {**PRODUCTION, "id": "p2", "title": "x" * (MAX_TITLE + 1)}, "too_long"),
    ("productions", {**PRODUCTION, "id": "p2", "date_start": "spring 1998"}, "bad_date"),
    ("productions", {**PRODUCTION, "id": "p2", "date_end": "1998-02-30"}, "bad_date"),
    ("productions", {**PRODUCTION, "id": "p2", "date_end": 1998}, "wrong_type"),
    ("performances", {**PERFORMANCE, "production": "p9"}, "unknown_reference"),
    ("performances", {**PERFORMANCE, "venue": "v9"}, "unknown_reference"),
    ("performances", {**PERFORMANCE, "start_local": "1998-10-02 19:30"}, "bad_start"),
    ("performances", {**PERFORMANCE, "start_local": "1998-10-02T19:30Z"}, "bad_start"),
    ("performances", {**PERFORMANCE, "start_local": "1998-10-02T25:00"}, "bad_start"),
    ("performances", {**PERFORMANCE, "start_local": 1930}, "bad_start"),
    ("runs", {**RUN, "kind": "elsewhere"}, "wrong_value"),
    ("runs", {**RUN, "venue": "v9"}, "unknown_reference"),
    ("credits", {**CREDIT, "person": "nobody"}, "unknown_reference"),
    ("credits", {**CREDIT, "kind": "catering"}, "wrong_value"),
    ("credits", {**CREDIT, "role": "other", "order": 1.5}, "wrong_type"),
]


@pytest.mark.parametrize(("table", "row", "code"), DEFECTS, ids=[f"{t}-{n}-{c}" for n, (t, _, c) in enumerate(DEFECTS)])
def test_an_invalid_row_is_reported_and_does_not_stop_the_rest(tmp_path, table, row, code):
    after = {**GOOD[table][0], **({"id": "after"} if "id" in GOOD[table][0] else {}), "note": "after"}
    taken, bad, _ = read_all(write(tmp_path, **{table: [GOOD[table][0], row, after]}))
    assert [(fault.file, fault.line, fault.code) for fault in bad] == [(f"{table}.jsonl", 2, code)]
    assert 10 < len(bad[0].reason) < 400
    expected = [1] if table == "runs" else [1, 3]  # the second run says what the first said
    assert [good.line for good in taken[table]] == expected


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        ("seasons", {"start_year": 1999, "end_year": 1998}, "end_before_start"),
        ("venues", {"timezone": None}, "no_timezone"),
        ("venues", {"timezone": "Europe/Lodz"}, "unknown_timezone"),
        ("productions", {"date_start": "1999-06", "date_end": "1998"}, "end_before_start"),
        ("runs", {"date_start": "1999", "date_end": "1998-12-31"}, "end_before_start"),
        ("performances", {"start_local": None}, "no_start"),
        ("performances", {"date": "1998-10-03"}, "other_day"),
        ("people", {"born": "1900"}, "unknown_field"),
    ],
)
def test_unknown_and_unusual_values_are_kept_as_printed_and_reported(tmp_path, table, change, code):
    taken, bad, archive = read_all(write(tmp_path, **{table: [{**GOOD[table][0], **change}]}))
    assert bad == []
    assert remarks_of(taken[table][0]) == [code]
    assert archive.counts[table].remarks == {code: 1}


def test_an_unusual_span_and_an_unknown_zone_are_not_corrected(tmp_path):
    odd = {**PRODUCTION, "date_start": "1999-06", "date_end": "1998"}
    taken, _, _ = read_all(write(tmp_path, productions=[odd], venues=[{**VENUE, "timezone": "Mars/Olympus"}]))
    assert (str(taken["productions"][0].date_start), str(taken["productions"][0].date_end)) == (
        "1999-06",
        "1998",
    )
    assert taken["venues"][0].timezone is None
    assert taken["performances"][0].start_local is not None


@pytest.mark.parametrize("date", [None, "", "1998", "1998-10", "1998-10-02"])
def test_every_form_of_partial_date_is_kept(tmp_path, date):
    taken, bad, _ = read_all(write(tmp_path, performances=[{**PERFORMANCE, "date": date}]))
    assert bad == []
    assert str(taken["performances"][0].date or "") == (date or "")


def test_rows_that_reference_a_refused_row_are_refused_and_reported(tmp_path):
    _, bad, _ = read_all(write(tmp_path, productions=[{**PRODUCTION, "title": None}]))
    assert [(fault.file.partition(".")[0], fault.code) for fault in bad] == [
        ("productions", "missing"),
        ("performances", "unknown_reference"),
        ("runs", "unknown_reference"),
        ("credits", "unknown_reference"),
    ]


def test_only_exact_duplicates_of_a_credit_are_merged(tmp_path):
    others = [{**CREDIT, name: value} for name, value in (("kind", "crew"), ("role", None), ("note", "later"))]
    again = [{**CREDIT, "order": 9}, dict(reversed(CREDIT.items()))]
    taken, bad, archive = read_all(write(tmp_path, credits=[CREDIT, *again, *others]))
    assert bad == []
    assert (archive.counts["credits"].taken, archive.counts["credits"].merged) == (4, 2)
    assert len({row.key for row in taken["credits"]}) == 4
    assert taken["credits"][0].order == 1


def test_three_spellings_of_an_unknown_value_are_equal(tmp_path):
    absent = {name: value for name, value in CREDIT.items() if name != "note"}
    _, _, archive = read_all(write(tmp_path, credits=[CREDIT, {**CREDIT, "note": ""}, absent]))
    assert (archive.counts["credits"].taken, archive.counts["credits"].merged) == (1, 2)


def test_two_performances_at_the_same_time_have_stable_keys(tmp_path):
    other = {**PERFORMANCE, "start_local": "1998-10-02T14:00"}
    taken, _, _ = read_all(write(tmp_path, performances=[PERFORMANCE, PERFORMANCE, other]))
    keys = [row.key for row in taken["performances"]]
    assert len(set(keys)) == 3
    # In another order the same rows have the same keys: the n-th of equal rows is the n-th of them.
    taken, _, _ = read_all(write(tmp_path, performances=[other, PERFORMANCE, PERFORMANCE]))
    assert [row.key for row in taken["performances"]] == [keys[2], keys[0], keys[1]]


def test_plain_gzip_byte_order_mark_and_blank_lines_are_read_alike(tmp_path):
    taken, _, _ = read_all(write(tmp_path))
    for name in TABLES:
        plain = tmp_path / f"{name}.jsonl"
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes() + b"\r\n \n"))
        plain.unlink()
    zipped, bad, archive = read_all(tmp_path)
    assert bad == []
    assert [row.key for row in zipped["credits"]] == [row.key for row in taken["credits"]]
    assert archive.counts["credits"].blank == 2


def test_a_truncated_file_returns_its_rows_and_reports_the_line(tmp_path):
    people = [{**PERSON, "id": f"{number:05}", "bio": f"{number * 7919 % 10007}"} for number in range(20_000)]
    write(tmp_path, people=people, credits=[])
    plain = tmp_path / "people.jsonl"
    whole = gzip.compress(plain.read_bytes())
    plain.unlink()
    (tmp_path / "people.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    taken, bad, _ = read_all(tmp_path)
    assert 1_000 < len(taken["people"]) < 20_000
    assert [(fault.code, fault.line) for fault in bad] == [("truncated", len(taken["people"]) + 1)]


def test_an_invalid_gzip_file_is_reported(tmp_path):
    (write(tmp_path) / "people.jsonl").rename(tmp_path / "people.jsonl.gz")
    _, bad, _ = read_all(tmp_path)
    assert (bad[0].file, bad[0].line, bad[0].code) == ("people.jsonl.gz", 1, "truncated")


def test_a_missing_or_repeated_table_is_refused_before_reading(tmp_path):
    with pytest.raises(Invalid) as refusal:
        read_archive(tmp_path / "nowhere")
    assert (refusal.value.field, refusal.value.code) == ("path", "archive_not_found")
    write(tmp_path)
    (tmp_path / "people.jsonl").unlink()
    (tmp_path / "credits.jsonl").unlink()
    with pytest.raises(Invalid) as refusal:
        read_archive(tmp_path)
    assert refusal.value.code == "archive_table_missing"
    assert refusal.value.data["missing"] == ["people", "credits"]
    write(tmp_path)
    (tmp_path / "people.jsonl.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(Invalid) as refusal:
        read_archive(tmp_path)
    assert refusal.value.code == "archive_table_twice"


def test_runs_are_optional(tmp_path):
    (write(tmp_path) / "runs.jsonl").unlink()
    taken, bad, archive = read_all(tmp_path)
    assert bad == []
    assert taken["runs"] == []
    assert "runs" not in archive.counts


def test_tables_are_read_in_order_and_once(tmp_path):
    archive = read_archive(write(tmp_path))
    with pytest.raises(RuntimeError, match="Read seasons before"):
        next(archive.productions())
    list(archive.seasons())
    with pytest.raises(RuntimeError, match="was read already"):
        next(archive.seasons())

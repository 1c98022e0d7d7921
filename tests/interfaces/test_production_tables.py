"""Productions in and out as CSV: a preview that names each bad cell, all rows or none, and what is taken out goes in again."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, AuditValue
from productions.models import Production
from productions.services.brand import create_brand_kit
from productions.services.production_table import import_productions
from tests import world
from tests.laws.scenes import Theater, changed, state
from theater_site.core.errors import Invalid

pytestmark = pytest.mark.django_db
EXPORT = "/api/v1/productions/export/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


class Sheet:
    """A file on its way in."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "productions.csv"

    def take(self, data: str | bytes, *options: str) -> dict[str, Any]:
        """What the command says of it as JSON, whether it took it or not."""
        self.path.write_bytes(data.encode() if isinstance(data, str) else data)
        out = StringIO()
        self.failed = False
        try:
            call_command("import_productions", str(self.path), "--json", *options, stdout=out)
        except CommandError:
            self.failed = True
        told: dict[str, Any] = json.loads(out.getvalue())
        return told

    def faults(self, data: str | bytes, *options: str) -> list[tuple[int, str, str]]:
        before = state()
        told = self.take(data, *options)
        assert changed(before) == [], "nothing is taken where anything is bad"
        assert self.failed
        return [(fault["line"], fault["column"], fault["code"]) for fault in told["faults"]]


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return Sheet(tmp_path)


def exported(who: Any, query: str = "") -> bytes:
    answer = world.client(who).get(EXPORT + query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)


def test_rows_make_and_change_productions_as_one_action(theater: Theater, sheet: Sheet) -> None:
    season, known = theater.season.slug, theater.production
    data = (
        "slug;season;title;authors;running_minutes\n"
        f'{known.slug};{season};Changed;"Ann; Bob"; 90\n'
        f";{season};Wesele;Wyspiański, Stanisław;\n"
        f"own-address;{season};Own;;\n"
    )
    before = state()
    preview = sheet.take(data, "--preview")
    assert {name: preview[name] for name in ("preview", "rows", "new", "changed", "unchanged", "faults")} == {
        "preview": True, "rows": 3, "new": 2, "changed": 1, "unchanged": 0, "faults": [],
    }  # fmt: skip
    assert changed(before) == []
    told = sheet.take(data)
    assert (told["new"], told["changed"], told["unchanged"]) == (2, 1, 0)
    known.refresh_from_db()
    assert (known.title, known.authors, known.running_minutes) == ("Changed", ["Ann", "Bob"], 90)
    made = Production.objects.get(slug="wesele")
    assert (made.authors, made.status, made.running_minutes) == (["Wyspiański, Stanisław"], "planned", None)
    assert Production.objects.filter(slug="own-address").exists()
    whole = AuditEntry.objects.get(action="production.import_table")
    parts = AuditEntry.objects.filter(cause=whole.pk)
    assert set(parts.values_list("action", flat=True)) == {"production.create", "production.update"}
    assert whole.note["table"] == {"rows": 3, "new": 2, "changed": 1, "unchanged": 0}


def test_each_bad_cell_is_named_and_nothing_is_taken(theater: Theater, sheet: Sheet) -> None:
    season, known = theater.season.slug, theater.production
    head = "slug,season,title,language,opens_on,closes_on,status,accessibility,running_minutes\n"
    cells = head + (
        f",{season},,English,2031-13,,flying,,many\n"
        f",{season},Good,en,2031,,,,\n"
    )  # fmt: skip
    assert sheet.faults(cells) == [
        (2, "title", "required"), (2, "language", "bad_language"), (2, "opens_on", "bad_date"),
        (2, "status", "no_such_choice"), (2, "running_minutes", "not_a_number"),
    ]  # fmt: skip
    rows = head + (
        f",{season},Backwards,,2031-05,2031-04,,,\n"
        ",nowhere,Homeless,,,,,,\n"
        f",{season},Twice,,,,,,\n"
        f"twice,{season},Twice again,,,,,,\n"
        f",{season},Too far,,,,running,,\n"
        f"{known.slug},,Known,,,,closed,,\n"
        f",{season},{theater.draft.title},,,,,,\n"
        f",{season},Odd,,,,,telepathy,\n"
    )
    for options in ((), ("--preview",)):
        assert sheet.faults(rows, *options) == [
            (2, "closes_on", "ends_before_start"), (3, "season", "unknown_season"), (5, "slug", "duplicate_key"),
            (6, "status", "status_not_first"), (7, "status", "status_by_steps"), (8, "slug", "slug_taken"),
            (9, "accessibility", "no_such_choice"),
        ]  # fmt: skip
    assert sheet.faults(f"season,title\n{season},Jos\xe9\n".encode("latin-1")) == [(2, "", "bad_encoding")]
    assert sheet.faults("season,title,stars\n") == [(1, "stars", "unknown_column")]


def test_a_person_reads_what_is_wrong(theater: Theater, sheet: Sheet) -> None:
    sheet.path.write_text("season,title\nnowhere,Homeless\n")
    out = StringIO()
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_productions", str(sheet.path), stdout=out)
    assert out.getvalue() == "line 2, season: This season does not exist. Write the slug of a season.\n"
    sheet.path.write_text(f"season,title\n{theater.season.slug},Housed\n")
    out = StringIO()
    call_command("import_productions", str(sheet.path), "--preview", stdout=out)
    assert out.getvalue() == "Of 1 rows 1 would be made, 0 would be changed, 0 say what is known.\n"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_productions", str(sheet.path / "not"))
    with pytest.raises(CommandError, match="may not"):
        call_command("import_productions", str(sheet.path), "--as", theater.stranger.email)
    with pytest.raises(CommandError, match="no user"):
        call_command("import_productions", str(sheet.path), "--as", "nobody@nowhere.example")


def test_what_the_brand_warns_of_is_told_and_can_be_waived(theater: Theater, sheet: Sheet) -> None:
    create_brand_kit(
        actor=theater.acting(),
        section=theater.season.section,
        fields={"title_max_length": 10, "only_warn": ["title_too_long"]},
    )
    data = f"season,title\n{theater.season.slug},A title that is too long\n"
    preview = sheet.take(data, "--preview")
    assert [finding["rule"] for finding in preview["findings"]] == ["title_too_long"]
    assert sheet.faults(data) == [(2, "title", "title_too_long")]
    rows = [{"line": 2, "season": theater.season.slug, "title": "A title that is too long"}]
    with pytest.raises(Invalid) as refusal:
        import_productions(actor=theater.acting(), organization=theater.root, rows=rows)
    assert refusal.value.code == "waiver_required"
    assert sheet.take(data, "--waive", "title_too_long=It is called so.")["new"] == 1


def test_a_table_is_sent_over_http_as_it_is_by_the_command(theater: Theater) -> None:
    season = theater.season.slug
    browser = world.client(theater.director)

    def send(data: str, who: Any = browser, query: str = "") -> Any:
        return who.post(f"/api/v1/productions/import/{query}", data.encode(), content_type="text/csv")

    good = f"slug,season,title\n,{season},Wesele\n{theater.production.slug},{season},Changed\n"
    before = state()
    preview = send(good, query="?preview=true").json()
    assert {change["operation"] for change in preview["changes"]} == {"created", "changed"}
    assert changed(before) == []
    bad = f"season,title,opens_on\n{season},,2031-13\n"
    backwards = f"season,title,opens_on,closes_on\n{season},Backwards,2032,2031\n"
    for data, faults in (
        (bad, [(2, "title", "required"), (2, "opens_on", "bad_date")]),
        (backwards, [(2, "closes_on", "ends_before_start")]),
        ("season,title,stars\n", [(1, "stars", "unknown_column")]),
    ):
        for query in ("", "?preview=true"):
            refused = send(data, query=query)
            assert (refused.status_code, refused.json()["code"]) == (400, "table_refused")
            told = [(fault["line"], fault["column"], fault["code"]) for fault in refused.json()["data"]["faults"]]
            assert told == faults
    # Anybody who may not do it is told so, whatever they send.
    assert [send(bad, world.client(who)).status_code for who in (None, theater.stranger)] == [401, 403]
    assert browser.post("/api/v1/productions/import/", {}, content_type="application/json").status_code == 415
    assert changed(before) == []
    assert send(good).json() == {"rows": 2, "new": 1, "changed": 1, "unchanged": 0}
    assert send(exported(theater.director).decode()).json()["changed"] == 0


def test_what_is_taken_out_says_nothing_new_when_it_goes_in(theater: Theater, sheet: Sheet) -> None:
    fields = {
        "title": "=cmd()", "subtitle": "-1", "authors": ["Ann; Sons", "@Bob"], "synopsis": "Line one\n\n\"Line\" two; three,",
        "accessibility": ["relaxed"], "premiere": "world", "running_minutes": 0, "language": "pt-BR", "opens_on": "2031-11",
    }  # fmt: skip
    world.production(theater.season, by=theater.director, **fields)
    world.production(theater.season, by=theater.director, status="archived", published=True)
    data = exported(theater.director)
    assert b"\n=" not in data
    assert b",=" not in data
    assert b",@" not in data
    told = sheet.take(data)
    assert (told["rows"], told["unchanged"], told["faults"]) == (2, 2, [])
    assert not AuditValue.objects.filter(change__entry__action="production.update").exists()


def test_everybody_takes_out_what_they_may_see(theater: Theater) -> None:
    shown, hidden = theater.production, theater.draft
    for who, slugs in ((theater.director, {shown.slug, hidden.slug}), (theater.stranger, {shown.slug})):
        lines = exported(who).decode("utf-8-sig").splitlines()
        assert {line.partition(",")[0] for line in lines[1:]} == slugs
    assert len(exported(theater.director, f"?slug={shown.slug}").splitlines()) == 2
    assert world.client(theater.director).get(f"{EXPORT}?slugg=x").status_code == 400


def test_a_file_is_longer_than_a_page_of_reading(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("productions.selectors.production_table.CHUNK", 2)
    made = [world.production(theater.season, by=theater.director).slug for _ in range(5)]
    with CaptureQueriesContext(connection) as queries:
        lines = exported(theater.director).decode().splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == made
    assert len([q for q in queries if 'FROM "productions_production"' in q["sql"]]) == 3

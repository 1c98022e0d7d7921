"""Parts and credits as CSV: out, in again, and every bad row and cell by its name."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from directory.models import Credit
from productions.models import Character
from tests import world
from tests.worlds import casting, directory

pytestmark = pytest.mark.django_db

PARTS = "name;kind;is_group;doubling\nViola;principal;no;\nSailors;ensemble;yes;Lords, Officers\n"
CAST = (
    "person,kind,role,character,holding,department,job,starts_on,ends_on,block\n"
    "Ann Lee,cast,,Viola,principal,,,,2026-10-19,\n"
    "Ida Moe,cast,,Viola,replacement,,,2026-10-20,,\n"
    "The Chorus,cast,Sailors and Lords,Sailors,,,,,,\n"
    "Stig,crew,,,,Stage,Manager,,,Stage management\n"
)


@pytest.fixture
def play() -> Any:
    production, director = casting.play()
    for name in ("Ann Lee", "Ida Moe", "The Chorus", "Stig"):
        directory.person(by=director, name=name)
    casting.department(by=director, name="Stage", jobs=["Manager"])
    return production, director


def _import(text: str | bytes, production: Any, folder: Path, capsys: Any, *options: str) -> dict[str, Any]:
    file = folder / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    # That nothing was changed is said on the way out; the faults are in what was printed.
    with suppress(CommandError):
        call_command("import_cast", str(file), "--production", str(production.pk), "--json", *options)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def _counts(told: dict[str, Any]) -> tuple[int, int, int]:
    return told["new"], told["changed"], told["unchanged"]


def _exported(who: Any, path: str, production: Any) -> bytes:
    answer = world.client(who).get(path, {"production": production.pk})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content)


def test_a_cast_comes_in_goes_out_and_comes_back_the_same(play, tmp_path, capsys):
    production, director = play
    seen = _import(PARTS, production, tmp_path, capsys, "--parts", "--preview")
    assert (_counts(seen), Character.objects.count()) == ((2, 0, 0), 0)
    assert _counts(_import(PARTS, production, tmp_path, capsys, "--parts")) == (2, 0, 0)
    assert _counts(_import(PARTS, production, tmp_path, capsys, "--parts")) == (0, 0, 2)
    assert _counts(_import(CAST, production, tmp_path, capsys)) == (4, 0, 0)
    told = {(c.person.name, c.role, c.holding, c.starts_on, c.block) for c in Credit.objects.select_related("person")}
    assert told == {
        ("Ann Lee", "Viola", "principal", "", ""),
        ("Ida Moe", "Viola", "replacement", "2026-10-20", ""),
        ("The Chorus", "Sailors and Lords", "", "", ""),
        ("Stig", "Manager", "", "", "Stage management"),
    }
    assert _counts(_import(CAST, production, tmp_path, capsys)) == (0, 0, 4)
    parts = _exported(director, "/api/v1/characters/export/", production)
    cast = _exported(director, "/api/v1/credits/export/", production)
    assert _counts(_import(parts, production, tmp_path, capsys, "--parts")) == (0, 0, 2)
    assert _counts(_import(cast, production, tmp_path, capsys)) == (0, 0, 4)
    changed = cast.decode().replace("Stage management", "On the book").encode()
    assert _counts(_import(changed, production, tmp_path, capsys)) == (0, 1, 3)
    assert AuditEntry.objects.filter(action="credit.import_table").count() == 4


def test_every_bad_row_and_cell_is_named_and_nothing_is_lost(play, tmp_path, capsys):
    production, director = play
    _import(PARTS, production, tmp_path, capsys, "--parts")
    for _ in range(2):
        directory.person(by=director, name="Twin")
    bad = (
        "person,kind,character,holding,department,job,starts_on,ends_on,person_id\n"
        "Ann Lee,cast,Viola,principal,,,,,\n"
        "Nobody,cast,Viola,,,,,,\n"
        "Twin,cast,Viola,,,,,,\n"
        "Ida Moe,cast,Hamlet,,,,,,\n"
        "Ida Moe,cast,Viola,replacement,,,2026-10-01,,\n"
        "Ida Moe,cast,Viola,understudy,,,2026-11-10,2026-11-01,\n"
        "Stig,crew,,,Stage,Dresser,,,\n"
        "Stig,crew,Viola,,,,,,\n"
        "Ann Lee,cast,Viola,principal,,,,,\n"
        f"Ann Lee,crew,,,,,,,{10**17}\n"
    )
    told = _import(bad, production, tmp_path, capsys)
    assert [(fault["line"], fault["column"], fault["code"]) for fault in told["faults"]] == [
        (3, "person", "unknown_person"),
        (4, "person", "ambiguous_person"),
        (5, "character", "character_not_in_play"),
        (6, "starts_on", "replacement_before_first_night"),
        (7, "ends_on", "ends_before_start"),
        (8, "job", "unknown_job"),
        (9, "character", "part_without_cast"),
        (10, "person", "duplicate_key"),
        (11, "person_id", "other_person"),
    ]
    assert not Credit.objects.exists()
    unread = _import("person,holding,starts_on\nAnn Lee,star,2026-13\n", production, tmp_path, capsys)
    assert [(fault["column"], fault["code"]) for fault in unread["faults"]] == [
        ("holding", "no_such_choice"), ("starts_on", "bad_date")
    ]  # fmt: skip
    broken = _import(b"person,role\nJos\xe9,Viola\n", production, tmp_path, capsys)
    assert [(fault["line"], fault["code"]) for fault in broken["faults"]] == [(2, "bad_encoding")]
    doubled = _import("name\nViola\nViola\n", production, tmp_path, capsys, "--parts")
    assert [(fault["line"], fault["code"]) for fault in doubled["faults"]] == [(3, "duplicate_key")]


def test_a_table_with_fewer_columns_knows_its_credits_again_or_says_why_not(play, tmp_path, capsys):
    production, _ = play
    _import(PARTS, production, tmp_path, capsys, "--parts")
    _import(CAST, production, tmp_path, capsys)
    told = {row.pk: (row.role, row.holding, row.kind) for row in Credit.objects.all()}
    fewer = "person,character,block\nAnn Lee,Viola,Lovers\nThe Chorus,Sailors,At sea\n"
    assert _counts(_import(fewer, production, tmp_path, capsys)) == (0, 2, 0)
    assert _counts(_import("person,block\nStig,On the book\n", production, tmp_path, capsys)) == (0, 1, 0)
    assert {row.pk: (row.role, row.holding, row.kind) for row in Credit.objects.all()} == told
    again = CAST.splitlines()[0] + "\nAnn Lee,cast,,Viola,understudy,,,,,\n"
    assert _counts(_import(again, production, tmp_path, capsys)) == (1, 0, 0)
    refused = _import(fewer, production, tmp_path, capsys)
    assert [(fault["line"], fault["column"], fault["code"]) for fault in refused["faults"]] == [
        (2, "person", "ambiguous_credit")
    ]
    assert _counts(_import("person,character\nStig,Sailors\n", production, tmp_path, capsys)) == (1, 0, 0)


def test_a_table_names_only_those_whom_one_may_see(play, tmp_path, capsys):
    production, director = play
    caster = world.give("casting_director", production.section, by=director)
    directory.alias(directory.person(by=director, name="Hidden"), "Masked", by=director)
    directory.person(by=director, name="Shown", published=True)
    for name, faults in (("Hidden", ["unknown_person"]), ("Masked", ["unknown_person"]), ("Shown", [])):
        told = _import(f"person,role\n{name},Page\n", production, tmp_path, capsys, "--as", caster.email)
        assert [fault["code"] for fault in told["faults"]] == faults


def test_two_principals_are_told_and_waived(play, tmp_path, capsys):
    production, _ = play
    _import(PARTS, production, tmp_path, capsys, "--parts")
    rows = "person,character,holding\nAnn Lee,Viola,principal\nIda Moe,Viola,principal\n"
    told = _import(rows, production, tmp_path, capsys)
    assert [(fault["line"], fault["code"]) for fault in told["faults"]] == [(3, "one_part_twice")]
    assert [one["rule"] for one in _import(rows, production, tmp_path, capsys, "--preview")["findings"]] == [
        "one_part_twice"
    ]
    assert _counts(_import(rows, production, tmp_path, capsys, "--waive", "one_part_twice=They share it.")) == (2, 0, 0)


def test_the_command_says_what_it_did_and_why_it_did_not(play, tmp_path, capsys):
    production, director = play
    file = tmp_path / "parts.csv"
    file.write_text(PARTS)
    given = ["--production", str(production.pk)]
    call_command("import_cast", str(file), *given, "--parts", "--preview")
    assert "2 would be added" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Production 999999 does not exist"):
        call_command("import_cast", str(file), "--production", "999999")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_cast", str(tmp_path / "none.csv"), *given)
    with pytest.raises(CommandError, match="You may not do this here"):
        call_command("import_cast", str(file), *given, "--parts", "--as", world.user().email)
    file.write_text("name,what\nViola,x\n")
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("import_cast", str(file), *given, "--parts")
    assert "There is no such column" in capsys.readouterr().out


def test_a_table_is_for_those_who_may_view_the_cast(play):
    production, director = play
    for path in ("/api/v1/credits/export/", "/api/v1/characters/export/"):
        assert world.client(director).get(path).json()["code"] == "required"
        assert world.client().get(path, {"production": production.pk}).status_code == 401
        assert world.client(world.user()).get(path, {"production": production.pk}).status_code == 403

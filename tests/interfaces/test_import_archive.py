"""`manage.py import_archive`: what it prints, what it refuses, and that a kill leaves all of it or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEntry
from directory.models import Person
from productions.models import Production
from scheduling.models import Occurrence, Run
from tests import world
from tests.worlds import archive as scene

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_archive", str(folder), *options, stdout=out)
    return out.getvalue()


def run_json(folder: Path, *options: str) -> dict:
    return json.loads(run(folder, "--json", *options))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    bad = {**scene.PERSON, "id": "b", "name": ""}
    return scene.write(tmp_path / "old-days", people=[scene.PERSON, bad], venues=[{**scene.VENUE, "timezone": None}])


@pytest.mark.django_db
def test_the_json_output_is_complete(archive):
    world.found()
    told = run_json(archive)
    assert told.keys() == {
        "archive", "tables", "people_added", "venues_given_the_default_timezone", "preview", "bad", "remarks",
    }  # fmt: skip
    assert (told["archive"], told["preview"], told["venues_given_the_default_timezone"]) == ("old-days", False, 0)
    assert told["tables"]["people"] == {
        "lines": 2, "new": 1, "known": 0, "merged": 0, "bad": 1, "blank": 0, "remarks": {},
    }  # fmt: skip
    assert told["bad"] == [{"file": "people.jsonl", "line": 2, "code": "missing", "reason": "name is missing."}]
    assert told["remarks"] == [
        {"file": "venues.jsonl", "line": 1, "code": "no_timezone", "text": "The venue's time zone is unknown."}
    ]
    assert list(told["tables"]) == list(scene.GOOD)


@pytest.mark.django_db
def test_a_preview_stores_nothing_and_has_the_same_counts(archive):
    world.found()
    before, entries = scene.everything(), AuditEntry.objects.count()
    preview = run_json(archive, "--preview")
    assert (scene.everything(), AuditEntry.objects.count()) == (before, entries)
    assert preview.pop("preview") is True
    done = run_json(archive)
    assert done.pop("preview") is False
    assert preview == done
    assert "nothing was kept" in run(archive, "--preview")


@pytest.mark.django_db
def test_the_text_output_has_a_table_and_the_invalid_rows(archive):
    world.found()
    told = run(archive)
    assert "people.jsonl:2: name is missing." in told
    assert "1 no timezone" in told
    assert "default time zone" not in told
    assert [row for row in told.splitlines() if "credits" in row]


@pytest.mark.django_db
def test_a_default_zone_is_applied_only_on_request_and_is_counted(archive):
    world.found()
    assert "1 venues without a time zone got the default one." in run(archive, "--default-timezone", "Europe/Warsaw")
    (performance,) = Occurrence.objects.all()
    assert (performance.timezone, performance.starts_at.isoformat()) == ("Europe/Warsaw", "1998-10-02T17:30:00+00:00")


@pytest.mark.django_db
def test_people_without_a_record_are_created_by_name_on_request(tmp_path):
    world.found()
    nameless = [
        {**scene.CREDIT, "person": "jan-kott", "kind": "creative", "role": "Director"},
        {**scene.CREDIT, "person": "jan-kott", "kind": "crew", "role": "Sound"},
        {**scene.CREDIT, "person": "P-17", "person_name": "Zofia Nowak", "role": "Maryna"},
        {**scene.CREDIT, "person": "Chór", "role": "Wedding guests"},
    ]
    folder = scene.write(tmp_path / "attic", credits=[scene.CREDIT, *nameless])
    refused = run_json(folder, "--preview")
    assert [row["code"] for row in refused["bad"]] == ["unknown_reference"] * 4
    told = run_json(folder, "--add-people")
    assert (told["bad"], told["people_added"]) == ([], 3)
    assert told["tables"]["credits"]["new"] == 5
    assert {*Person.objects.values_list("name", flat=True)} == {"Ładna, Ewa", "Jan Kott", "Zofia Nowak", "Chór"}
    assert Person.objects.get(name="Jan Kott").credits.count() == 2
    again, before = run_json(folder, "--add-people"), scene.everything()
    assert (again["people_added"], again["tables"]["credits"]["known"]) == (0, 5)
    # Their records come later: they are the same people.
    scene.write(folder, credits=[scene.CREDIT, *nameless], people=[scene.PERSON, {**scene.PERSON, "id": "jan-kott"}])
    assert run_json(folder)["tables"]["people"]["known"] == 2
    assert scene.everything() == before
    # A new credit of somebody who was added by an earlier import.
    scene.write(folder, credits=[{**nameless[0], "role": "Designer"}])
    assert run_json(folder, "--add-people")["people_added"] == 0
    assert "added by name" in run(scene.write(tmp_path / "loft", credits=nameless), "--add-people")


@pytest.mark.django_db
def test_runs_without_a_venue_are_imported(tmp_path):
    _, director = world.found()
    runs = [{**scene.RUN, "venue": None}, {**scene.RUN, "venue": "nowhere"}]
    told = run_json(scene.write(tmp_path / "attic", runs=runs, people=[], credits=[]), "--publish")
    assert [row["code"] for row in told["bad"]] == ["unknown_reference"]
    (row,) = world.client().get("/api/v1/runs/").json()["results"]
    assert (row["venue"], row["venue_name"], row["starts_on"]) == (None, None, "1998")
    assert "unknown venue" in str(Run.objects.get())
    version = {"If-Match": f'"{row["version"]}"'}
    changed = world.client(director).patch(
        f"/api/v1/runs/{row['id']}/", {"label": "Tour"}, content_type="application/json", headers=version
    )
    assert changed.status_code == 200, changed.json()


@pytest.mark.django_db
def test_only_published_productions_become_public(archive):
    world.found()
    visitor = world.client()
    run(archive, "--name", "drafts")
    assert visitor.get("/api/v1/productions/").json()["results"] == []
    run(archive, "--name", "public", "--publish")
    assert [row["title"] for row in visitor.get("/api/v1/productions/").json()["results"]] == ["Wesele"]
    assert [row["name"] for row in visitor.get("/api/v1/people/").json()["results"]] == ["Ładna, Ewa"]
    assert len(visitor.get("/api/v1/seasons/").json()["results"]) == 1
    assert Production.objects.count() == Person.objects.count() == 2


@pytest.mark.django_db
def test_importing_needs_permission_and_the_actor_is_audited(archive):
    root, director = world.found()
    usher = world.give("box_office", root, by=director)
    left = world.user(is_active=False)
    before = scene.everything()
    with pytest.raises(CommandError, match="It needs the permission manage_cast"):
        run(archive, "--as", usher.email)
    with pytest.raises(CommandError, match="deactivated"):
        run(archive, "--as", left.email)
    with pytest.raises(CommandError, match="no user with the address nobody"):
        run(archive, "--as", "nobody@theater.example")
    assert scene.everything() == before
    run(archive, "--as", director.email.upper())
    assert AuditEntry.objects.get(action="archive.import").actor_id == director.pk


@pytest.mark.django_db
def test_an_invalid_archive_is_refused_before_anything_is_written(tmp_path, archive):
    with pytest.raises(CommandError, match=r"manage\.py found"):
        run(archive)
    world.found()
    before = scene.everything()
    with pytest.raises(CommandError, match="not a folder"):
        run(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="The archive lacks credits"):
        run(scene.write(tmp_path / "half", credits=None))
    with pytest.raises(CommandError, match=r"not the name of an IANA time zone.*Did you mean Europe/Warsaw"):
        run(archive, "--default-timezone", "Warsaw")
    with pytest.raises(CommandError, match="no colon"):
        run(archive, "--name", "a:b")
    assert scene.everything() == before


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process with an empty database of its own, of the kind that the tests run on."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "theater_site.settings"}
    if connection.vendor == "sqlite":
        yield environment | {"DATABASE_URL": f"sqlite:///{tmp_path / 'killed.sqlite3'}"}
        return
    import psycopg

    given = connection.settings_dict
    name = f"{given['NAME']}_killed"
    server = {
        "host": given["HOST"],
        "port": given["PORT"] or 5432,
        "user": given["USER"],
        "password": given["PASSWORD"],
    }
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as control:
        control.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        control.execute(f'CREATE DATABASE "{name}"')
        secret = f":{quote(given['PASSWORD'])}" if given["PASSWORD"] else ""
        where = f"{given['HOST']}:{given['PORT'] or 5432}/{name}"
        yield environment | {"DATABASE_URL": f"postgres://{quote(given['USER'])}{secret}@{where}"}
        control.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.django_db
def test_a_killed_import_leaves_nothing_and_can_be_repeated(tmp_path, own_database):
    people = [{"id": f"a{n}", "name": f"Person {n}", "aliases": [f"P. {n}"]} for n in range(1200)]
    credits = [{**scene.CREDIT, "person": f"a{n % 1200}", "role": f"Role {n}"} for n in range(2500)]
    folder = scene.write(tmp_path / "many", people=people, credits=credits)
    killer = Path(__file__).with_name("import_until_killed.py")
    done = subprocess.run(
        [sys.executable, str(killer), str(folder)],
        env=own_database,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    *killed, finished = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(killed) == 4
    world.found()
    nothing = scene.imported()
    assert all(left == {"imported": nothing, "entries": 0} for left in killed)
    scene.take(folder)
    assert finished == {"imported": scene.imported(), "entries": 1}
    assert len(finished["imported"]) > len(nothing) + 4900

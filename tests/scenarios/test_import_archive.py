"""An archive is taken in: every row that can be, the others by name; again, and later with more, without harm."""

from __future__ import annotations

import gzip
import json
from datetime import time
from pathlib import Path

import pytest

from accounts.models import AuditChange, AuditEntry, Section
from directory.models import Alias, Credit, Person, PersonKind
from directory.services.people import update_person
from productions.models import Production, ProductionStatus, Season
from scheduling.models import Occurrence, Run, Venue
from scheduling.services.venues import update_venue
from tests import world
from tests.worlds import archive as scene
from tests.worlds import directory
from theater_site.core.errors import Invalid, NotAllowed

pytestmark = pytest.mark.django_db

NYPHIL = Path(__file__).resolve().parents[3] / "shared" / "data" / "nyphil"


@pytest.fixture
def director(db):
    return world.found()[1]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made"


def bad(outcome):
    return [(row.file, row.line, row.code) for row in outcome.bad]


def test_every_table_is_imported_completely(director, folder):
    outcome = scene.take(scene.write(folder))
    assert outcome.bad == []
    assert scene.new(outcome) == dict.fromkeys(scene.GOOD, 1)
    season, production = Season.objects.get(), Production.objects.get()
    assert (season.name, season.starts_on, season.ends_on, season.slug) == ("First", "1998", "1999", "first")
    assert (season.section.parent.parent, production.section.parent) == (None, season.section)
    assert production.section.path == f"{season.section.path}{production.section.label}/"
    said = (production.title, production.authors, production.company, production.strands, production.synopsis)
    assert said == ("Wesele", ["Wyspiański, Stanisław"], "Stary", ["Classics"], "A wedding.")
    assert (production.opens_on, production.closes_on, production.status) == (
        "1998-10",
        "1999",
        ProductionStatus.ARCHIVED,
    )
    played = Occurrence.objects.get()
    assert (played.category, played.subtitle, played.date, played.start_time) == (
        "performance", "Gala", "1998-10-02", time(19, 30),
    )  # fmt: skip
    assert (played.timezone, played.starts_at.isoformat(), played.ends_at) == (
        "Europe/Warsaw", "1998-10-02T17:30:00+00:00", None,
    )  # fmt: skip
    run, person, credit = Run.objects.get(), Person.objects.get(), Credit.objects.get()
    assert (run.kind, run.starts_on, run.ends_on, run.venue.location) == ("tour", "1998", "1999", "Łódź")
    assert (person.kind, person.name, person.bio) == (PersonKind.PERSON, "Ładna, Ewa", "Plays.")
    assert [alias.name for alias in person.aliases.all()] == ["E. Ładna"]
    assert (credit.kind, credit.role, credit.note, credit.billing_order) == ("cast", "Panna Młoda", "", 1)
    assert [row.published_at for row in (season, production, played, person)] == [None] * 4


def test_other_fields_of_a_production_are_imported(director, folder):
    said = {
        "subtitle": "A drama in three acts", "adaptors": ["Ann"], "translators": ["Bob", "Cy"], "composers": ["Dee"],
        "lyricists": ["Eve"], "choreographers": ["Fay"], "genre": "drama", "language": "PL",
    }  # fmt: skip
    odd = {**scene.PRODUCTION, "id": "p2", "title": "Odd", "language": "Polish"}
    long = {**scene.PRODUCTION, "id": "p3", "title": "Long", "genre": "d" * 61}
    wrong = {**scene.PRODUCTION, "id": "p4", "title": "Wrong", "composers": "Dee"}
    outcome = scene.take(scene.write(folder, productions=[{**scene.PRODUCTION, **said}, odd, long, wrong]))
    assert bad(outcome) == [("productions.jsonl", 3, "too_long"), ("productions.jsonl", 4, "wrong_type")]
    assert [(line, remark.code) for _, line, remark in outcome.remarked] == [(2, "unknown_language")]
    full, other = Production.objects.order_by("pk")
    assert {name: getattr(full, name) for name in said} == {**said, "language": "pl"}
    assert (other.language, other.subtitle, other.composers) == ("", "", [])


def test_unknown_and_unusual_values_are_kept_as_printed_and_reported(director, folder):
    unknown = dict.fromkeys(("date", "start_local", "kind"))
    outcome = scene.take(
        scene.write(
            folder,
            seasons=[scene.SEASON, {"id": "s2", "name": "Backwards", "start_year": 2001, "end_year": 999}],
            venues=[
                scene.VENUE,
                {**scene.VENUE, "id": "v2", "timezone": None},
                {**scene.VENUE, "id": "v3", "timezone": "Mars"},
            ],
            productions=[
                scene.PRODUCTION,
                {**scene.PRODUCTION, "id": "p2", "date_start": "2001-06-14", "date_end": "2001-05"},
                {**scene.PRODUCTION, "id": "p3", "date_start": None, "date_end": None, "season": "s2"},
            ],
            performances=[
                {"production": "p1", "venue": "v1", **unknown},
                {"production": "p1", "venue": "v1", **unknown, "date": "1998"},
                {"production": "p1", "venue": "v2", **unknown, "start_local": "1998-10-02T19:30"},
                {**scene.PERFORMANCE, "date": "1998-10-03"},
            ],
            runs=[{**scene.RUN, "date_start": "2000", "date_end": "1999", "kind": None}],
            credits=[{**scene.CREDIT, "role": None, "order": -3}, {**scene.CREDIT, "order": None}],
        )
    )
    assert outcome.bad == []
    assert {name: dict(tally.remarks) for name, tally in outcome.tables.items() if tally.remarks} == {
        "seasons": {"end_before_start": 1},
        "venues": {"no_timezone": 1, "unknown_timezone": 1},
        "productions": {"end_before_start": 1},
        "performances": {"no_start": 2, "other_day": 1},
        "runs": {"end_before_start": 1},
        "credits": {"order_below_zero": 1},
    }
    assert [(file, line) for file, line, remark in outcome.remarked if remark.code == "unknown_timezone"] == [
        ("venues.jsonl", 3)
    ]
    assert sorted(Season.objects.values_list("starts_on", "ends_on")) == [("1998", "1999"), ("2001", "0999")]
    assert set(Venue.objects.values_list("timezone", flat=True)) == {"Europe/Warsaw", ""}
    dates = sorted(Production.objects.values_list("opens_on", "closes_on"))
    assert dates == [("", ""), ("1998-10", "1999"), ("2001-06-14", "2001-05")]
    played = Occurrence.objects.order_by("pk").values_list("date", "start_time", "timezone")
    assert list(played) == [
        ("", None, "Europe/Warsaw"),
        ("1998", None, "Europe/Warsaw"),
        ("1998-10-02", time(19, 30), ""),
        ("1998-10-02", time(19, 30), "Europe/Warsaw"),
    ]
    # Nothing is invented: no instant where the time or the zone is not known.
    assert [o.starts_at is None for o in Occurrence.objects.order_by("pk")] == [True, True, True, False]
    assert sorted(Credit.objects.values_list("role", "billing_order")) == [("", 0), ("Panna Młoda", 0)]


def test_a_default_zone_applies_only_to_unknown_zones_and_is_counted(director, folder):
    rows = [scene.VENUE, {**scene.VENUE, "id": "v2", "timezone": None}, {**scene.VENUE, "id": "v3", "timezone": "Mars"}]
    scene.write(folder, venues=[*rows, {**scene.VENUE, "id": "v2", "timezone": None}])
    outcome = scene.take(folder, zone="Asia/Tokyo")
    assert (outcome.assumed_zone, bad(outcome)) == (2, [("venues.jsonl", 4, "duplicate_id")])
    assert sorted(Venue.objects.values_list("timezone", flat=True)) == ["Asia/Tokyo", "Asia/Tokyo", "Europe/Warsaw"]
    assert scene.take(folder, zone="Asia/Tokyo").assumed_zone == 0
    with pytest.raises(Invalid, match="IANA"):
        scene.take(folder, zone="Tokio/Asia")


DEFECTS = [
    ("seasons", {**scene.SEASON, "id": "x", "name": "N" * 201}, "too_long"),
    ("venues", {**scene.VENUE, "id": "x", "name": None}, "missing"),
    ("productions", {**scene.PRODUCTION, "id": "x", "season": "nowhere"}, "unknown_reference"),
    ("productions", {**scene.PRODUCTION, "id": "p1"}, "duplicate_id"),
    ("productions", {**scene.PRODUCTION, "id": "x", "date_start": "1998-02-30"}, "bad_date"),
    ("performances", {**scene.PERFORMANCE, "venue": "nowhere"}, "unknown_reference"),
    ("performances", {**scene.PERFORMANCE, "start_local": "half past seven"}, "bad_start"),
    ("performances", {**scene.PERFORMANCE, "date": None, "start_local": "0001-01-01T00:00"}, "out_of_range"),
    ("runs", {**scene.RUN, "kind": "moon"}, "wrong_value"),
    ("people", b'{"id": "x", "name": "Jos\xe9"}', "bad_encoding"),
    ("people", b'{"id": "x", "name"', "bad_json"),
    ("people", {**scene.PERSON, "id": "x", "bio": "B" * 10_001}, "too_long"),
    ("people", {**scene.PERSON, "id": "x", "name": "nul\0"}, "bad_character"),
    ("credits", {**scene.CREDIT, "person": "nobody"}, "unknown_reference"),
    ("credits", {**scene.CREDIT, "note": "N" * 301}, "too_long"),
    ("credits", {**scene.CREDIT, "kind": "audience"}, "wrong_value"),
]


@pytest.mark.parametrize(("table", "row", "code"), DEFECTS, ids=[f"{n}-{t}-{c}" for n, (t, _, c) in enumerate(DEFECTS)])
def test_an_invalid_row_is_reported_and_the_rest_is_imported(director, folder, table, row, code):
    first = scene.GOOD[table][0]
    after = {**first, "id": "after"} if "id" in first else {**first, "kind": "crew" if table == "credits" else "home"}
    outcome = scene.take(scene.write(folder, **{table: [first, row, b"", after]}))
    assert bad(outcome) == [(f"{table}.jsonl", 2, code)]
    assert len(outcome.bad[0].reason) > 10
    tally = outcome.tables[table]
    assert (tally.lines, tally.new, tally.known, tally.merged, tally.bad, tally.blank) == (4, 2, 0, 0, 1, 1)
    assert scene.new(outcome) == {**dict.fromkeys(scene.GOOD, 1), table: 2}
    assert scene.new(scene.take(folder)) == {}


def test_rows_that_depend_on_a_refused_row_are_refused(director, folder):
    """The reader takes a name of 250 letters; a season has no room for it."""
    long = {**scene.SEASON, "id": "long", "name": "N" * 250}
    person = {**scene.PERSON, "id": "wordy", "bio": "B" * 10_001}
    hanging = {**scene.PRODUCTION, "id": "p2", "season": "long"}
    outcome = scene.take(
        scene.write(
            folder,
            seasons=[long, scene.SEASON],
            productions=[hanging, scene.PRODUCTION],
            performances=[{**scene.PERFORMANCE, "production": "p2"}, scene.PERFORMANCE],
            runs=[{**scene.RUN, "production": "p2"}, scene.RUN],
            people=[person, scene.PERSON],
            credits=[{**scene.CREDIT, "person": "wordy"}, {**scene.CREDIT, "production": "p2"}, scene.CREDIT],
        )
    )
    assert bad(outcome) == [
        ("seasons.jsonl", 1, "too_long"),
        ("productions.jsonl", 1, "unknown_reference"),
        ("performances.jsonl", 1, "unknown_reference"),
        ("runs.jsonl", 1, "unknown_reference"),
        ("people.jsonl", 1, "too_long"),
        ("credits.jsonl", 1, "unknown_reference"),
        ("credits.jsonl", 2, "unknown_reference"),
    ]
    assert scene.new(outcome) == dict.fromkeys(scene.GOOD, 1)
    # The refused person's aliases went with them.
    assert Alias.objects.count() == 1


def test_only_exact_duplicates_are_merged(director, folder):
    outcome = scene.take(
        scene.write(
            folder,
            performances=[scene.PERFORMANCE, scene.PERFORMANCE, {**scene.PERFORMANCE, "kind": "Matinee"}],
            runs=[scene.RUN, scene.RUN],
            people=[
                {**scene.PERSON, "aliases": ["E. Ładna", "E. Ładna", "Ładna, Ewa", ""]},
                {**scene.PERSON, "id": "b"},
                {"id": "c", "name": "Choir of St. Ann"},
            ],
            credits=[
                scene.CREDIT,
                {**scene.CREDIT, "order": 9},
                {**scene.CREDIT, "note": "alternating"},
                {**scene.CREDIT, "person": "b"},
            ],
        )
    )
    assert outcome.bad == []
    merged = {name: tally.merged for name, tally in outcome.tables.items() if tally.merged}
    assert merged == {"runs": 1, "credits": 1}
    # Two performances at one time in one venue are two: an archive's word is, and two people may share a name.
    assert scene.new(outcome) == {
        "seasons": 1, "venues": 1, "productions": 1, "performances": 3, "runs": 1, "people": 3, "credits": 3,
    }  # fmt: skip
    assert sorted(Alias.objects.values_list("person__archive_key", "name")) == [
        ("made:a", "E. Ładna"),
        ("made:b", "E. Ładna"),
    ]
    assert Person.objects.get(archive_key="made:c").kind == PersonKind.PERSON


def test_names_in_many_scripts_are_kept_found_and_get_unique_slugs(director, folder):
    titles = ["Чайка", "かもめ", "النورس", "השחף", "갈매기", "La Mouette", "La mouette!", "🎭", "Γλάρος"]
    productions = [{**scene.PRODUCTION, "id": f"p{n}", "title": title} for n, title in enumerate(titles, 1)]
    people = [{"id": str(n), "name": title, "aliases": [title.upper()]} for n, title in enumerate(titles)]
    long = {"id": "長" * 200, "name": "x", "aliases": []}
    outcome = scene.take(scene.write(folder, productions=productions, people=[scene.PERSON, *people, long]))
    assert outcome.bad == []
    assert list(Production.objects.order_by("pk").values_list("title", flat=True)) == titles
    slugs = list(Production.objects.values_list("slug", flat=True))
    assert len(set(slugs)) == len(slugs)
    assert {"la-mouette", "la-mouette-2", "production"} <= set(slugs)
    assert Person.objects.filter(name__in=titles).count() == len(titles)
    assert scene.new(scene.take(folder)) == {}


def test_a_second_run_changes_nothing(director, folder):
    scene.write(folder, performances=[scene.PERFORMANCE] * 3)
    scene.take(folder)
    before = scene.everything()
    outcome = scene.take(folder)
    assert scene.everything() == before
    assert scene.new(outcome) == {}
    assert {name: tally.known for name, tally in outcome.tables.items()} == {
        **dict.fromkeys(scene.GOOD, 1),
        "performances": 3,
    }
    # It is told all the same, with nothing in it.
    last = AuditEntry.objects.filter(action="archive.import").order_by("-id")[0]
    assert (last.changes.count(), last.note["import"]["tables"]["people"]["known"]) == (0, 1)


def test_a_later_archive_adds_new_rows_and_keeps_edits(director, folder):
    scene.take(scene.write(folder))
    actor = world.acting(director)
    person, venue = Person.objects.get(), Venue.objects.get()
    update_person(actor=actor, person=person, changes={"name": "Ewa Ładna-Nowak"})
    update_venue(actor=actor, venue=venue, changes={"timezone": "Europe/Berlin"})
    show = Production.objects.get()
    # Somebody has added by hand what the archive will bring too.
    directory.credit(show, person, "Chochoł", by=director, kind="cast")
    before = scene.everything()
    outcome = scene.take(
        scene.write(
            folder,
            productions=[{**scene.PRODUCTION, "title": "Another title"}, {**scene.PRODUCTION, "id": "p2"}],
            performances=[
                scene.PERFORMANCE,
                {**scene.PERFORMANCE, "start_local": "1998-10-05T19:30", "date": "1998-10-05"},
            ],
            people=[{**scene.PERSON, "name": "Ładna, E."}, {"id": "b", "name": "New"}],
            credits=[
                scene.CREDIT,
                {**scene.CREDIT, "role": "Chochoł"},
                {**scene.CREDIT, "role": "Stańczyk"},
                {**scene.CREDIT, "production": "p2", "person": "b"},
            ],
        )
    )
    assert outcome.bad == []
    assert scene.new(outcome) == {"productions": 1, "performances": 1, "people": 1, "credits": 2}
    assert outcome.tables["credits"].known == 2
    after = scene.everything()
    for label, rows in before.items():
        assert after[label][: len(rows)] == rows, label
    person.refresh_from_db()
    assert person.name == "Ewa Ładna-Nowak"
    added = Occurrence.objects.order_by("-pk")[0]
    assert (added.production, added.section_id, added.timezone) == (show, show.section_id, "Europe/Berlin")
    assert Production.objects.get(archive_key="made:p2").section.parent == Season.objects.get().section


def test_two_archives_with_the_same_ids_stay_separate(director, folder):
    scene.write(folder)
    scene.take(folder, archive="one")
    before = scene.everything()
    # "_" is not a wildcard, and case counts.
    for name in ("two", "on_", "ONE"):
        outcome = scene.take(folder, archive=name)
        assert scene.new(outcome) == dict.fromkeys(scene.GOOD, 1), name
    after = scene.everything()
    assert all(after[label][: len(rows)] == rows for label, rows in before.items())
    assert {credit.person.archive_key for credit in Credit.objects.filter(production__archive_key="two:p1")} == {
        "two:a"
    }


def test_an_import_is_one_audit_entry_with_a_change_for_every_row(director, folder):
    sections = Section.objects.count()
    scene.write(folder, people=[scene.PERSON, {**scene.PERSON, "id": "b", "name": ""}])
    outcome = scene.take(folder, actor=world.acting(director))
    entry = AuditEntry.objects.get(action="archive.import")
    assert (entry.actor_id, entry.note["import"]) == (director.pk, outcome.as_data())
    assert AuditEntry.objects.filter(cause=entry.pk).count() == 0
    written = [
        (row._meta.label_lower, str(row.pk), row.version)
        for model in (Season, Venue, Production, Occurrence, Run, Person, Alias, Credit)
        for row in model.objects.all()
    ]
    written += [
        ("accounts.section", str(pk), 1)
        for pk in Section.objects.order_by("pk").values_list("pk", flat=True)[sections:]
    ]
    told = AuditChange.objects.filter(entry=entry).values_list("object_type", "object_id", "version")
    assert sorted(told) == sorted(written)
    assert len(written) == 10
    value = AuditChange.objects.get(entry=entry, object_type="productions.production").value
    assert value.values["after"]["title"] == "Wesele"


def test_an_import_needs_all_its_permissions(director, folder):
    scene.write(folder)
    root = Section.objects.get(parent=None)
    manager = world.give("production_manager", root, by=director)
    before = scene.everything()
    with pytest.raises(NotAllowed, match="needs the permission"):
        scene.take(folder, actor=world.acting(manager))
    assert scene.everything() == before


def excerpt(folder: Path, seasons: int) -> Path:
    """The first seasons of the real archive, with all that depends on them."""
    folder.mkdir()
    kept: dict[str, set[str]] = {}
    for table in ("seasons", "productions", "performances", "credits", "venues", "people"):
        rows = [json.loads(line) for line in gzip.decompress((NYPHIL / f"{table}.jsonl.gz").read_bytes()).splitlines()]
        if table == "seasons":
            rows = rows[:seasons]
        elif table == "productions":
            rows = [row for row in rows if row["season"] in kept["seasons"]]
        elif "production" in rows[0]:
            rows = [row for row in rows if row["production"] in kept["productions"]]
        kept[table] = {row["id"] for row in rows if "id" in row}
        (folder / f"{table}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


# All of it takes too long for every run: see tests/benchmarks.
@pytest.mark.skipif(not NYPHIL.is_dir(), reason="../shared/data/nyphil is absent")
def test_importing_two_real_seasons_again_changes_nothing(director, tmp_path):
    folder = excerpt(tmp_path / "two-seasons", 2)
    outcome = scene.take(folder)
    assert outcome.bad == []
    assert outcome.tables["seasons"].new == Season.objects.count() == 2
    assert min(outcome.tables[name].new for name in ("productions", "performances", "credits")) > 100
    before = scene.everything()
    assert scene.new(scene.take(folder)) == {}
    assert scene.everything() == before

"""A cast through its run: who played what, on which night, and what the audience was told."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from directory.models import Credit, Person
from directory.selectors.casting import cast_on, history, who_played, whole_cast
from directory.services.credits import update_credit
from productions.models import Character, Production
from productions.services.copying import CopyPart, copy_production
from productions.services.scenes import set_characters
from tests import world
from tests.worlds import casting, directory
from theater_site.archive.importer import import_archive
from theater_site.core.actors import System

pytestmark = pytest.mark.django_db


def _program(production: Production, on: str) -> str:
    answer = world.client().get(
        f"/api/v1/productions/{production.pk}/program/", {"on": on}, headers={"Accept": "text/markdown"}
    )
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_a_cast_change_during_the_run() -> None:
    """The stage manager submits it, the director approves it, the audience reads it; a cover goes on one night before."""
    production, director = casting.play(title="Twelfth Night", authors=["William Shakespeare"])
    stage = world.give("stage_manager", production.section, by=director)
    viola, feste = (casting.part(production, name, by=director) for name in ("Viola", "Feste"))
    ann = casting.holds("Ann Lee", viola, by=director, holding="principal", billing_order=1)
    casting.holds("Bo Katz", feste, by=director, holding="principal", billing_order=2)
    uma = casting.holds("Uma Rao", viola, by=director, holding="understudy", billing_order=3)
    ida = directory.person(by=director, name="Ida Moe", bio="Ida comes from the north.", published=True)

    # On the ninth Ann is ill, and her understudy goes on.
    manager = world.client(stage)
    cover = {
        "production": production.pk, "person": uma.person_id, "character": viola.pk, "holding": "cover", "in_place_of": ann.pk,
        "starts_on": "2026-10-09", "ends_on": "2026-10-09",
    }  # fmt: skip
    waits = world.post(manager, "/api/v1/credits/", cover)
    assert waits.status_code == 202
    approve = f"/api/v1/submissions/{waits.json()['id']}/approve/"
    assert (
        world.post(world.client(director), approve, {"comment": "", "digest": world.seen(waits.json())}).status_code
        == 200
    )

    # From the twentieth on somebody else plays it for good.
    path = f"/api/v1/productions/{production.pk}/cast/change/"
    change = {"character": viola.pk, "leaves": ann.pk, "person": ida.pk, "from_date": "2026-10-20"}
    assert world.post(world.client(), path, change).status_code == 401
    assert world.post(world.client(world.user()), path, change).status_code == 403
    submitted = world.post(manager, path, change)
    assert submitted.status_code == 202
    assert "Ida" not in _program(production, "2026-10-21"), "what is submitted has not happened"
    submission = f"/api/v1/submissions/{submitted.json()['id']}/approve/"
    seen = {"comment": "Welcome, Ida.", "digest": world.seen(submitted.json())}
    assert world.post(manager, submission, seen).status_code == 403
    assert world.post(world.client(director), submission, seen).json()["state"] == "applied"

    opening, ill = _program(production, "2026-10-02"), _program(production, "2026-10-09")
    before, after = _program(production, "2026-10-19"), _program(production, "2026-10-20")
    assert "At this performance" not in opening + before
    assert "- **Viola** is played at this performance by **Uma Rao**, in place of Ann Lee." in ill
    assert "- Viola: **Uma Rao**" in ill
    assert "- Viola: **Ann Lee**" in before
    assert "- **Viola** is now played by **Ida Moe**, in place of Ann Lee." in after
    assert "- Viola: **Ida Moe**\n- Feste: **Bo Katz**" in after
    assert "Ida comes from the north." in after
    assert "Ann Lee**" not in after
    assert "- Viola: **Uma Rao** (understudy)" in after

    # Anybody who covers her now comes in her place, and not in Ann's.
    night = {"starts_on": "2026-10-25", "ends_on": "2026-10-25"}
    casting.holds("Eve", viola, by=director, holding="cover", **night)
    assert "- **Viola** is played at this performance by **Eve**, in place of Ida Moe." in _program(
        production, "2026-10-25"
    )

    # All are in the history, with their days.
    told = world.client().get(f"/api/v1/characters/{viola.pk}/holders/").json()["holders"]
    spans = {(row["name"], row["holding"], row["starts_on"], row["ends_on"]) for row in told}
    assert spans == {
        ("Ann Lee", "principal", "", "2026-10-19"),
        ("Uma Rao", "understudy", "", ""),
        ("Uma Rao", "cover", "2026-10-09", "2026-10-09"),
        ("Eve", "cover", "2026-10-25", "2026-10-25"),
        ("Ida Moe", "replacement", "2026-10-20", ""),
    }
    done = world.client().get(f"/api/v1/people/{ida.pk}/history/").json()["productions"]
    assert [(row["title"], row["credits"][0]["role"]) for row in done] == [("Twelfth Night", "Viola")]
    entries = world.client(director).get("/api/v1/audit/", {"action": "cast.change"}).json()["results"]
    assert len(entries) == 1


# --- Random histories against a naive replay ------------------------------------------------------------------------

FIRST = dt.date(2026, 10, 1)
RUN = [FIRST + dt.timedelta(days=n) for n in range(25)]
_PEOPLE = 6
_day = st.integers(1, len(RUN) - 1)
_who = st.integers(0, _PEOPLE - 1)
_events = st.lists(
    st.one_of(
        st.tuples(st.just("change"), _day, _who),
        st.tuples(st.just("cover"), _day, _who, st.integers(0, 4), st.booleans()),
        st.tuples(st.just("understudy"), _day, _who),
        st.tuples(st.just("alternate"), _day, _who),
        st.tuples(st.just("leaves"), _day),
        st.tuples(
            st.just("team"), st.sampled_from(["Red", "Blue"]), _who, st.frozensets(st.sampled_from(RUN), max_size=12)
        ),
    ),
    max_size=7,
)


class _Pencil:
    """A calendar in which somebody writes beside every day who plays, and which line of the contract book says so."""

    def __init__(self, who: int, line: int) -> None:
        self.plays: dict[dt.date, tuple[int, int] | None] = dict.fromkeys(RUN, (who, line))
        self.covers: dict[dt.date, int] = {}
        self.teams: dict[str, int] = {}
        self.nights: dict[str, frozenset[dt.date]] = {}

    def rewrite(self, start: int, into: tuple[int, int] | None) -> None:
        """From that day on, wherever the same line is as on that day."""
        line = self.plays[RUN[start]]
        for day in RUN[start:]:
            if self.plays[day] == line:
                self.plays[day] = into

    def on(self, day: dt.date) -> list[int]:
        if day in self.covers:
            return [self.covers[day]]
        tonight = {team for team, days in self.nights.items() if day in days}
        if alternating := [who for team, who in self.teams.items() if team in tonight or not tonight]:
            return alternating
        line = self.plays[day]
        return [] if line is None else [line[0]]


class RandomCastHistories(TestCase):
    """Any order of changes, covers, alternating casts and departures: one query says what the calendar says, on every day."""

    production: Production
    director: User
    people: list[Person]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.production, cls.director = casting.play(opens_on=str(RUN[0]), closes_on=str(RUN[-1]))
        cls.people = [directory.person(by=cls.director, published=True) for _ in range(_PEOPLE)]

    @settings(max_examples=60)
    @given(_who, _events)
    def test_the_cast_of_a_night_agrees_with_a_naive_replay(self, star: int, events: list[tuple[Any, ...]]) -> None:
        character = casting.part(self.production, by=self.director)
        first = casting.holds(self.people[star], character, holding="principal", by=self.director)
        pencil, known = _Pencil(star, first.pk), set[tuple[Any, ...]]()
        for event in events:
            # The same credit twice is refused, which is told elsewhere.
            if (same := (event[0], event[1], *event[2:3])) not in known:
                known.add(same)
                getattr(self, f"_{event[0]}")(character, pencil, *event[1:])
        place = {person.pk: number for number, person in enumerate(self.people)}
        for day in RUN:
            assert [place[row.person_id] for row in who_played(character.pk, day)] == pencil.on(day), day

    def _change(self, character: Character, pencil: _Pencil, at: int, who: int) -> None:
        line = pencil.plays[RUN[at]]
        # Nobody to replace; or replaced by themselves; or on the very day on which they begin.
        if line is None or line[0] == who or pencil.plays[RUN[at - 1]] != line:
            return
        new = casting.change(
            character, self.people[who], str(RUN[at]), by=self.director, leaves=Credit.objects.get(pk=line[1])
        )
        pencil.rewrite(at, (who, new.pk))

    def _leaves(self, character: Character, pencil: _Pencil, at: int) -> None:
        line = pencil.plays[RUN[at]]
        if line is not None and at + 1 < len(RUN) and pencil.plays[RUN[at + 1]] == line:
            update_credit(
                actor=world.acting(self.director),
                credit=Credit.objects.get(pk=line[1]),
                changes={"ends_on": str(RUN[at])},
            )
            pencil.rewrite(at + 1, None)

    def _cover(self, character: Character, pencil: _Pencil, at: int, who: int, more: int, named: bool) -> None:
        days = RUN[at : at + more + 1]
        if not any(day in pencil.covers for day in days):
            line = pencil.plays[RUN[at]]
            casting.holds(
                self.people[who], character, by=self.director, holding="cover", starts_on=str(days[0]), ends_on=str(days[-1]),
                in_place_of=Credit.objects.get(pk=line[1]) if named and line else None,
            )  # fmt: skip
            pencil.covers |= dict.fromkeys(days, who)

    def _alternate(self, character: Character, pencil: _Pencil, at: int, who: int) -> None:
        casting.holds(
            self.people[who], character, by=self.director, holding="alternate", starts_on=str(RUN[at]), note=str(at)
        )

    def _team(self, character: Character, pencil: _Pencil, team: str, who: int, days: frozenset[dt.date]) -> None:
        if team not in pencil.teams:
            casting.holds(
                self.people[who], character, by=self.director, holding="alternate", team=team, note=f"{team} cast"
            )
            pencil.teams[team] = who
        casting.nights(self.production, team, *map(str, days), by=self.director)
        pencil.nights[team] = days

    def _understudy(self, character: Character, pencil: _Pencil, at: int, who: int) -> None:
        casting.holds(
            self.people[who], character, by=self.director, holding="understudy", starts_on=str(RUN[at]), note=str(at)
        )


# --- Real names -----------------------------------------------------------------------------------------------------


def _subset(source: Path, target: Path, seasons: int) -> None:
    """The first seasons of an archive, with the productions, people and credits that depend on them."""

    def rows(table: str) -> Any:
        (path,) = source.glob(f"{table}.jsonl.gz")
        with gzip.open(path, "rt") as lines:
            yield from (json.loads(line) for line in lines)

    kept: dict[str, list[Any]] = {"seasons": list(rows("seasons"))[:seasons]}
    names = {row["id"] for row in kept["seasons"]}
    kept["productions"] = [row for row in rows("productions") if row["season"] in names]
    plays = {row["id"] for row in kept["productions"]}
    kept["credits"] = [row for row in rows("credits") if row["production"] in plays]
    people = {row["person"] for row in kept["credits"]}
    kept["people"] = [row for row in rows("people") if row["id"] in people]
    kept["venues"], kept["performances"] = list(rows("venues")), []
    for table, listed in kept.items():
        (target / f"{table}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in listed))


def test_every_credit_of_a_real_archive_is_found(shared_data: Path, tmp_path: Path) -> None:
    """Every printed credit is found again, by person and by production, with its role and note as they were printed."""
    root, _ = world.found()
    _subset(shared_data / "nyphil", tmp_path, 2)
    given = {"archive": "nyphil", "default_timezone": None, "publish": True, "add_people": False}
    outcome = import_archive(actor=System("test"), organization=root, folder=str(tmp_path), **given)
    assert not outcome.bad
    printed = [json.loads(line) for line in (tmp_path / "credits.jsonl").read_text().splitlines()]
    tally = outcome.tables["credits"]
    assert tally.new + tally.merged == len(printed) > 500
    key = {row.archive_key.removeprefix("nyphil:"): row.pk for row in Person.objects.all()}
    by_person: dict[str, set[tuple[str, str]]] = {}
    for row in printed:
        by_person.setdefault(row["person"], set()).add((row["role"] or "", row["note"] or ""))
    busiest = max(by_person, key=lambda person: len(by_person[person]))
    for person in [busiest, *list(by_person)[:20]]:
        assert {(work.role, work.note) for work in history(key[person])} == by_person[person]
    works = history(key[busiest])
    assert [work.opens_on for work in works] == sorted((work.opens_on for work in works), reverse=True)
    production = Production.objects.get(pk=works[0].production_id)
    cast = {(row["person"], row["role"] or "") for row in printed
            if f"nyphil:{row['production']}" == production.archive_key and row["kind"] == "cast"}  # fmt: skip
    held = whole_cast(production.pk)
    names = dict(Person.objects.values_list("pk", "archive_key"))
    assert {(names[row.person_id].removeprefix("nyphil:"), row.part) for row in held} == cast
    # Nobody says who covered whom, so nobody is guessed: all that were printed played.
    assert {row.holding for row in held} <= {""}
    on = dt.date.fromisoformat(production.opens_on) if len(production.opens_on) == 10 else dt.date(1956, 1, 1)
    assert sorted(row.id for part in cast_on(production.pk, on) for row in part.plays) == sorted(row.id for row in held)
    again = import_archive(actor=System("test"), organization=root, folder=str(tmp_path), **given)
    assert again.tables["credits"].new == 0


def test_partial_and_reversed_dates_select_their_days() -> None:
    """Made ones: a month covers all its days, a reversed run of an archive stays as printed and hides nobody."""
    production, director = casting.play(opens_on="2026", closes_on="2026")
    nora = casting.part(production, "Nora", by=director)
    casting.holds("Ann", nora, by=director, ends_on="2026-03")
    casting.holds("Bea", nora, by=director, starts_on="2026-04", ends_on="2026-05-10")
    spans = [("2026-03-31", ["Ann"]), ("2026-04-01", ["Bea"]), ("2026-05-10", ["Bea"]), ("2026-05-11", [])]
    for day, names in spans:
        assert [row.name for row in who_played(nora.pk, dt.date.fromisoformat(day))] == names
    # Past the services, as an import writes it: the run ends before it begins.
    Production.objects.filter(pk=production.pk).update(opens_on="2026-06-10", closes_on="2026-06-01")
    told = world.client().get(f"/api/v1/productions/{production.pk}/program/").json()
    assert told["on"] is None
    assert [entry["names"] for entry in told["blocks"][0]["entries"]] == [["Ann"], ["Bea"]]


def test_a_copy_contains_the_parts_and_their_last_holders() -> None:
    original, director = casting.play()
    viola = casting.part(original, "Viola", by=director, doubling="Curio")
    scene = casting.scene(original, "A shipwreck", by=director, number="I.2")
    set_characters(actor=world.acting(director), scene=scene, characters=[viola.pk])
    casting.holds("Ann", viola, by=director, holding="principal")
    casting.holds("Uma", viola, by=director, holding="understudy")
    casting.holds("Eve", viola, by=director, holding="cover", starts_on="2026-10-05", ends_on="2026-10-05")
    casting.change(viola, "Ida", "2026-10-20", by=director)
    # An understudy is followed by another; and what is passed on by days alone is passed on too.
    feste, orsino = (casting.part(original, name, by=director) for name in ("Feste", "Orsino"))
    casting.holds("Bo", feste, by=director, ends_on="2026-10-31")
    casting.holds("Cy", feste, by=director, starts_on="2026-11-01")
    second = casting.holds("Ola", orsino, by=director, holding="understudy")
    casting.change(orsino, "Ole", "2026-10-20", by=director, leaves=second)

    def copied(*parts: CopyPart) -> Production:
        given = {"production": original, "season": original.season, "title": None, "parts": list(parts)}
        made: Production = copy_production(actor=world.acting(director), **given)
        return made

    bare = copied()
    assert not bare.scenes.exists()
    assert not bare.credits.exists()
    copy = copied(CopyPart.SCENES, CopyPart.CREDITS)
    part, *others = copy.characters.order_by("pk")
    assert (part.name, part.doubling, part.pk != viola.pk) == ("Viola", "Curio", True)
    (brought,) = copy.scenes.all()
    assert (brought.number, [row.character_id for row in brought.appearances.all()]) == ("I.2", [part.pk])
    held = {
        (credit.person.name, credit.holding, credit.character_id, credit.starts_on) for credit in copy.credits.all()
    }
    assert held == {
        ("Ida", "principal", part.pk, ""), ("Uma", "understudy", part.pk, ""), ("Cy", "", others[0].pk, ""),
        ("Ole", "understudy", others[1].pk, ""),
    }  # fmt: skip

"""Who holds which part on which night, the program, and every refusal of a credit or a change by its code."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from directory.models import Credit
from directory.services.consents import give_consent
from directory.services.credits import remove_credit
from directory.signals import cast_changed
from productions.services.licenses import add_license
from tests import world
from tests.laws.test_personal_values import found
from tests.worlds import casting, directory
from theater_site.core.conflicts import conflict_of
from theater_site.core.errors import Conflict

pytestmark = pytest.mark.django_db


@pytest.fixture
def play() -> Any:
    return casting.play()


def _playing(character: Any, on: str) -> list[str]:
    rows = world.client().get(f"/api/v1/characters/{character.pk}/holders/", {"on": on}).json()["holders"]
    return [row["name"] for row in rows if row["plays"]]


def test_who_played_on_a_night(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal", credited_as="Anna L.")
    casting.holds("Uma", viola, by=director, holding="understudy")
    casting.change(viola, "Ida", "2026-10-20", by=director)
    casting.holds("Uma Again", viola, by=director, holding="cover", starts_on="2026-10-09", ends_on="2026-10-10")
    assert _playing(viola, "2026-10-02") == ["Anna L."]
    assert _playing(viola, "2026-10-10") == ["Uma Again"]
    assert _playing(viola, "2026-10-19") == ["Anna L."]
    assert _playing(viola, "2026-10-20") == ["Ida"]
    ever = world.client().get(f"/api/v1/characters/{viola.pk}/holders/").json()
    assert ever["on"] is None
    assert {row["plays"] for row in ever["holders"]} == {None}
    assert len(ever["holders"]) == 4
    whole = world.client().get(f"/api/v1/productions/{production.pk}/cast/").json()["parts"]
    assert [(part["part"], len(part["holders"])) for part in whole] == [("Viola", 4)]
    tonight = world.client().get(f"/api/v1/productions/{production.pk}/cast/", {"on": "2026-10-09"}).json()
    assert [(row["name"], row["plays"]) for row in tonight["parts"][0]["holders"]] == [
        ("Uma Again", True), ("Anna L.", False), ("Uma", False)
    ]  # fmt: skip
    ann.refresh_from_db()
    assert ann.ends_on == "2026-10-19"


def test_the_whole_cast_is_in_billing_order(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    casting.holds("Second", viola, by=director, holding="understudy", billing_order=2)
    first = casting.holds("First", viola, by=director, holding="principal", billing_order=1)
    casting.holds(
        "Third", viola, by=director, holding="cover", in_place_of=first, starts_on="2026-10-05", ends_on="2026-10-05",
        billing_order=3,
    )  # fmt: skip
    casting.holds("Orsino's", casting.part(production, "Orsino", by=director), by=director, billing_order=0)
    told = world.client().get(f"/api/v1/productions/{production.pk}/cast/").json()["parts"]
    assert [(part["part"], [row["name"] for row in part["holders"]]) for part in told] == [
        ("Orsino", ["Orsino's"]), ("Viola", ["First", "Second", "Third"])
    ]  # fmt: skip


def test_who_played_is_one_query(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    casting.holds("Ann", viola, by=director)
    from directory.selectors.casting import cast_on, history, holders_of, who_played

    on = dt.date(2026, 10, 9)
    person = Credit.objects.get(character=viola).person_id
    for ask in (
        lambda: who_played(viola.pk, on),
        lambda: holders_of(viola.pk),
        lambda: cast_on(production.pk, on),
        lambda: history(person),
    ):
        ask()
        with CaptureQueriesContext(connection) as queries:
            assert ask()
        assert len(queries) == 1


def test_casts_that_alternate(play):
    production, director = play
    tim = casting.part(production, "Tiny Tim", by=director)
    casting.holds("Red Child", tim, by=director, team="Red")
    casting.holds("Blue Child", tim, by=director, team="Blue")
    assert _playing(tim, "2026-10-03") == ["Red Child", "Blue Child"], "not laid down yet: any of them may"
    browser = world.client(director)
    path = f"/api/v1/productions/{production.pk}/team-nights/"
    for team, dates in (("Red", ["2026-10-03", "2026-10-05"]), ("Blue", ["2026-10-04", "2026-10-05"])):
        assert world.post(browser, path, {"team": team, "dates": dates}).status_code == 200
    assert world.client().get(path).json()["teams"][1] == {"team": "Red", "dates": ["2026-10-03", "2026-10-05"]}
    assert _playing(tim, "2026-10-03") == ["Red Child"]
    assert _playing(tim, "2026-10-04") == ["Blue Child"]
    assert _playing(tim, "2026-10-05") == ["Red Child", "Blue Child"], "two performances that day"
    # A new list is the whole truth.
    world.post(browser, path, {"team": "Red", "dates": []})
    assert _playing(tim, "2026-10-05") == ["Blue Child"]
    for body, code in (
        ({"team": "Green", "dates": []}, "unknown_team"),
        ({"team": "", "dates": []}, "unknown_team"),
        ({"team": "Red", "dates": ["2026-09-01"]}, "outside_the_run"),
        ({"team": "Red", "dates": ["soon"]}, "invalid"),
    ):
        refused = world.post(browser, path, body)
        assert (refused.status_code, refused.json()["code"]) == (400, code), refused.json()


def test_a_group_holds_a_part_and_somebody_several(play):
    production, director = play
    pirates = casting.part(production, "Pirates", by=director, is_group=True, kind="ensemble")
    king = casting.part(production, "The Pirate King", by=director)
    chorus = directory.person(by=director, name="The Chorus", kind="group", published=True)
    sam = directory.person(by=director, name="Sam", published=True)
    casting.holds(chorus, pirates, by=director)
    casting.holds(sam, pirates, by=director, holding="principal")
    casting.holds(sam, king, by=director, holding="principal")
    assert _playing(pirates, "2026-10-09") == ["The Chorus", "Sam"]
    done = world.client().get(f"/api/v1/people/{sam.pk}/history/").json()
    assert done["count"] == 2
    assert [[credit["role"] for credit in row["credits"]] for row in done["productions"]] == [
        ["Pirates", "The Pirate King"]
    ]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"starts_on": "2026-12-01"}, "outside_the_run", "starts_on"),
        ({"ends_on": "2026-09"}, "outside_the_run", "ends_on"),
        ({"starts_on": "2026-11", "ends_on": "2026-10"}, "ends_before_start", "ends_on"),
        ({"starts_on": "2026-13"}, "bad_date", "starts_on"),
        ({"holding": "replacement", "starts_on": "2026-10-02"}, "replacement_before_first_night", "starts_on"),
        ({"holding": "cover", "starts_on": "2026-10-05"}, "cover_without_nights", "ends_on"),
        ({"holding": "cover", "starts_on": "2026-10", "ends_on": "2026-10"}, "cover_without_nights", "starts_on"),
        ({"holding": "star"}, "invalid_choice", "holding"),
        ({"kind": "crew"}, "part_without_cast", "character"),
        ({"kind": "crew", "character": None, "team": "Red"}, "part_without_cast", "team"),
        ({"job": "any"}, "job_of_cast", "job"),
        ({"character": "other"}, "character_not_in_play", "character"),
        ({"character": 10**17}, "does_not_exist", "character"),
        ({"in_place_of": "other"}, "not_of_this_part", "in_place_of"),
    ],
)  # fmt: skip
def test_a_credit_that_cannot_be_is_refused_by_its_code(fields, code, field, play):
    production, director = play
    hamlet = casting.part(world.production(production.season, by=director, published=True), "Hamlet", by=director)
    names: dict[str, Any] = {
        "job": lambda: casting.department(by=director).jobs.first().pk,
        "character": lambda: hamlet.pk,
        "in_place_of": lambda: casting.holds("Ham", hamlet, by=director).pk,
    }
    body: dict[str, Any] = {
        "production": production.pk,
        "person": directory.person(by=director).pk,
        "character": casting.part(production, by=director).pk,
        **{name: names[name]() if value in ("any", "other") else value for name, value in fields.items()},
    }
    before = Credit.objects.filter(production=production).count()
    refused = world.post(world.client(director), "/api/v1/credits/", body)
    assert refused.status_code == 400, refused.json()
    faults = refused.json()["errors"]
    assert [(fault["code"], fault["field"]) for fault in faults] == [(code, field)]
    assert Credit.objects.filter(production=production).count() == before


def test_dates_that_an_archive_printed_the_wrong_way_round_block_nobody(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director)
    # Past the services, as an import writes it.
    Credit.objects.filter(pk=ann.pk).update(starts_on="2026-11-10", ends_on="2026-11-01")
    browser = world.client(director)

    def corrected(**body: str) -> int:
        ann.refresh_from_db()
        answer = world.patch(browser, f"/api/v1/credits/{ann.pk}/", body, ann.version)
        return int(answer.status_code)

    assert corrected(credited_as="A.") == 200
    assert corrected(holding="principal") == 200
    assert corrected(ends_on="2026-10-31") == 400
    assert corrected(ends_on="2026-11-10") == 200
    type(production).objects.filter(pk=production.pk).update(opens_on="2026-06-10", closes_on="2026-06-01")
    assert corrected(ends_on="2026-11-11") == 200
    program = browser.get(f"/api/v1/productions/{production.pk}/program/", {"on": "2026-06-05"})
    assert (program.status_code, program.json()["on"]) == (200, "2026-06-05")


def test_the_database_keeps_a_credit_in_its_play(play):
    production, director = play
    hamlet = casting.part(world.production(production.season, by=director), "Hamlet", by=director)
    person = directory.person(by=director)
    for fields, code in (
        ({"character": hamlet}, "credit_of_another_play"),
        ({"kind": "crew", "holding": "swing"}, "part_without_cast"),
        ({"kind": "cast", "job": casting.department(by=director).jobs.first()}, "job_of_cast"),
    ):
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            Credit.objects.create(production=production, person=person, **fields)
        assert conflict_of(broken.value).code == code


def test_two_principals_on_one_night_are_a_warning_that_can_be_waived(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    casting.holds("Ann", viola, by=director, holding="principal", ends_on="2026-10")
    browser = world.client(director)
    person = directory.person(by=director)
    body = {
        "production": production.pk, "person": person.pk, "character": viola.pk, "holding": "principal", "starts_on": "2026-10-09"
    }  # fmt: skip
    # Ann may have ended on the first: in October some time.
    assert world.post(browser, "/api/v1/credits/?preview=true", body).json()["findings"] == []
    early = {**body, "starts_on": "2026-10-01"}
    told = world.post(browser, "/api/v1/credits/", early)
    assert (told.status_code, told.json()["code"]) == (409, "waiver_required")
    (finding,) = told.json()["data"]["findings"]
    assert (finding["rule"], finding["severity"]) == ("one_part_twice", "warning")
    assert "two players on one night" in finding["message"]
    waived = world.post(browser, "/api/v1/credits/", {**early, "waive": {"one_part_twice": "They share it."}})
    assert waived.status_code == 201
    assert _playing(viola, "2026-10-02") == ["Ann", person.name]
    entry = AuditEntry.objects.filter(action="credit.add").order_by("-at", "-id").first()
    assert entry.note["waived"] == ["one_part_twice"], "why is personal: the history tells it to those who may know"


def test_a_part_that_is_a_group_no_longer_is_played_by_one(play):
    production, director = play
    lords, ladies = (casting.part(production, name, by=director, is_group=True) for name in ("Lords", "Ladies"))
    one, two = (casting.holds(name, lords, by=director) for name in ("One", "Two"))
    casting.holds("Three", ladies, by=director)
    browser = world.client(director)
    told = world.patch(browser, f"/api/v1/characters/{lords.pk}/", {"is_group": False}, lords.version)
    assert (told.status_code, told.json()["code"]) == (409, "waiver_required")
    (finding,) = told.json()["data"]["findings"]
    assert (finding["rule"], finding["object_type"], finding["field"]) == (
        "one_part_twice", "productions.character", "is_group"
    )  # fmt: skip
    assert f"credits {one.pk} and {two.pk} overlap" in finding["message"]
    for part, body in ((ladies, {"is_group": False}), (lords, {"name": "Gentlemen"})):
        assert world.patch(browser, f"/api/v1/characters/{part.pk}/", body, part.version).status_code == 200


def test_a_cover_of_one_and_a_cover_of_all_on_one_night_are_a_warning(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal")
    night = {"holding": "cover", "starts_on": "2026-10-09", "ends_on": "2026-10-09"}
    casting.holds("Uma", viola, by=director, in_place_of=ann, **night)
    body = {"production": production.pk, "person": directory.person(by=director).pk, "character": viola.pk, **night}
    told = world.post(world.client(director), "/api/v1/credits/", body)
    assert (told.status_code, told.json()["code"]) == (409, "waiver_required")


def test_a_run_is_not_moved_away_under_its_credits_unseen(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    casting.holds("Ann", viola, by=director, holding="principal", ends_on="2026-10-31")
    cover = casting.holds("Eve", viola, by=director, holding="cover", starts_on="2026-11-20", ends_on="2026-11-20")
    new = casting.holds("Ida", viola, by=director, holding="replacement", starts_on="2026-11-01")
    browser = world.client(director)

    def moved(**body: Any) -> Any:
        production.refresh_from_db()
        return world.patch(browser, f"/api/v1/productions/{production.pk}/", body, production.version)

    told = moved(closes_on="2026-11-15").json()
    assert told["code"] == "waiver_required"
    (finding,) = told["data"]["findings"]
    assert (finding["rule"], finding["field"]) == ("credit_outside_the_run", "closes_on")
    assert finding["message"].endswith(f"would leave out credits with their own days: {cover.pk}.")
    (finding,) = moved(opens_on="2026-11-01").json()["data"]["findings"]
    assert (finding["field"], f", {new.pk}." in finding["message"]) == ("opens_on", True)
    assert moved(closes_on="2026-11-20").status_code == 200
    assert moved(closes_on="2026-11-15", waive={"credit_outside_the_run": "She is told."}).status_code == 200
    assert moved(title="As You Like It").status_code == 200


def test_the_same_credit_twice_is_refused(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="understudy")
    body = {
        "production": production.pk, "person": ann.person_id, "character": viola.pk, "role": "Viola", "holding": "understudy"
    }  # fmt: skip
    again = world.post(world.client(director), "/api/v1/credits/", body)
    assert (again.status_code, again.json()["code"]) == (409, "credit_exists")
    other = world.post(world.client(director), "/api/v1/credits/", {**body, "holding": "principal"})
    assert other.status_code == 201, "an understudy may also be a principal"


# --- A change in mid-run ------------------------------------------------------------------------------------------


def _change(who: Any, production: Any, **body: Any) -> Any:
    return world.post(world.client(who), f"/api/v1/productions/{production.pk}/cast/change/", body)


def test_a_change_is_refused_by_its_code(play):
    production, director = play
    viola, feste = (casting.part(production, name, by=director) for name in ("Viola", "Feste"))
    hamlet = casting.part(world.production(production.season, by=director, published=True), "Hamlet", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal", ends_on="2026-11-15")
    new = directory.person(by=director, published=True)
    given = {"character": viola.pk, "person": new.pk, "from_date": "2026-10-20"}
    cover = casting.holds("Eve", viola, by=director, holding="cover", starts_on="2026-10-05", ends_on="2026-10-25")
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"character": hamlet.pk}, 400, "character_not_in_play"),
        ({"character": 10**17}, 400, "does_not_exist"),
        ({"from_date": "2026-10-02"}, 400, "replacement_before_first_night"),
        ({"from_date": "2026-09-01"}, 400, "replacement_before_first_night"),
        ({"from_date": "2026-12-01"}, 400, "outside_the_run"),
        ({"from_date": "2026-11-20"}, 409, "part_not_held"),
        ({"from_date": "2026-11-20", "leaves": ann.pk}, 409, "credit_not_standing"),
        ({"character": feste.pk}, 409, "part_not_held"),
        ({"leaves": cover.pk}, 400, "leaves_a_cover"),
        ({"character": feste.pk, "leaves": ann.pk}, 400, "not_of_this_part"),
        ({"person": ann.person_id}, 409, "same_holder"),
        ({"ends_on": "2026-10-10"}, 400, "ends_before_start"),
        ({"from_date": "soon"}, 400, "invalid"),
    ]
    for fields, status, code in cases:
        refused = _change(director, production, **{**given, **fields})
        told = refused.json()
        assert refused.status_code == status, (fields, told)
        assert code in {told["code"], *(fault["code"] for fault in told.get("errors", ()))}, (fields, told)
    stored = Credit.objects.get(pk=ann.pk)
    assert (stored.ends_on, stored.version) == ("2026-11-15", ann.version)
    done = _change(director, production, **given)
    assert done.status_code == 201
    assert (done.json()["holding"], done.json()["ends_on"]) == ("replacement", "2026-11-15")
    # The same again: she holds it from that day on already.
    again = _change(director, production, **given)
    assert again.json()["code"] == "credit_not_standing"


def test_where_several_play_one_says_who_leaves(play):
    production, director = play
    sailors = casting.part(production, "Sailors", by=director, is_group=True)
    one, two = (casting.holds(name, sailors, by=director) for name in ("One", "Two"))
    body = {"character": sailors.pk, "person": directory.person(by=director).pk, "from_date": "2026-10-20"}
    refused = _change(director, production, **body)
    assert (refused.status_code, refused.json()["code"]) == (409, "several_holders")
    assert refused.json()["data"]["credits"] == [one.pk, two.pk]
    assert _change(director, production, **body, leaves=two.pk).status_code == 201
    assert _playing(sailors, "2026-10-21")[0] == "One"


def test_an_understudy_is_followed_by_an_understudy(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    casting.holds("Ann", viola, by=director, holding="principal")
    old = casting.holds("Uma", viola, by=director, holding="understudy")
    new = casting.change(viola, "Ute", "2026-10-20", by=director, leaves=old)
    assert (new.holding, new.in_place_of_id) == ("understudy", old.pk)
    assert _playing(viola, "2026-10-20") == ["Ann"]


def test_a_change_that_is_taken_back_gives_the_nights_back(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal", ends_on="2026-11-15")
    ida = casting.change(viola, "Ida", "2026-10-20", by=director)
    eve = casting.change(viola, "Eve", "2026-11-01", by=director)
    cover = casting.holds(
        "Uma", viola, by=director, holding="cover", in_place_of=ida, starts_on="2026-10-25", ends_on="2026-10-25"
    )
    actor = world.acting(director)
    ida.refresh_from_db()
    remove_credit(actor=actor, credit=ida)
    rows = {row.pk: (row.ends_on, row.in_place_of_id) for row in Credit.objects.filter(character=viola)}
    assert rows == {ann.pk: ("2026-10-31", None), eve.pk: ("2026-11-15", ann.pk), cover.pk: ("2026-10-25", ann.pk)}
    eve.refresh_from_db()
    remove_credit(actor=actor, credit=eve)
    ann.refresh_from_db()
    assert ann.ends_on == "2026-11-15"
    assert _playing(viola, "2026-11-02") == ["Ann"]
    # An end that somebody wrote down themselves stays, and so does that of everybody who was only covered.
    other = casting.change(viola, "Ida", "2026-10-20", by=director)
    Credit.objects.filter(pk=ann.pk).update(ends_on="2026-10-10")
    remove_credit(actor=actor, credit=other)
    cover.refresh_from_db()
    remove_credit(actor=actor, credit=cover)
    ann.refresh_from_db()
    assert ann.ends_on == "2026-10-10"


def test_a_change_is_announced_inside_its_transaction(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, holding="principal")
    heard: list[dict[str, Any]] = []

    def listens(**told: Any) -> None:
        heard.append(told)
        if len(heard) == 2:
            raise Conflict("The call sheet says no.", code="no")

    cast_changed.connect(listens)
    try:
        new = casting.change(viola, "Ida", "2026-10-20", by=director)
        with pytest.raises(Conflict), transaction.atomic():
            casting.change(viola, "Eve", "2026-11-01", by=director)
    finally:
        cast_changed.disconnect(listens)
    first = heard[0]
    assert (first["production"], first["character"], first["old"], first["new"]) == (production, viola, ann, new)
    assert first["from_date"] == dt.date(2026, 10, 20)
    assert first["old"].ends_on == "2026-10-19"
    assert _playing(viola, "2026-11-02") == ["Ida"], "what a listener refuses has not happened"


# --- The program --------------------------------------------------------------------------------------------------


def test_only_those_who_may_be_shown_have_their_biography_printed(play):
    production, director = play
    public = directory.person(by=director, name="Pia", bio="Pia dances.", published=True)
    private = directory.person(by=director, name="Pavel", bio="Pavel hides.")
    agreed = directory.person(by=director, name="Agnes", bio="Agnes agrees.")
    give_consent(actor=world.acting(director), person=agreed, purpose="biography", note=None)
    for person in (public, private, agreed):
        directory.credit(production, person, "Dancer", by=director)
    told = world.client().get(f"/api/v1/productions/{production.pk}/program/").json()
    assert [bio["name"] for bio in told["bios"]] == ["Pia", "Agnes"]
    assert told["blocks"] == [
        {"title": "Cast", "entries": [{"role": "Dancer", "names": ["Pia", "Pavel", "Agnes"], "note": ""}]}
    ]


def test_the_blocks_are_in_the_order_of_print(play):
    production, director = play
    light = casting.department(by=director, name="Lighting", order=2, jobs=["Designer", "Operator"])
    stage = casting.department(by=director, name="Stage management", order=1, jobs=["Stage manager"])
    job = {row.name: row for department in (light, stage) for row in department.jobs.all()}
    by = {"by": director}
    person = lambda name: directory.person(name=name, **by)  # noqa: E731
    directory.credit(production, person("Ola"), kind="crew", job=job["Operator"], **by)
    directory.credit(production, person("Stig"), kind="crew", job=job["Stage manager"], **by)
    directory.credit(production, person("The Bakery"), kind="thanks", **by)
    directory.credit(production, person("Viv"), "Viola da gamba", kind="musician", **by)
    directory.credit(production, person("Dot"), "Director", kind="creative", **by)
    directory.credit(production, person("Cat"), "Captain", block="At sea", block_order=2, **by)
    directory.credit(production, person("Kim"), "King", block="On land", block_order=1, **by)
    told = world.client().get(f"/api/v1/productions/{production.pk}/program/").json()
    assert [(block["title"], [entry["names"] for entry in block["entries"]]) for block in told["blocks"]] == [
        ("On land", [["Kim"]]), ("At sea", [["Cat"]]), ("Musicians", [["Viv"]]), ("Creative team", [["Dot"]]),
        ("Crew", [["Stig"], ["Ola"]]), ("With thanks to", [["The Bakery"]]),
    ]  # fmt: skip


def test_a_program_is_asked_for_a_day_of_the_run_in_json_or_markdown(play):
    production, director = play
    casting.holds("Ann", casting.part(production, "Viola", by=director), by=director)
    path = f"/api/v1/productions/{production.pk}/program/"
    browser = world.client()
    for day, code in (("2026-09-30", "outside_the_run"), ("2026-12-01", "outside_the_run"), ("soon", "bad_date"),
                      ("2026-10", "bad_date")):  # fmt: skip
        refused = browser.get(path, {"on": day}, headers={"Accept": "text/markdown"})
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        assert refused["Content-Type"] == "application/problem+json"
    assert browser.get(path, {"at": "2026-10-02"}).json()["code"] == "unknown_filter"
    read = browser.get(path, {"on": "2026-10-02"}, headers={"Accept": "text/markdown"})
    assert read["Content-Type"] == "text/markdown; charset=utf-8"
    assert read["Vary"].startswith("Accept")
    assert "- Viola: **Ann**" in read.content.decode()
    for accept in ("application/json", "*/*", "text/markdown;q=0.2, application/json", "text/markdown;q=x"):
        assert browser.get(path, headers={"Accept": accept})["Content-Type"] == "application/json"
    draft = world.production(production.season, by=director)
    for tail in ("program/", "cast/", "team-nights/", "breakdown/"):
        assert browser.get(f"/api/v1/productions/{draft.pk}/{tail}").status_code == 404


def test_of_a_run_that_is_not_known_to_the_day_everybody_is_named():
    production, director = casting.play(opens_on="1998", closes_on="1998-05")
    role = {"by": director}
    directory.credit(production, directory.person(name="Ann", **role), "Nora", ends_on="1998-03", **role)
    directory.credit(production, directory.person(name="Bea", **role), "Nora", starts_on="1998-03-15", **role)
    told = world.client().get(f"/api/v1/productions/{production.pk}/program/").json()
    assert (told["on"], told["slip"]) == (None, [])
    assert told["blocks"][0]["entries"] == [
        {"role": "Nora", "names": ["Ann"], "note": "to 1998-03"},
        {"role": "Nora", "names": ["Bea"], "note": "from March 15, 1998"},
    ]
    unknown = world.production(production.season, by=director, published=True)
    assert world.client().get(f"/api/v1/productions/{unknown.pk}/program/").json()["on"] is None


def test_the_program_names_all_makers_and_what_the_licenses_require():
    production, director = casting.play(
        authors=["A"], composers=["Mo"], translators=["Tim"], billing="By arrangement with **Foundry**."
    )
    for fields in ({"house": "Foundry", "billing": "by arrangement with **foundry**."},
                   {"house": "Songs", "billing": "Songs by Songs Ltd.", "number": "Xq7", "note": "Xq8 fee"}):  # fmt: skip
        waive = {"license_billing": "Printed in the program."}
        add_license(actor=world.acting(director), production=production, fields=fields, waive=waive)
    path = f"/api/v1/productions/{production.pk}/program/"
    told = world.client().get(path)
    assert told.json()["billing"] == ["By arrangement with **Foundry**.", "Songs by Songs Ltd."]
    assert (told.json()["composers"], told.json()["translators"], told.json()["lyricists"]) == (["Mo"], ["Tim"], [])
    assert b"Xq" not in told.content, "the rest of a license is internal"
    read = world.client().get(path, headers={"Accept": "text/markdown"}).content.decode()
    assert "by A\n\nTranslated by Tim\n\nMusic by Mo\n\nBy arrangement with **Foundry**.\n\nSongs by" in read


def test_of_casts_that_alternate_the_program_names_the_one_that_plays(play):
    production, director = play
    tim = casting.part(production, "Tiny Tim", by=director)
    for team in ("Red", "Blue"):
        child = directory.person(by=director, name=f"{team} Child", bio=f"{team} sings.", published=True)
        casting.holds(child, tim, by=director, team=team)
        casting.holds(f"{team} Second", tim, by=director, team=team, holding="understudy")
    casting.nights(production, "Red", "2026-10-03", by=director)
    path = f"/api/v1/productions/{production.pk}/program/"
    told = world.client().get(path, {"on": "2026-10-03"}).json()
    assert [bio["name"] for bio in told["bios"]] == ["Red Child"]
    assert [entry["names"] for block in told["blocks"] for entry in block["entries"]] == [["Red Child"], ["Red Second"]]
    assert len(world.client().get(path, {"on": "2026-10-04"}).json()["bios"]) == 2, "not laid down: either may play"


def test_who_goes_on_is_not_printed_as_standing_by_and_nobody_is_told_that_a_part_is_not_played(play):
    production, director = play
    viola, feste = (casting.part(production, name, by=director) for name in ("Viola", "Feste"))
    casting.holds("Ann", viola, by=director, holding="principal")
    casting.holds("Bo", feste, by=director, ends_on="2026-10-05")
    uma = casting.holds("Uma", viola, by=director, holding="understudy")
    night = {"starts_on": "2026-10-09", "ends_on": "2026-10-09"}
    casting.holds(uma.person, viola, by=director, holding="cover", **night)
    path = f"/api/v1/productions/{production.pk}/program/"
    told = world.client().get(path, {"on": "2026-10-09"}).json()
    assert told["slip"] == [{"role": "Viola", "usually": ["Ann"], "plays": ["Uma"], "reason": "cover"}]
    assert [block["title"] for block in told["blocks"]] == ["Cast"]
    assert [block["title"] for block in world.client().get(path, {"on": "2026-10-10"}).json()["blocks"]] == [
        "Cast", "Understudies and swings"
    ]  # fmt: skip


def test_most_credited(play):
    production, director = play
    busy, rare, hidden = (directory.person(by=director, published=shown) for shown in (True, True, False))
    for person, roles in ((busy, "ABC"), (rare, "A"), (hidden, "AB")):
        for role in roles:
            directory.credit(production, person, role, by=director)
    draft = world.production(production.season, by=director)
    directory.credit(draft, rare, "Secret", by=director)
    browser = world.client()
    first = browser.get("/api/v1/people/most-credited/", {"page_size": 1}).json()
    assert [(row["id"], row["credit_count"]) for row in first["results"]] == [(busy.pk, 3)]
    second = browser.get(first["next"]).json()
    assert [(row["id"], row["credit_count"]) for row in second["results"]] == [(rare.pk, 1)]
    assert second["next"] is None
    assert browser.get("/api/v1/people/most-credited/", {"cursor": "x"}).status_code == 400


def test_a_history_shows_drafts_to_those_who_may_view_the_cast(play):
    production, director = play
    draft = world.production(production.season, by=director, title="Secret")
    ann = directory.person(by=director, published=True)
    directory.credit(production, ann, "Viola", by=director)
    directory.credit(draft, ann, "Hedda", by=director)
    path = f"/api/v1/people/{ann.pk}/history/"
    assert [row["title"] for row in world.client().get(path).json()["productions"]] == [production.title]
    local = world.give("casting_director", draft.section, by=director)
    elsewhere = world.give("casting_director", world.production(production.season, by=director).section, by=director)
    assert world.client(local).get(path).json()["count"] == 2
    assert world.client(elsewhere).get(path).json()["count"] == 1


def test_who_is_forgotten_is_forgotten_under_the_printed_name_too(play):
    production, director = play
    viola = casting.part(production, "Viola", by=director)
    ann = casting.holds("Ann", viola, by=director, credited_as="Xq9 Printed")
    given = {
        "user": None,
        "person": ann.person_id,
        "email": None,
        "keep_public_credits": False,
    }
    done = world.post(world.client(director), "/api/v1/personal-data/erase/", given)
    assert done.status_code == 200, done.json()
    ann.refresh_from_db()
    assert ann.credited_as == ""
    assert found("Xq9 Printed") == set()

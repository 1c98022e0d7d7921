"""Duplicates: found, told apart, merged and separated again, over HTTP."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from accounts.models import AuditEntry
from directory.models import Alias, Consent, Credit, DistinctPair, Person, PersonMerge
from directory.services.consents import give_consent, withdraw_consent
from directory.services.credits import update_credit
from directory.services.distinct import mark_distinct
from directory.services.merging import merge_people, unmerge_person
from directory.services.people import create_person, delete_person
from media_library.models import Depiction
from media_library.services.assets import depict
from scheduling.models import Call, Unavailability
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import archive, directory, media_library, scheduling
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound, Stale

pytestmark = pytest.mark.django_db


@pytest.fixture
def t() -> Theater:
    return Theater()


def person(t: Theater, name: str, **fields: Any) -> Person:
    return directory.person(by=t.director, name=name, **fields)


def merge(t: Theater, survivor: Person, duplicate: Person, **given: Any) -> Person:
    options = {"duplicate_version": None, "take": [], "keep_credited_name": False, **given}
    made: Person = merge_people(actor=t.acting(), survivor=survivor, duplicate=duplicate.pk, **options)
    return made


def unmerge(t: Theater, survivor: Person) -> Person:
    made: Person = unmerge_person(actor=t.acting(), person=survivor, merge=PersonMerge.objects.latest("pk").pk)
    return made


def similar(t: Theater, query: str) -> list[dict[str, Any]]:
    answer = world.client(t.director).get(f"/api/v1/people/similar/?{query}")
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_name_typed_slightly_differently_finds_the_person(t: Theater) -> None:
    anna = person(t, "Katherine Smith")
    person(t, "John Doe")
    for typed in ("Kathryn+Smyth", "smith+katherine", "Kate+Smith", "Katherine+Smith"):
        (found, *_) = similar(t, f"name={typed}")
        assert found["person"]["id"] == anna.pk
        assert found["certainty"] != "certain", "a name alone is never certain"
    assert similar(t, "name=Zebulon+Quist") == []
    assert world.client(t.director).get("/api/v1/people/similar/").json()["code"] == "required"
    assert world.client(t.director).get("/api/v1/people/similar/?nme=x").json()["code"] == "unknown_filter"


def test_pairs_are_listed_with_reasons_until_somebody_decides(t: Theater) -> None:
    one = person(t, "Robert Bell", email="bob@home.example")
    other = person(t, "Bob Bell", email="BOB@home.example")
    person(t, "Susan Reed")
    browser = world.client(t.director)
    (pair,) = browser.get("/api/v1/people/duplicates/").json()["results"]
    assert (pair["first"]["id"], pair["second"]["id"]) == (one.pk, other.pk)
    assert {"nickname", "same_email"} <= set(pair["reasons"])
    (found,) = similar(t, f"person={one.pk}")
    assert found["person"]["id"] == other.pk

    path = f"/api/v1/people/{other.pk}/"
    assert world.post(browser, f"{path}mark-distinct/", {"other": one.pk}).status_code == 200
    assert world.post(browser, f"{path}mark-distinct/", {"other": one.pk}).json()["code"] == "already_distinct"
    assert world.post(browser, f"{path}mark-distinct/", {"other": other.pk}).json()["code"] == "same_person"
    assert browser.get("/api/v1/people/duplicates/").json()["results"] == []
    assert similar(t, f"person={one.pk}") == []
    body = {"duplicate": one.pk, "take": [], "keep_credited_name": False}
    assert world.post(browser, f"{path}merge/", body).json()["code"] == "marked_distinct"
    assert world.post(browser, f"{path}unmark-distinct/", {"other": one.pk}).status_code == 200
    assert world.post(browser, f"{path}unmark-distinct/", {"other": one.pk}).json()["code"] == "not_marked_distinct"
    assert len(browser.get("/api/v1/people/duplicates/").json()["results"]) == 1


class Two:
    """Two records of one person, with rows of every app; some of the second's the first has too."""

    def __init__(self, t: Theater) -> None:
        self.t, by = t, t.director
        self.anna = person(t, "Anna Bell", published=True, bio="Plays Nina.")
        self.ana = person(
            t, "Ana Bell", published=True, bio="Played Nina.", email="ana@home.example", user=world.user()
        )
        self.third = person(t, "Annie Belle")
        play = t.production
        directory.credit(play, self.anna, "Nina", by=by)
        self.same = directory.credit(play, self.ana, "Nina", by=by)
        self.other = directory.credit(play, self.ana, "Masha", by=by)
        for one in (self.anna, self.ana):
            directory.alias(one, "A. Bell", by=by)
            give_consent(actor=t.acting(), person=one, purpose="newsletter", note=None)
        directory.alias(self.ana, "Ana Smith", by=by, internal=True)
        both = scheduling.occurrence(t.production, by=by)
        scheduling.called(both, self.anna, self.ana, by=by)
        alone = scheduling.occurrence(t.production, by=by, date="2027-06-01")
        scheduling.called(alone, self.ana, by=by)
        days = {"first_date": dt.date(2031, 3, 1), "last_date": dt.date(2031, 3, 9)}
        scheduling.unavailability(self.ana, by=by, reason="Abroad", **days)
        for people in ((self.anna, self.ana), (self.ana,)):
            picture = media_library.asset(t.production, by=by)
            for one in people:
                depict(actor=t.acting(), asset=picture, person=one)
        mark_distinct(actor=t.acting(), person=self.ana, other=self.third)
        for one in (self.anna, self.ana):
            one.refresh_from_db()

    def counts(self, of: Person) -> dict[str, int]:
        counted = {model.__name__: model.objects.filter(person=of).count() for model in MODELS}  # type: ignore[attr-defined]
        return {**counted, "pairs": DistinctPair.objects.filter(models.Q(first=of) | models.Q(second=of)).count()}


MODELS = (Credit, Alias, Consent, Call, Unavailability, Depiction)


def test_a_merge_moves_all_rows_and_can_be_undone(t: Theater) -> None:
    two = Two(t)
    before = two.counts(two.ana)
    old = two.ana.pk
    browser = world.client(t.director)
    path = f"/api/v1/people/{two.anna.pk}/"
    body = {"duplicate": old, "duplicate_version": two.ana.version, "take": ["bio"], "keep_credited_name": False}
    preview = world.post(browser, f"{path}merge/?preview=true", body)
    assert {"directory.person", "directory.credit", "scheduling.call"} <= {
        change["object_type"] for change in preview.json()["changes"]
    }
    answer = world.post(browser, f"{path}merge/", body, **{"If-Match": f'"{two.anna.version}"'})
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["bio"], shown["email"], shown["user"]) == ("Played Nina.", "ana@home.example", two.ana.user_id)
    assert {row["name"]: row["internal"] for row in shown["aliases"]} == {
        "A. Bell": False, "Ana Smith": True, "Ana Bell": False,
    }  # fmt: skip
    (told,) = shown["merges"]
    assert (told["old_id"], told["name"], told["can_undo"]) == (old, "Ana Bell", True)
    assert two.counts(two.anna) == {
        "Credit": 2, "Alias": 3, "Consent": 1, "Call": 2, "Unavailability": 1, "Depiction": 2, "pairs": 1,
    }  # fmt: skip
    assert AuditEntry.objects.filter(action="person.merge").count() == 1
    assert [row["person"]["id"] for row in similar(t, "name=Ana+Bell")][:1] == [two.anna.pk]

    # The old id leads to the survivor, for everybody who sees the survivor.
    for reader in (browser, world.client()):
        for below in ("", "credits/", "history/"):
            gone = reader.get(f"/api/v1/people/{old}/{below}")
            assert (gone.status_code, gone.json()["code"], gone.json()["data"]) == (
                404,
                "merged",
                {"person": two.anna.pk},
            )

    undone = world.post(browser, f"{path}unmerge/", {"merge": told["id"]})
    assert undone.status_code == 200, undone.content
    restored = undone.json()
    assert (restored["id"], restored["name"], restored["bio"], restored["stayed"]) == (
        old,
        "Ana Bell",
        "Played Nina.",
        {},
    )
    assert (restored["user"], restored["email"]) == (two.ana.user_id, "ana@home.example")
    assert two.counts(Person.objects.get(pk=old)) == before
    survivor = browser.get(f"{path}internal/").json()
    assert (survivor["bio"], survivor["email"], survivor["user"], survivor["merges"]) == ("Plays Nina.", "", None, [])
    assert [row["name"] for row in survivor["aliases"]] == ["A. Bell"]
    assert restored["version"] > two.ana.version
    assert world.post(browser, f"{path}unmerge/", {"merge": told["id"]}).json()["code"] == "no_such_merge"


def test_a_repeated_request_gets_the_first_answer(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Ana Bell")
    browser, path = world.client(t.director), f"/api/v1/people/{one.pk}/"
    body = {"duplicate": other.pk, "take": [], "keep_credited_name": False}
    first, again = (world.post(browser, f"{path}merge/", body, **{"Idempotency-Key": "m"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    for wrong, status in ((2**63 - 1, 400), (True, 400), ("x", 400), (other.pk + 999, 400)):
        assert world.post(browser, f"{path}merge/", {**body, "duplicate": wrong}).status_code == status


def test_what_changed_since_stays_with_the_survivor(t: Theater) -> None:
    two = Two(t)
    merge(t, two.anna, two.ana)
    update_credit(actor=t.acting(), credit=Credit.objects.get(pk=two.other.pk), changes={"note": "Act 2"})
    restored: Any = unmerge(t, two.anna)
    assert restored.stayed == {"directory.credit": [two.other.pk]}
    assert Credit.objects.get(pk=two.other.pk).person_id == two.anna.pk


def test_merges_into_a_merged_record_are_undone_in_reverse(t: Theater) -> None:
    one, two, three = person(t, "One Bell"), person(t, "Two Bell"), person(t, "Three Bell")
    credit = directory.credit(t.production, three, "Nina", by=t.director)
    merge(t, two, three)
    first = PersonMerge.objects.get()
    merge(t, one, two)
    assert set(one.merges.values_list("old_id", flat=True)) == {two.pk, three.pk}
    with pytest.raises(Conflict) as refused:
        unmerge_person(actor=t.acting(), person=one, merge=first.pk)
    assert refused.value.code == "merged_again"
    restored = unmerge(t, one)
    assert restored.pk == two.pk
    assert unmerge(t, restored).pk == three.pk
    assert Credit.objects.get(pk=credit.pk).person_id == three.pk


def test_the_printed_name_is_kept_on_request(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Anna Smith")
    credit = directory.credit(t.production, other, "Nina", by=t.director)
    merge(t, one, other, keep_credited_name=True)
    assert Credit.objects.get(pk=credit.pk).credited_as == "Anna Smith"
    unmerge(t, one)
    credit = Credit.objects.get(pk=credit.pk)
    assert (credit.credited_as, credit.person_id) == ("", other.pk)


def test_refusals(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Ana Bell")

    def code(*given: Any, error: Any = Conflict, **options: Any) -> str:
        with pytest.raises(error) as refused:
            merge(t, *given, **options)
        return str(refused.value.code)

    assert code(one, one) == "merge_into_itself"
    assert code(one, other, duplicate_version=9, error=Stale) == "stale"
    assert code(one, person(t, "The Bells", kind="group")) == "different_kinds"
    users = [person(t, "Anna Bell", user=world.user()) for _ in range(2)]
    assert code(*users) == "different_accounts"
    consent = give_consent(actor=t.acting(), person=one, purpose="photo", note=None)
    withdraw_consent(actor=t.acting(), consent=consent)
    consenting = person(t, "Anna Bell")
    give_consent(actor=t.acting(), person=consenting, purpose="photo", note=None)
    assert code(one, consenting) == "consents_contradict"
    assert code(consenting, one) == "consents_contradict"

    merge(t, one, other)
    # As another process sees it that merges the same record, or into it, at the same time.
    assert code(one, other) == "merged"
    assert code(other, one, error=NotFound) == "merged"
    browser = world.client(t.director)
    body = {"duplicate": other.pk, "take": [], "keep_credited_name": False}
    answer = world.post(browser, f"/api/v1/people/{consenting.pk}/merge/", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (409, "merged", {"person": one.pk})
    into = world.post(browser, f"/api/v1/people/{other.pk}/merge/", {**body, "duplicate": one.pk})
    assert (into.status_code, into.json()["code"]) == (404, "merged")
    with pytest.raises(NotFound) as refused:
        unmerge_person(actor=t.acting(), person=consenting, merge=PersonMerge.objects.get().pk)
    assert refused.value.code == "no_such_merge"


@pytest.mark.parametrize("published", [True, False])
def test_both_sections_are_asked_for_the_permission(t: Theater, published: bool) -> None:
    one = person(t, "Anna Bell", published=published)
    other = create_person(actor=t.acting(), section=t.section, fields={"name": "Ana Bell"})
    who = world.acting(world.give("director", t.section, by=t.director))
    given = {"duplicate_version": None, "take": [], "keep_credited_name": False}
    with pytest.raises(NotAllowed if published else Invalid):
        merge_people(actor=who, survivor=other, duplicate=one.pk, **given)
    with pytest.raises(NotAllowed):
        merge_people(actor=who, survivor=one, duplicate=other.pk, **given)


def test_a_withdrawn_consent_to_pictures_counts_for_the_survivor(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Ana Bell")
    picture = media_library.asset(t.production, by=t.director, published=True)
    depict(actor=t.acting(), asset=picture, person=one)
    consent = give_consent(actor=t.acting(), person=other, purpose="photo", note=None)
    withdraw_consent(actor=t.acting(), consent=consent)
    merge(t, one, other)
    picture.refresh_from_db()
    assert picture.published_at is None


def test_an_old_id_tells_nothing_about_a_hidden_survivor(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Ana Bell")
    merge(t, one, other)
    for reader in (world.client(), world.client(t.stranger)):
        assert reader.get(f"/api/v1/people/{other.pk}/").json()["code"] == "not_found"


def test_a_survivor_can_be_deleted(t: Theater) -> None:
    one, other = person(t, "Anna Bell"), person(t, "Ana Bell")
    merge(t, one, other)
    delete_person(actor=t.acting(), person=Person.objects.get(pk=one.pk))
    assert not PersonMerge.objects.exists()


def test_an_archive_imported_again_finds_the_survivor(t: Theater, tmp_path: Path) -> None:
    folder = archive.write(tmp_path / "old-days", people=[archive.PERSON])
    call_command("import_archive", str(folder), stdout=StringIO())
    imported = Person.objects.exclude(archive_key=None).get()
    one = person(t, "Anna Bell")
    merge(t, one, imported)
    before = Credit.objects.count(), Person.objects.count()
    call_command("import_archive", str(folder), stdout=StringIO())
    assert (Credit.objects.count(), Person.objects.count()) == before
    assert unmerge(t, one).archive_key == imported.archive_key


def test_every_row_that_points_at_people_is_moved(t: Theater) -> None:
    """A new foreign key to Person needs a receiver of `people_merged`."""
    pointing = {
        model
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Person
    }
    assert pointing == {*MODELS, DistinctPair, PersonMerge}

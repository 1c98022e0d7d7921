"""Actors keep their own bios; anybody who casts names them; the public reads the program."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry, Notification
from tests import world
from tests.worlds import directory as scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater():
    return world.found()


@pytest.fixture
def root(theater):
    return theater[0]


@pytest.fixture
def director(theater):
    return theater[1]


@pytest.fixture
def season(root, director):
    return world.season(root, by=director)


def test_an_actor_keeps_her_own_bio_and_what_is_public_waits_for_the_director(director, season):
    hamlet = world.production(season, by=director, published=True, title="Hamlet")
    # Her role is held on one production, not on the directory.
    ann = world.give("company_member", hamlet.section, by=director)
    boss, visitor, her = world.client(director), world.client(), world.client(ann)

    made = world.post(boss, "/api/v1/people/", {"name": "Ann Actor", "bio": "Plays."})
    assert made.status_code == 201, made.json()
    page = f"/api/v1/people/{made.json()['id']}/"
    assert world.post(boss, f"{page}link-user/", {"user": ann.pk}).status_code == 200
    assert world.post(boss, f"{page}publish/").status_code == 200
    assert her.get("/api/v1/people/me/").json()["id"] == made.json()["id"]

    submitted = world.post(her, f"{page}describe-self/", {"bio": "Plays and **sings**.", "pronouns": "she"})
    assert submitted.status_code == 202, submitted.json()
    assert visitor.get(page).json()["bio"] == "Plays."
    assert Notification.objects.filter(recipient=director, kind="submission_arrived").count() == 1
    waiting = her.get(f"/api/v1/submissions/{submitted.json()['id']}/").json()
    assert (waiting["state"], waiting["area"], waiting["author"]) == ("submitted", "directory", ann.pk)

    # Nobody decides on their own submission.
    assert approve(her, submitted).status_code == 403
    decided = approve(boss, submitted, "Lovely.")
    assert (decided.status_code, decided.json()["state"]) == (200, "applied")
    public = visitor.get(page).json()
    assert (public["bio"], public["pronouns"]) == ("Plays and **sings**.", "she")
    applied = AuditEntry.objects.get(action="person.update")
    assert (applied.actor_id, applied.on_behalf_of_id) == (director.pk, ann.pk)


def test_a_rejected_bio_changes_nothing_and_its_author_reads_why(director):
    ann = world.user("Ann")
    person = scene.person(by=director, published=True, user=ann, bio="Plays.")
    her, boss = world.client(ann), world.client(director)
    submitted = world.post(her, f"/api/v1/people/{person.pk}/describe-self/", {"bio": "The greatest."})
    rejected = world.post(boss, f"{waiting_url(submitted)}reject/", {"comment": "A little less?"})
    assert rejected.status_code == 200
    assert world.client().get(f"/api/v1/people/{person.pk}/").json()["bio"] == "Plays."
    assert "A little less?" in Notification.objects.get(recipient=ann, kind="submission_decided").body


def test_a_bio_that_somebody_else_changed_meanwhile_is_not_overwritten(director):
    ann = world.user("Ann")
    person = scene.person(by=director, user=ann, bio="Plays.")
    her, boss = world.client(ann), world.client(director)
    page = f"/api/v1/people/{person.pk}/"
    submitted = world.post(her, f"{page}describe-self/", {"bio": "Plays and sings."})
    version = boss.get(f"{page}internal/").json()["version"]
    assert world.patch(boss, page, {"bio": "Plays and dances."}, version).status_code == 200
    stale = approve(boss, submitted)
    assert (stale.status_code, stale.json()["code"]) == (412, "submission_stale")
    assert boss.get(page).json()["bio"] == "Plays and dances."


def test_one_who_edits_the_directory_describes_herself_at_once(director):
    person = scene.person(by=director, user=director, published=True)
    said = world.post(world.client(director), f"/api/v1/people/{person.pk}/describe-self/", {"bio": "Directs."})
    assert (said.status_code, said.json()["bio"]) == (200, "Directs.")
    assert world.client().get(f"/api/v1/people/{person.pk}/").json()["bio"] == "Directs."


def test_the_own_record_is_the_only_one(director):
    """To be somebody in the directory gives no permission on anybody else in it, nor more than to submit on oneself."""
    ann, ben = world.user("Ann"), world.user("Ben")
    hers = scene.person(by=director, published=True, user=ann, bio="Hers.", email="ann@home.example")
    his = scene.person(by=director, published=True, user=ben, bio="His.", email="ben@home.example")
    him = world.client(ben)
    for path, body in (
        ("describe-self/", {"bio": "Worse."}),
        ("contact/", {"email": "new@home.example"}),
        ("publish/", {}),
        ("unpublish/", {}),
        ("add-alias/", {"name": "X", "internal": False}),
        ("link-user/", {"user": ben.pk}),
    ):
        assert world.post(him, f"/api/v1/people/{hers.pk}/{path}", body).status_code == 403, path
    assert him.get(f"/api/v1/people/{hers.pk}/internal/").status_code == 403
    assert world.post(him, "/api/v1/consents/", {"person": hers.pk, "purpose": "photo"}).status_code == 403
    assert world.patch(him, f"/api/v1/people/{his.pk}/", {"name": "Sir Ben"}, his.version).status_code == 403
    assert world.post(him, f"/api/v1/people/{his.pk}/unpublish/").status_code == 403
    visitor = world.client()
    assert world.post(visitor, f"/api/v1/people/{hers.pk}/describe-self/", {"bio": "Worse."}).status_code == 401
    assert visitor.get(f"/api/v1/people/{hers.pk}/internal/").status_code == 401
    hers.refresh_from_db()
    assert (hers.bio, hers.email, hers.version) == ("Hers.", "ann@home.example", 3)


def test_contact_data_and_consent_are_the_persons_own(root, director):
    ann = world.user("Ann")
    person = scene.person(by=director, published=True, user=ann)
    her, page = world.client(ann), f"/api/v1/people/{person.pk}/"
    changed = world.post(her, f"{page}contact/", {"email": "ann@home.example", "phone": "+44 20 7946 0000"})
    assert (changed.status_code, changed.json()["email"]) == (200, "ann@home.example")
    assert her.get(f"{page}internal/").json()["phone"] == "+44 20 7946 0000"
    assert "email" not in her.get(page).json()
    keeper = world.client(world.give("casting_director", root, by=director))
    assert keeper.get(f"{page}internal/").json()["email"] == "ann@home.example"
    outsider = world.client(world.give("box_office", root, by=director))
    assert outsider.get(f"{page}internal/").status_code == 403

    given = world.post(her, "/api/v1/consents/", {"person": person.pk, "purpose": "photo"})
    assert given.status_code == 201, given.json()
    assert given.json()["withdrawn_at"] is None
    again = world.post(her, "/api/v1/consents/", {"person": person.pk, "purpose": "photo"})
    assert (again.status_code, again.json()["code"]) == (409, "consent_stands")
    assert [row["purpose"] for row in keeper.get("/api/v1/consents/").json()["results"]] == ["photo"]
    assert outsider.get("/api/v1/consents/").json()["results"] == []
    assert world.client().get("/api/v1/consents/").status_code == 401
    withdrawn = world.post(her, f"/api/v1/consents/{given.json()['id']}/withdraw/")
    assert withdrawn.json()["withdrawn_at"] >= given.json()["given_at"]
    assert world.post(her, f"/api/v1/consents/{given.json()['id']}/withdraw/").json()["code"] == "already_withdrawn"
    # Consenting again is a consent of its own; that there was another is not forgotten.
    assert world.post(her, "/api/v1/consents/", {"person": person.pk, "purpose": "photo"}).status_code == 201
    assert len(her.get(f"/api/v1/consents/?person={person.pk}").json()["results"]) == 2


def test_the_program_names_everybody_once_the_production_is_public(root, director, season):
    hamlet = world.production(season, by=director, title="Hamlet")
    caster = world.client(world.give("casting_director", root, by=director))
    star = scene.person(by=director, published=True, name="Sarah Star", email="star@home.example")
    shy = scene.person(by=director, name="Shy Singer")
    choir = scene.person(by=director, kind="group", name="Choir of St. Ann")
    for who, fields in (
        (star, {"kind": "cast", "role": "Hamlet", "billing_order": 1}),
        (shy, {"kind": "cast", "role": "Ophelia", "billing_order": 2}),
        (choir, {"kind": "company", "role": "", "billing_order": 3}),
    ):
        added = world.post(caster, "/api/v1/credits/", {"production": hamlet.pk, "person": who.pk, **fields})
        assert added.status_code == 201, added.json()
    visitor = world.client()
    assert visitor.get("/api/v1/credits/").json()["results"] == []
    assert visitor.get("/api/v1/people/?search=ophelia").json()["results"] == []

    assert world.post(world.client(director), f"/api/v1/productions/{hamlet.pk}/publish/").status_code == 200
    program = visitor.get(f"/api/v1/credits/?production={hamlet.pk}").json()["results"]
    assert [(row["name"], row["role"], row["person"]) for row in program] == [
        ("Sarah Star", "Hamlet", star.pk),
        ("Shy Singer", "Ophelia", None),
        ("Choir of St. Ann", "", None),
    ]
    assert set(program[0]) == {
        "id", "production", "production_title", "person", "name", "kind", "role", "note", "character", "holding", "team", "block"
    }  # fmt: skip
    assert visitor.get(f"/api/v1/people/{shy.pk}/").status_code == 404
    assert visitor.get(f"/api/v1/people/{shy.pk}/credits/").status_code == 404
    cast = visitor.get(f"/api/v1/credits/?production={hamlet.pk}&kind=cast").json()["results"]
    assert [row["role"] for row in cast] == ["Hamlet", "Ophelia"]


def test_a_credit_is_corrected_taken_back_and_never_given_twice(root, director, season):
    show = world.production(season, by=director, published=True)
    ann = scene.person(by=director, published=True)
    caster = world.client(world.give("casting_director", root, by=director))
    body = {"production": show.pk, "person": ann.pk, "kind": "crew", "role": "", "note": ""}
    first = world.post(caster, "/api/v1/credits/", body)
    assert first.status_code == 201
    twice = world.post(caster, "/api/v1/credits/", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "credit_exists")
    assert world.post(caster, "/api/v1/credits/", {**body, "starts_on": "2026-11"}).status_code == 201
    path = f"/api/v1/credits/{first.json()['id']}/"
    backwards = world.patch(caster, path, {"starts_on": "2026-10-02", "ends_on": "2026-09"}, 1)
    assert (backwards.status_code, backwards.json()["code"]) == (400, "ends_before_start")
    lit = world.patch(caster, path, {"role": " Light   board "}, 1)
    assert (lit.status_code, lit.json()["role"]) == (200, "Light board")
    assert world.patch(caster, path, {"role": "Sound"}, 1).status_code == 412
    stranger = world.client(world.give("box_office", root, by=director))
    for refused in (
        world.post(stranger, "/api/v1/credits/", {**body, "role": "Usher"}),
        world.patch(stranger, path, {"role": "Usher"}, 2),
        stranger.delete(path, headers={"If-Match": '"2"'}),
    ):
        assert refused.status_code == 403
    assert caster.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert caster.get(path).status_code == 404


def test_who_may_edit_the_cast_of_one_production_does_so_there_alone(director, season):
    ours, theirs = (world.production(season, by=director, published=True) for _ in range(2))
    ann = scene.person(by=director, published=True)
    manager = world.client(world.give("production_manager", ours.section, by=director))
    body = {"person": ann.pk, "role": "Puck"}
    assert world.post(manager, "/api/v1/credits/", {**body, "production": theirs.pk}).status_code == 403
    assert world.post(manager, "/api/v1/credits/", {**body, "production": ours.pk}).status_code == 201


def test_a_new_person_submitted_by_the_production_manager_waits_for_the_director(root, director):
    manager = world.client(world.give("production_manager", root, by=director))
    submitted = world.post(manager, "/api/v1/people/", {"name": "New Nora", "email": "nora@home.example"})
    assert submitted.status_code == 202, submitted.json()
    boss = world.client(director)
    assert boss.get("/api/v1/people/?search=nora").json()["results"] == []
    assert approve(boss, submitted).json()["state"] == "applied"
    (nora,) = boss.get("/api/v1/people/?search=nora").json()["results"]
    assert boss.get(f"/api/v1/people/{nora['id']}/internal/").json()["email"] == "nora@home.example"


def test_a_history_shows_the_newest_first_and_drafts_to_nobody_outside(director, season):
    ann = scene.person(by=director, published=True)
    for title, opens, public in (
        ("Old", "1998", True),
        ("New", "2026-09-01", True),
        ("Middle", "2001-06", True),
        ("Secret", "2027", False),
    ):
        show = world.production(season, by=director, published=public, title=title, opens_on=opens)
        scene.credit(show, ann, "Fool", by=director)
    path = f"/api/v1/people/{ann.pk}/credits/"
    titles = [row["production_title"] for row in world.client().get(path).json()["results"]]
    assert titles == ["New", "Middle", "Old"]
    inside = [row["production_title"] for row in world.client(director).get(path).json()["results"]]
    assert inside == ["Secret", "New", "Middle", "Old"]
    first = world.client().get(f"{path}?page_size=2").json()
    second = world.client().get(first["next"]).json()
    assert [row["production_title"] for row in (*first["results"], *second["results"])] == titles
    hers = world.client().get(f"/api/v1/credits/?person={ann.pk}&role=FOOL").json()["results"]
    assert {row["production_title"] for row in hers} == set(titles)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("garcia", {"José García", "Maria Garcia"}),
        ("JOSÉ", {"José García"}),
        ("garcia jose", {"José García"}),
        ("lodz", {"Teatr Łódź"}),
        ("soren", {"Søren Kierkegaard"}),
        ("pepe", {"José García"}),
        ("puck", {"Maria Garcia"}),
        ("maria puck", {"Maria Garcia"}),
        ("jose puck", set()),
        ("deadname", set()),
        ("oberon", set()),
        ("100%", set()),
        ("田中", {"田中 一郎"}),
        ("draft", set()),
    ],
)
def test_people_are_found_by_parts_of_names_aliases_and_roles(director, season, text, found):
    jose = scene.person(by=director, published=True, name="José García")
    maria = scene.person(by=director, published=True, name="Maria Garcia")
    for name in ("Teatr Łódź", "Søren Kierkegaard", "田中 一郎"):
        scene.person(by=director, published=True, name=name)
    scene.person(by=director, name="Draft Person")
    scene.alias(jose, "Pepe", by=director)
    scene.alias(jose, "Deadname", by=director, internal=True)
    dream = world.production(season, by=director, published=True)
    scene.credit(dream, maria, "Pück", by=director)
    scene.credit(world.production(season, by=director), maria, "Oberon", by=director)
    answer = world.client().get("/api/v1/people/", {"search": text})
    assert answer.status_code == 200
    assert {row["name"] for row in answer.json()["results"]} == found
    if text in ("deadname", "oberon", "draft"):
        inside = world.client(director).get("/api/v1/people/", {"search": text}).json()["results"]
        assert len(inside) == 1


def waiting_url(submitted):
    return f"/api/v1/submissions/{submitted.json()['id']}/"


def approve(browser, answer, comment=""):
    return world.post(
        browser, f"{waiting_url(answer)}approve/", {"comment": comment, "digest": world.seen(answer.json())}
    )

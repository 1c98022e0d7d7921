"""What the directory's addresses promise beyond the stories: what is kept secret, refused, and at which price."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Submission
from directory.models import Alias, Consent, Credit, Person
from directory.selectors.credits import cast_of, history_of
from directory.services.credits import add_credit
from directory.services.people import describe_self, update_person
from tests import world
from tests.worlds import directory as scene
from theater_site.core.actions import Submitted
from theater_site.core.actors import Actor, ActorKind, System
from theater_site.core.errors import Conflict, Invalid, NotAllowed

pytestmark = pytest.mark.django_db

SECRET_MAIL, SECRET_PHONE, SECRET_NOTE = "planted.ann@home.example", "+44-planted-5550", "planted in the blue folder"


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


def faulty(answer) -> list[str]:
    """The fields that a refusal names."""
    return [fault["field"] for fault in answer.json()["errors"]]


def whole_database() -> str:
    """Every value of every table, as the database has it."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [
                str(bytes(value) if isinstance(value, memoryview) else value)
                for row in cursor.fetchall()
                for value in row
            ]
    return "\n".join(texts)


def test_no_personal_value_is_stored_in_plain_text(root, director):
    boss = world.client(director)
    contact = {"email": SECRET_MAIL, "phone": SECRET_PHONE}
    made = world.post(boss, "/api/v1/people/", {"name": "Ann", **contact}, **{"Idempotency-Key": "one"})
    assert made.json()["email"] == SECRET_MAIL
    changed = world.patch(boss, f"/api/v1/people/{made.json()['id']}/", {"phone": SECRET_PHONE + "1"}, 1)
    assert changed.json()["phone"] == SECRET_PHONE + "1"
    consent = {"person": made.json()["id"], "purpose": "newsletter", "note": SECRET_NOTE}
    assert world.post(boss, "/api/v1/consents/", consent).json()["note"] == SECRET_NOTE
    manager = world.client(world.give("production_manager", root, by=director))
    assert world.post(manager, "/api/v1/people/", {"name": "Ben", **contact}).status_code == 202
    stored = whole_database()
    assert "Ann" in stored, "the dump shows what is not secret"
    assert [secret for secret in (SECRET_MAIL, SECRET_PHONE, SECRET_NOTE) if secret in stored] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"name": "Ann", "kind": "robot"}, "kind"),
        ({"name": "Ann", "email": "not an address"}, "email"),
        ({"name": "Ann", "phone": "5" * 61}, "phone"),
        ({"name": "Ann", "bio": "x" * 10_001}, "bio"),
        ({"name": "Ann", "hidden": True}, "hidden"),
        ({"name": "Ann", "user": 1}, "user"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_invalid_person_is_refused_by_field(director, fields, field):
    answer = world.post(world.client(director), "/api/v1/people/", fields)
    assert answer.status_code == 400
    assert faulty(answer) == [field]
    assert not Person.objects.exists()


def test_services_refuse_what_the_api_refuses(director):
    person = scene.person(by=director)
    for changes in ({"bio": "x" * 10_001}, {"email": "nowhere"}, {"phone": "5" * 61}, {"name": ""}):
        with pytest.raises(Invalid) as refused:
            update_person(actor=world.acting(director), person=person, changes=changes)
        assert refused.value.field == next(iter(changes))
    person.refresh_from_db()
    assert person.version == 1


def test_a_bio_is_cleaned_and_names_lose_invisible_spaces(director):
    boss = world.client(director)
    made = world.post(
        boss, "/api/v1/people/", {"name": " Ann   Actor ", "bio": "Hi <script>x()</script>*there*"}
    ).json()
    assert (made["name"], made["sort_name"], made["bio"]) == ("Ann Actor", "Actor, Ann", "Hi *there*")
    # The suggestion follows the name, until somebody chooses another.
    page = f"/api/v1/people/{made['id']}/"
    assert world.patch(boss, page, {"name": "Ann Agent"}, 1).json()["sort_name"] == "Agent, Ann"
    assert world.patch(boss, page, {"sort_name": "Ann A."}, 2).json()["sort_name"] == "Ann A."
    assert world.patch(boss, page, {"name": "Ann Arbor"}, 3).json()["sort_name"] == "Ann A."
    assert world.patch(boss, page, {"sort_name": ""}, 4).json()["sort_name"] == "Arbor, Ann"
    wrong = world.patch(boss, page, {"name": "Ann\r\nEND:VEVENT"}, 5)
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "control_character")
    live = world.patch(boss, page, {"bio": "[x](javascript:alert(1))"}, 5)
    assert (live.status_code, live.json()["errors"][0]["code"]) == (400, "unsafe_link")


def test_lists_are_ordered_by_sort_name_without_case_and_accents(director):
    for name, sort_name in (("Zoe Abel", "Abel, Zoe"), ("émile b", ""), ("Dan", ""), ("Čapek", ""), ("ALF Z", "")):
        scene.person(by=director, published=True, name=name, sort_name=sort_name)
    listed = [row["name"] for row in world.client().get("/api/v1/people/").json()["results"]]
    assert listed == ["Zoe Abel", "émile b", "Čapek", "Dan", "ALF Z"]
    first = world.client().get("/api/v1/people/?page_size=3").json()
    rest = world.client().get(first["next"]).json()
    assert [row["name"] for row in (*first["results"], *rest["results"])] == listed


def test_a_login_belongs_to_one_person(root, director):
    ann = world.user()
    first, second = scene.person(by=director, user=ann), scene.person(by=director)
    boss = world.client(director)
    taken = world.post(boss, f"/api/v1/people/{second.pk}/link-user/", {"user": ann.pk})
    assert (taken.status_code, taken.json()["code"], faulty(taken)) == (409, "user_taken", ["user"])
    # Linking shows somebody's contact data, so editing the directory is not enough.
    caster = world.client(world.give("casting_director", root, by=director))
    assert world.post(caster, f"/api/v1/people/{second.pk}/link-user/", {"user": ann.pk}).status_code == 403
    assert world.post(boss, f"/api/v1/people/{first.pk}/link-user/", {"user": None}).json()["user"] is None
    assert world.client(ann).get("/api/v1/people/me/").status_code == 404
    assert world.post(boss, f"/api/v1/people/{second.pk}/link-user/", {"user": ann.pk}).status_code == 200
    assert world.client(ann).get(f"/api/v1/people/{first.pk}/").status_code == 404
    assert world.client(ann).get("/api/v1/people/me/").json()["id"] == second.pk
    assert world.client().get("/api/v1/people/me/").status_code == 401


def test_publishing_unpublishing_and_deleting(director, season):
    boss, visitor = world.client(director), world.client()
    person = scene.person(by=director, name="Ann")
    scene.alias(person, "Annie", by=director)
    page = f"/api/v1/people/{person.pk}/"
    assert visitor.get(page).status_code == 404
    assert world.post(boss, f"{page}unpublish/").json()["code"] == "not_published"
    assert world.post(boss, f"{page}publish/").status_code == 200
    assert world.post(boss, f"{page}publish/").json()["code"] == "already_published"
    assert visitor.get(page).json()["aliases"] == ["Annie"]
    version = {"If-Match": boss.get(page).headers["ETag"]}
    assert boss.delete(page, headers=version).json()["code"] == "published"
    assert world.post(boss, f"{page}unpublish/").status_code == 200
    assert visitor.get(page).status_code == 404
    credit = scene.credit(world.production(season, by=director), person, by=director)
    version = {"If-Match": boss.get(page).headers["ETag"]}
    assert boss.delete(page, headers=version).json()["code"] == "person_credited"
    assert boss.delete(f"/api/v1/credits/{credit.pk}/", headers={"If-Match": '"1"'}).status_code == 204
    assert boss.delete(page, headers=version).status_code == 204
    assert (Person.objects.count(), Alias.objects.count()) == (0, 0)
    told = AuditEntry.objects.get(action="person.delete").changes
    assert sorted(told.values_list("object_type", "operation")) == [
        ("directory.alias", "deleted"),
        ("directory.person", "deleted"),
    ]


def test_an_alias_is_added_once_and_removed_only_from_its_person(director):
    boss = world.client(director)
    ann, ben = scene.person(by=director, published=True), scene.person(by=director)
    body = {"name": "Annie", "internal": False}
    added = world.post(boss, f"/api/v1/people/{ann.pk}/add-alias/", body)
    assert [alias["name"] for alias in added.json()["aliases"]] == ["Annie"]
    twice = world.post(boss, f"/api/v1/people/{ann.pk}/add-alias/", {"name": " Annie ", "internal": True})
    assert (twice.status_code, twice.json()["code"]) == (409, "alias_exists")
    blank = world.post(boss, f"/api/v1/people/{ann.pk}/add-alias/", {"name": " ", "internal": True})
    assert (blank.status_code, faulty(blank)) == (400, ["name"])
    scene.alias(ann, "Old Name", by=director, internal=True)
    assert world.client().get(f"/api/v1/people/{ann.pk}/").json()["aliases"] == ["Annie"]
    alias = {"alias": added.json()["aliases"][0]["id"]}
    assert world.post(boss, f"/api/v1/people/{ben.pk}/remove-alias/", alias).status_code == 404
    left = world.post(boss, f"/api/v1/people/{ann.pk}/remove-alias/", alias)
    assert [alias["name"] for alias in left.json()["aliases"]] == ["Old Name"]


@pytest.mark.parametrize(
    "of", ["/api/v1/people/", "/api/v1/credits/", "/api/v1/people/{ann}/credits/", "/api/v1/consents/"]
)
def test_a_list_of_twenty_costs_the_queries_of_a_list_of_one(director, season, of):
    browser = world.client(director)
    ann = scene.person(by=director, published=True)
    path = of.format(ann=ann.pk)

    def more():
        person = scene.person(by=director, published=True)
        scene.alias(person, "Alias", by=director)
        production = world.production(season, by=director, published=True)
        for who in (person, ann):
            scene.credit(production, who, f"Role {world.number()}", by=director)
        consent = world.post(browser, "/api/v1/consents/", {"person": person.pk, "purpose": "photo"})
        assert consent.status_code == 201

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(path)
        return len(answer.json()["results"]), len(queries)

    more()
    few, queries_of_few = cost()
    for _ in range(19):
        more()
    many, queries_of_many = cost()
    assert few < 3
    assert many >= 20
    assert queries_of_many == queries_of_few


def test_filters_are_documented_and_hidden_people_are_not_listed(director, season):
    draft = world.production(season, by=director)
    visitor = world.client()
    assert world.client(director).get(f"/api/v1/credits/?production={draft.pk}").status_code == 200
    for query in (f"production={draft.pk}", "production=999999", "person=x", f"person={10**30}", "titel=x", "kind=x"):
        assert visitor.get(f"/api/v1/credits/?{query}").status_code == 400, query
    person = scene.person(by=director, published=True)
    public = world.production(season, by=director, published=True)
    scene.credit(public, person, "Førster", by=director)
    for text, count in (("FORST", 1), ("puck", 0)):
        assert len(visitor.get("/api/v1/credits/", {"role": text}).json()["results"]) == count
    assert [row["name"] for row in visitor.get("/api/v1/people/?kind=group").json()["results"]] == []


def test_internal_credit_fields_are_visible_only_to_users_who_may_view_the_cast(root, director, season):
    public = world.production(season, by=director, published=True)
    person = scene.person(by=director)
    credit = scene.credit(public, person, "Puck", by=director, starts_on="2026-09", ends_on="2026-09-14")
    path = f"/api/v1/credits/{credit.pk}/internal/"
    inside = world.client(world.give("viewer", root, by=director)).get(path).json()
    assert (inside["starts_on"], inside["ends_on"], inside["person"]) == ("2026-09", "2026-09-14", person.pk)
    assert world.client(world.give("box_office", root, by=director)).get(path).status_code == 403
    assert world.client().get(path).status_code == 401


class OnlySubmits(Actor):
    """Holds nothing but one permission to submit, everywhere."""

    kind = ActorKind.USER

    def __init__(self, user, permission):
        self.user, self.permission, self.label = user, permission, f"user:{user.pk}"

    def holds(self, permission, scope, at):
        return permission == self.permission


def test_a_submitted_credit_is_created_when_approved(director, season):
    show, person = world.production(season, by=director), scene.person(by=director)
    actor = OnlySubmits(world.user(), "submit_cast")
    stored = add_credit.submit(actor=actor, production=show, person=person, fields={"role": "Puck", "kind": "cast"})
    assert isinstance(stored, Submitted)
    assert not Credit.objects.exists()
    # The same again is refused before anybody has to decide on it.
    scene.credit(show, person, "Oberon", by=director)
    with pytest.raises(Conflict) as refused:
        add_credit.submit(actor=actor, production=show, person=person, fields={"role": "Oberon"})
    assert refused.value.code == "credit_exists"
    path = f"/api/v1/submissions/{stored.submission.pk}/approve/"
    assert (
        world.post(world.client(director), path, {"comment": "", "digest": stored.submission.token()}).status_code
        == 200
    )
    assert Credit.objects.filter(role="Puck", person=person).count() == 1


def test_selectors_return_cast_and_history_in_order(director, season):
    show = world.production(season, by=director, opens_on="2026")
    before = world.production(season, by=director, opens_on="2019-03")
    ann, ben = scene.person(by=director, name="Ann"), scene.person(by=director, name="Ben")
    scene.credit(show, ann, "Second", by=director, billing_order=2)
    scene.credit(show, ben, "First", by=director, billing_order=1)
    scene.credit(show, ben, "Lights", by=director, kind="crew")
    scene.credit(before, ann, "Earlier", by=director)
    assert [(credit.person.name, credit.role) for credit in cast_of(show)] == [("Ben", "First"), ("Ann", "Second")]
    assert [credit.role for credit in history_of(ann)] == ["Second", "Earlier"]


def test_the_system_actor_cannot_describe_itself(director):
    person = scene.person(by=director)
    with pytest.raises(NotAllowed):
        describe_self(actor=System("test"), person=person, changes={"bio": "I am."})
    assert (Submission.objects.count(), Consent.objects.count()) == (0, 0)


def test_every_trigram_index_exists():
    with connection.cursor() as cursor:
        for table, column, name in (
            ("directory_person", "folded", "person_folded_trigram"),
            ("directory_alias", "folded", "alias_folded_trigram"),
            ("directory_credit", "role_folded", "credit_role_trigram"),
        ):
            found = connection.introspection.get_constraints(cursor, table)[name]
            assert found["columns"] == [column]
            assert found["type"] == ("gin" if connection.vendor == "postgresql" else "idx")

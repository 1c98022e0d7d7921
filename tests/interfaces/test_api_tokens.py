"""Tokens by which a website reads: what they show, what they never do, and how they end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client

from accounts.models import ApiToken, ApiTokenUse, AuditEntry, Section, User
from accounts.permissions.services.api_tokens import create_token, revoke_token
from tests import world
from tests.laws.scenes import Theater, changed, state, table
from tests.laws.test_routes import ROUTES, send
from theater_site.core.actors import System
from theater_site.core.errors import Conflict, Invalid, NotAllowed

pytestmark = pytest.mark.django_db


def end(days: int = 30) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


class House:
    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.season = world.season(self.root, by=self.director)
        self.public = world.production(self.season, by=self.director, published=True)
        self.draft = world.production(self.season, by=self.director, title="A draft nobody knows")
        self.elsewhere = world.production(
            world.season(self.root, by=self.director), by=self.director, title="Another draft"
        )

    def token(self, *permissions: str, on: Section | None = None, by: User | None = None, **given: Any) -> ApiToken:
        made: ApiToken = create_token(
            actor=world.acting(by or self.director),
            section=on or self.root,
            permissions=list(permissions),
            **{"name": "Website", "expires_at": end(), **given},
        )
        return made


@pytest.fixture
def house() -> House:
    return House()


def program(token: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {getattr(token, 'secret', token)}"})


def titles(client: Client) -> set[str]:
    answer = client.get("/api/v1/productions/")
    assert answer.status_code == 200, answer.content
    return {row["title"] for row in answer.json()["results"]}


def test_a_token_is_created_over_the_api_and_shown_once(house: House) -> None:
    browser = world.client(house.director)
    body = {
        "section": house.root.pk,
        "name": "Website",
        "permissions": ["view_details"],
        "expires_at": end().isoformat(),
    }
    made = world.post(browser, "/api/v1/tokens/", body)
    assert made.status_code == 201
    secret = made.json()["token"]
    assert secret.startswith("tp_")
    assert len(secret) == 46
    path = f"/api/v1/tokens/{made.json()['id']}/"
    for answer in (browser.get(path), browser.get("/api/v1/tokens/")):
        assert answer.status_code == 200
        assert secret.encode() not in answer.content
        assert b'"token"' not in answer.content
        assert b"digest" not in answer.content
    assert browser.get(path).json()["last_used_at"] is None
    assert titles(program(secret)) >= {house.public.title, house.draft.title}
    assert browser.get(path).json()["last_used_at"] is not None


def test_the_token_is_stored_nowhere_in_the_database(house: House) -> None:
    secret = house.token().secret  # type: ignore[attr-defined]
    titles(program(secret))
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{name}"')
            assert not [row for row in cursor.fetchall() if secret in repr(row)], name


def test_without_permissions_a_token_reads_public_content(house: House) -> None:
    assert titles(program(house.token())) == titles(world.client()) == {house.public.title}


def test_a_token_is_limited_to_its_section(house: House) -> None:
    reader = program(house.token("view_details", on=house.season.section))
    assert titles(reader) == {house.public.title, house.draft.title}
    assert reader.get(f"/api/v1/productions/{house.draft.pk}/internal/").status_code == 200
    assert reader.get(f"/api/v1/productions/{house.elsewhere.pk}/").status_code == 404
    assert reader.get(f"/api/v1/productions/{house.elsewhere.pk}/internal/").status_code == 404
    assert titles(program(house.token("view_schedule"))) == {house.public.title}


def test_a_token_never_reads_more_than_its_creator(house: House) -> None:
    maker = world.give("director", house.season.section, by=house.director)
    token = house.token("view_details", on=house.season.section, by=maker)
    assert house.draft.title in titles(program(token))
    world.assign("viewer", house.season.section, by=house.director, to=maker)
    from accounts.models import RoleAssignment
    from accounts.permissions.services.roles import end_role

    directing = RoleAssignment.objects.get(user=maker, role__name="director")
    end_role(actor=world.acting(house.director), assignment=directing, reason="")
    assert house.draft.title in titles(program(token)), "a viewer still sees drafts"
    end_role(
        actor=world.acting(house.director),
        assignment=RoleAssignment.objects.get(user=maker, role__name="viewer"),
        reason="",
    )
    assert titles(program(token)) == {house.public.title}


def test_a_token_has_only_the_permissions_of_its_creator_below_its_section(house: House) -> None:
    """A maker whose permissions end below the token's section gives what they hold, and no more."""
    maker = world.give("director", house.season.section, by=house.director)
    with pytest.raises(NotAllowed) as refused:
        house.token("view_details", by=maker)
    assert refused.value.code in ("not_allowed", "beyond_own_permissions")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"permissions": ["edit_details"]}, "not_for_tokens"),
        ({"permissions": ["view_members"]}, "not_for_tokens"),
        ({"permissions": ["view_nothing"]}, "not_for_tokens"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, "bad_end"),
        ({"expires_at": datetime.now(UTC) + timedelta(days=733)}, "bad_end"),
        ({"name": "  "}, "required"),
    ],
)
def test_invalid_tokens_are_not_created(house: House, given: dict[str, Any], code: str) -> None:
    inputs = {"section": house.root, "name": "Website", "permissions": [], "expires_at": end(), **given}
    with pytest.raises(Invalid) as refused:
        create_token(actor=world.acting(house.director), **inputs)
    assert refused.value.code == code
    assert not ApiToken.objects.exists()


def test_nobody_creates_a_token_with_permissions_that_they_do_not_have(house: House) -> None:
    """Somebody who manages members, by a role that shows no tickets."""
    from accounts.models import Role

    Role(section=house.root, name="delegate", title="Delegate", permissions=["manage_members", "view_members"]).save()
    delegate = world.give("delegate", house.root, by=house.director)
    with pytest.raises(NotAllowed) as refused:
        house.token("view_tickets", by=delegate)
    assert (refused.value.code, refused.value.data["lacking"]) == ("beyond_own_permissions", ["view_tickets"])
    assert house.token(by=delegate).permissions == []
    with pytest.raises(NotAllowed) as nobody:
        create_token(actor=System("x"), section=house.root, name="x", permissions=[], expires_at=end())
    assert nobody.value.code == "nobody"


def test_every_write_with_a_token_is_refused_on_every_route(house: House) -> None:
    theater = Theater.__new__(Theater)
    theater.root, theater.director, theater.stranger = house.root, house.director, world.user()
    token = house.token("view_details", "view_schedule", "view_media", "view_tickets", "view_directory")
    reader = program(token)
    calls, tried = table("ROUTES"), 0
    for route in (route for route in ROUTES if not route.startswith("GET") and route in calls):
        with transaction.atomic():
            call = calls[route](theater)
            before = state()
            for query in ("", "?preview=true"):
                answer = send(reader, route, replace(call, query=query))
                assert (answer.status_code, answer.json()["code"]) == (403, "read_only_token"), route
            assert changed(before) == [], route
            transaction.set_rollback(True)
        for name in [name for name in vars(theater) if name not in ("root", "director", "stranger")]:
            del theater.__dict__[name]
        tried += 1
    assert tried > 40
    assert reader.put("/api/v1/productions/", {}, content_type="application/json").status_code == 403


def test_a_token_is_not_a_user(house: House) -> None:
    reader = program(house.token("view_details"))
    for path in ("me/", "me/sessions/", "me/personal-data/"):
        assert reader.get(f"/api/v1/{path}").status_code == 401, path
    audit = reader.get("/api/v1/audit/")
    assert audit.status_code in (401, 403) or audit.json()["results"] == []
    assert reader.get("/api/v1/submissions/").json()["results"] == []


@pytest.mark.parametrize("text", ["", "tp_", "tp_" + "A" * 43, "tp_" + "é" * 43, "xx_" + "A" * 43, "A" * 5000])
def test_forged_tokens_are_401(house: House, text: str) -> None:
    house.token()
    answer = program(text.encode("utf-8").decode("latin-1")).get("/api/v1/productions/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]
    assert answer["Content-Type"] == "application/problem+json"


def test_another_authorization_scheme_is_ignored(house: House) -> None:
    assert Client(headers={"Authorization": "Basic YTpi"}).get("/api/v1/productions/").status_code == 200


def test_a_token_ends_at_its_end(house: House) -> None:
    token = house.token(expires_at=end(2))
    with time_machine.travel(token.expires_at - timedelta(seconds=1), tick=False):
        assert program(token).get("/api/v1/productions/").status_code == 200
    with time_machine.travel(token.expires_at, tick=False):
        assert program(token).get("/api/v1/productions/").status_code == 401


def test_a_revoked_token_is_refused_and_stays_listed(house: House) -> None:
    token = house.token()
    browser = world.client(house.director)
    answer = world.post(browser, f"/api/v1/tokens/{token.pk}/revoke/")
    assert answer.status_code == 200
    assert answer.json()["revoked_at"]
    assert program(token).get("/api/v1/productions/").status_code == 401
    assert world.post(browser, f"/api/v1/tokens/{token.pk}/revoke/").json()["code"] == "already_revoked"
    with pytest.raises(Conflict):
        revoke_token(actor=world.acting(house.director), token=token)
    assert [row["id"] for row in browser.get("/api/v1/tokens/").json()["results"]] == [token.pk]


def test_a_token_ends_with_its_creators_account(house: House) -> None:
    maker = world.give("director", house.root, by=house.director)
    token = house.token("view_details", by=maker)
    User.objects.filter(pk=maker.pk).update(is_active=False)
    assert program(token).get("/api/v1/productions/").status_code == 401


def test_the_last_use_is_stored_once_a_minute(house: House) -> None:
    token = house.token()
    start = datetime.now(UTC)
    seen = []
    for seconds in (0, 30, 59, 61, 90):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            program(token).get("/api/v1/productions/")
            seen.append(round((ApiTokenUse.objects.get(token=token).at - start).total_seconds()))
    assert seen == [0, 0, 0, 61, 61]
    assert not AuditEntry.objects.filter(action="unattributed").exists()
    assert ApiToken.objects.get(pk=token.pk).version == 1


def test_the_schema_documents_api_tokens(house: House) -> None:
    schema = json.loads(world.client(Accept="application/json").get("/api/v1/schema/").content)
    assert schema["components"]["securitySchemes"]["apiToken"]["scheme"] == "bearer"
    assert {"apiToken": []} in schema["paths"]["/api/v1/productions/"]["get"]["security"]


# --- Sessions -----------------------------------------------------------------------------------------------


def test_sessions_are_listed_without_their_tokens_and_can_be_ended(house: House) -> None:
    from accounts.users.services.login_tokens import issue_session_token

    other = issue_session_token(house.director, note="laptop")
    browser = world.client(house.director)
    listed = browser.get("/api/v1/me/sessions/")
    assert listed.status_code == 200
    rows = listed.json()["results"]
    assert [(row["device"], row["current"]) for row in rows] == [("", True), ("laptop", False)]
    assert rows[0].keys() == {"id", "device", "address", "created_at", "last_seen_at", "current"}
    assert other.encode() not in listed.content
    stranger = world.client(world.user())
    assert stranger.delete(f"/api/v1/me/sessions/{rows[1]['id']}/").status_code == 404
    assert browser.delete(f"/api/v1/me/sessions/{rows[1]['id']}/").status_code == 204
    assert Client(headers={"X-Session-Token": other}).get("/api/v1/me/").status_code == 401
    assert browser.get("/api/v1/me/").status_code == 200
    entry = AuditEntry.objects.get(action="session.revoke")
    assert other not in str(entry.note)


def test_managers_of_members_can_end_the_sessions_of_others(house: House) -> None:
    victim = world.user()
    theirs = world.client(victim)
    lesser = world.give("director", house.season.section, by=house.director)
    assert world.post(world.client(lesser), "/api/v1/sessions/revoke-all/", {"user": victim.pk}).status_code == 403
    assert theirs.get("/api/v1/me/").status_code == 200
    answer = world.post(world.client(house.director), "/api/v1/sessions/revoke-all/", {"user": victim.pk})
    assert answer.status_code == 204
    assert theirs.get("/api/v1/me/").status_code == 401
    assert AuditEntry.objects.get(action="session.revoke_all").note == {"user": victim.pk, "sessions": 1}


def test_permissions_on_a_part_are_not_permissions_on_the_whole(house: House) -> None:
    from accounts.permissions.services.sessions import revoke_all_sessions

    lesser = world.give("director", house.season.section, by=house.director)
    with pytest.raises(Invalid) as refused:
        revoke_all_sessions(actor=world.acting(lesser), organization=house.season.section, user=house.director)
    assert refused.value.code == "not_root"


def test_a_session_stores_its_last_use_about_once_a_minute(house: House) -> None:
    from allauth.usersessions.models import UserSession
    from django.core.cache import cache

    browser = world.client(house.director)
    start = datetime.now(UTC)
    with time_machine.travel(start + timedelta(seconds=30), tick=False):
        browser.get("/api/v1/me/")
    first = UserSession.objects.get().last_seen_at
    assert first < start + timedelta(seconds=5)
    cache.clear()
    with time_machine.travel(start + timedelta(seconds=90), tick=False):
        browser.get("/api/v1/me/")
        browser.get("/api/v1/me/")
    assert UserSession.objects.get().last_seen_at == start + timedelta(seconds=90)

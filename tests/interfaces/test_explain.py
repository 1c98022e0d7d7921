"""May this user do this here, why, until when, through whom; and who may do what in this section."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SectionGrant, User
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import delegation

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _ask(t: Theater, asker: User, section: int, **asked: Any) -> Any:
    return world.client(asker).get(f"/api/v1/sections/{section}/explain/", asked)


def test_the_answer_lists_role_section_dates_and_all_delegators(theater: Theater) -> None:
    end = timezone.now() + 30 * DAY
    local = world.give("director", theater.section, by=theater.director)
    who = world.give("stage_manager", theater.section, by=local, ends_at=end)
    here = theater.production.section
    told = _ask(theater, who, here.pk, permission="edit_schedule").json()
    assert (told["allowed"], told["until"], told["missing"]) == (True, end.isoformat().replace("+00:00", "Z"), "")
    [ground] = told["grounds"]
    assert ground["section"] == {"id": theater.section.pk, "kind": "season", "name": theater.section.name}
    assert ground["inherited"]
    assert (ground["assignment"]["role"], ground["assignment"]["granted_by"]["id"]) == ("stage_manager", local.pk)
    assert [(link["user"]["id"], link["section"]["id"]) for link in ground["chain"]] == [
        (local.pk, theater.section.pk),
        (theater.director.pk, theater.root.pk),
    ]


def test_adjoining_grants_are_joined_to_one_end(theater: Theater) -> None:
    now = timezone.now()
    who = world.give("viewer", theater.section, by=theater.director, ends_at=now + 5 * DAY)
    world.give("viewer", theater.root, by=theater.director, to=who, starts_at=now + 4 * DAY, ends_at=now + 9 * DAY)
    world.give("viewer", theater.section, by=theater.director, to=who, starts_at=now + 20 * DAY)
    told = _ask(theater, who, theater.section.pk, permission="view_cast").json()
    assert told["until"] == (now + 9 * DAY).isoformat().replace("+00:00", "Z")
    later = _ask(theater, who, theater.section.pk, permission="view_cast", at=(now + 21 * DAY).isoformat()).json()
    assert (later["allowed"], later["until"]) == (True, None)


def test_the_reason_of_a_missing_permission_is_returned(theater: Theater) -> None:
    now = timezone.now()
    who = world.give("viewer", theater.section, by=theater.director, starts_at=now + DAY, ends_at=now + 2 * DAY)

    def missing(
        permission: str = "view_cast", section: int = theater.section.pk, at: Any = None, user: User = who
    ) -> str:
        when = {} if at is None else {"at": at.isoformat()}
        answer = _ask(theater, theater.director, section, permission=permission, user=user.pk, **when)
        assert answer.status_code == 200, answer.content
        assert not answer.json()["allowed"]
        assert answer.json()["message"]
        told: str = answer.json()["missing"]
        return told

    assert missing() == "not_yet"
    assert missing(at=now + 3 * DAY) == "over"
    assert missing("edit_cast") == "not_held"
    assert missing(section=theater.root.pk) == "not_here"
    User.objects.filter(pk=who.pk).update(is_active=False)
    assert missing(at=now + DAY) == "account_closed"


def test_questions_about_the_past_refer_to_the_audit_log(theater: Theater) -> None:
    """Rows that ended are gone, and of an open start nobody knows when it was: an answer about the past would be made up."""
    past = (timezone.now() - DAY).isoformat()
    for path, asked in (("explain", {"permission": "view_cast"}), ("members", {})):
        answer = world.client(theater.director).get(
            f"/api/v1/sections/{theater.section.pk}/{path}/", {**asked, "at": past}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "at_is_past")
        assert "audit log" in answer.json()["detail"]
    with pytest.raises(CommandError, match="audit log"):
        _command("--who", str(theater.section.pk), "--at", past)


def test_members_are_listed_for_a_future_date(theater: Theater) -> None:
    end = timezone.now() + 10 * DAY
    goes = world.give("viewer", theater.section, by=theater.director, ends_at=end)
    comes = world.give("viewer", theater.section, by=theater.director, starts_at=end)
    browser, path = world.client(theater.director), f"/api/v1/sections/{theater.section.pk}/members/"

    def members(**asked: Any) -> list[int]:
        return [member["user"]["id"] for member in browser.get(path, asked).json()["results"]]

    assert members() == [theater.director.pk, goes.pk]
    assert members(at=end.isoformat()) == [theater.director.pk, comes.pk]
    assert browser.get(path, {"at": "soon"}).json()["errors"][0]["field"] == "at"
    page = browser.get(path, {"at": end.isoformat(), "page_size": 1}).json()
    assert [member["user"]["id"] for member in browser.get(page["next"]).json()["results"]] == [comes.pk]


def test_a_reason_is_shown_only_where_members_are_visible(theater: Theater) -> None:
    """Anybody who sees members of a production learns that somebody holds a role above it, and not why they were given it."""
    below = world.give("director", theater.production.section, by=theater.director)
    given = world.assign("viewer", theater.section, by=theater.director, to=world.user(), reason="on parole")
    here = f"/api/v1/sections/{theater.production.section_id}"
    for who, told in ((below, False), (theater.director, True), (given.user, True)):
        seen = world.client(who).get(f"{here}/explain/", {"permission": "view_cast", "user": given.user_id})
        assert seen.status_code == 200, seen.content
        assert (b"on parole" in seen.content) == told
    for who, told in ((below, False), (theater.director, True)):
        seen = world.client(who).get(f"{here}/members/")
        assert str(given.user_id).encode() in seen.content
        assert (b"on parole" in seen.content) == told


def test_explaining_needs_permission(theater: Theater) -> None:
    who = world.give("viewer", theater.section, by=theater.director)
    own = _ask(theater, theater.stranger, theater.draft_season.section.pk, permission="view_cast")
    assert (own.status_code, own.json()["allowed"]) == (200, False)
    assert b"nobody knows" not in own.content
    assert (
        _ask(
            theater, theater.stranger, theater.section.pk, permission="view_cast", user=theater.stranger.pk
        ).status_code
        == 200
    )
    assert _ask(theater, theater.stranger, theater.section.pk, permission="view_cast", user=who.pk).status_code == 403
    assert _ask(theater, who, theater.section.pk, permission="view_cast", user=theater.director.pk).status_code == 403
    assert _ask(theater, theater.director, theater.section.pk, permission="view_cast", user=987654).status_code == 404
    assert _ask(theater, theater.director, 987654, permission="view_cast").status_code == 404
    assert _ask(theater, theater.director, theater.section.pk, permission="fly").json()["code"] == "unknown_permission"
    assert _ask(theater, theater.director, theater.section.pk).status_code == 400
    assert (
        _ask(theater, theater.director, theater.section.pk, permission="view_cast", usr=1).json()["code"]
        == "unknown_filter"
    )
    assert (
        world.client().get(f"/api/v1/sections/{theater.section.pk}/explain/", {"permission": "view_cast"}).status_code
        == 401
    )


def test_sensitive_roles_and_grants_without_a_role_are_explained(theater: Theater, settings: Any) -> None:
    role = delegation.role(["view_cast"], theater.root, by=theater.director, sensitive=True)
    who = world.user()
    world.assign(role.name, theater.section, by=theater.director, to=who)
    told = _ask(theater, theater.director, theater.section.pk, permission="view_cast", user=who.pk).json()
    assert (told["allowed"], told["second_factor"]) == (True, True)
    settings.REQUIRE_SECOND_FACTOR = True
    own = _ask(theater, who, theater.section.pk, permission="view_cast").json()
    settings.REQUIRE_SECOND_FACTOR = False
    assert (own["allowed"], own["missing"], own["grounds"]) == (False, "second_factor_needed", [])
    assert "second factor" in own["message"]
    listed = world.client(theater.director).get(f"/api/v1/sections/{theater.section.pk}/members/").json()["results"]
    assert [[each["second_factor"] for each in member["through"]] for member in listed] == [[True], [True]]
    assert [
        each["second_factor"] for each in _through(theater, world.give("viewer", theater.section, by=theater.director))
    ] == [False]
    by_itself = Permission.objects.get(codename="view_cast", content_type__app_label="accounts")
    SectionGrant(user=who, permission=by_itself, content_object=theater.section).save()
    told = _ask(theater, theater.director, theater.section.pk, permission="view_cast", user=who.pk).json()
    assert (told["second_factor"], [ground["assignment"] is None for ground in told["grounds"]]) == (
        False,
        [False, True],
    )
    parent = SectionGrant.objects.get(user=who, assignment=None)
    child = SectionGrant(user=theater.stranger, permission=by_itself, content_object=theater.section, origin=parent)
    child.save()
    told = _ask(theater, theater.stranger, theater.section.pk, permission="view_cast").json()
    assert told["grounds"][0]["chain"][0] == {
        "user": {"id": who.pk, "name": who.name}, "role": "", "assignment": None,
        "section": {"id": theater.section.pk, "kind": "season", "name": theater.section.name},
    }  # fmt: skip


def test_the_members_of_a_section_are_listed_with_permissions(theater: Theater) -> None:
    end = timezone.now() + DAY
    who = world.give("viewer", theater.section, by=theater.director, ends_at=end)
    world.give("box_office", theater.production.section, by=theater.director, to=who)
    world.give("viewer", theater.section, by=theater.director, starts_at=end)
    path = f"/api/v1/sections/{theater.production.section_id}/members/"
    browser = world.client(theater.director)
    page = browser.get(path, {"page_size": "1"}).json()
    assert [member["user"]["id"] for member in page["results"]] == [theater.director.pk]
    rest = browser.get(page["next"]).json()
    [member] = rest["results"]
    assert member["user"]["id"] == who.pk
    assert [(t["assignment"]["role"], t["inherited"], t["ends_at"] is None) for t in member["through"]] == [
        ("viewer", True, False), ("box_office", False, True),
    ]  # fmt: skip
    assert member["permissions"] == sorted(
        {permission for each in member["through"] for permission in each["permissions"]}
    )
    assert world.client(who).get(path).status_code == 404
    with CaptureQueriesContext(connection) as few:
        browser.get(path)
    for _ in range(19):
        world.give("viewer", theater.section, by=theater.director)
    with CaptureQueriesContext(connection) as many:
        assert len(browser.get(path).json()["results"]) == 21
    assert len(many) == len(few)


def test_a_chain_of_delegations_takes_one_query_a_link(theater: Theater) -> None:
    holders = [theater.director]
    for _ in range(4):
        holders.append(world.give("director", theater.section, by=holders[-1]))
    for _ in range(3):
        world.give("viewer", theater.section, by=theater.director, to=holders[-1])
    with CaptureQueriesContext(connection) as queries:
        told = _ask(theater, holders[-1], theater.section.pk, permission="view_cast").json()
    assert [link["user"]["id"] for link in told["grounds"][0]["chain"]] == [h.pk for h in holders[-2::-1]]
    assert len(told["grounds"]) == 4
    assert sum('FROM "accounts_sectiongrant"' in query["sql"] for query in queries) == 4, (
        "the director's is known by then"
    )


def _through(t: Theater, who: User) -> Any:
    listed = world.client(t.director).get(f"/api/v1/sections/{t.section.pk}/members/").json()["results"]
    return next(member["through"] for member in listed if member["user"]["id"] == who.pk)


def _command(*arguments: str) -> str:
    out = StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_same_answer(theater: Theater) -> None:
    end = timezone.now() + DAY
    who = world.give("viewer", theater.section, by=theater.director, ends_at=end)
    here = str(theater.section.pk)
    told = _command(who.email, "view_cast", here)
    assert told.startswith(f"Yes: {who.email} may view_cast in {theater.section.name}, until ")
    assert f"passed on by {theater.director.email}" in told
    assert _command(who.email, "view_cast", here, "--at", (end + DAY).isoformat()).strip().endswith("UTC).")
    assert "not_held" in _command(who.email, "edit_cast", here)
    assert "inherited from" in _command(theater.director.email, "edit_cast", here)
    data = json.loads(_command(who.email, "view_cast", here, "--json"))
    assert (data["allowed"], data["grounds"][0]["chain"][0]["user"]) == (True, theater.director.email)
    assert who.email in _command("--who", here)
    members = json.loads(_command("--who", here, "--json"))
    assert [member["user"] for member in members] == [theater.director.email, who.email]
    later = world.give("viewer", theater.section, by=theater.director, starts_at=end)
    assert "(from " in _command(later.email, "view_cast", here)
    for wrong in (
        (), ("a", "b"), (who.email, "view_cast", "x"), (who.email, "view_cast", "987654"), (who.email, "fly", here),
        ("nobody@theater.example", "view_cast", here), ("--who", "987654"), ("--who", here, "--at", "noon"),
        ("--who", here, "--at", "2027-01-01T10:00"), (who.email, "view_cast", here, "--who", here),
    ):  # fmt: skip
        with pytest.raises(CommandError):
            _command(*wrong)

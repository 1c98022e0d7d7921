"""A founder and an invited person sign in for the first time, and see what they may do."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.models import Invitation, Notification, User
from accounts.notifications.services.outbox import deliver_due
from tests import world
from tests.interfaces.test_authentication import Caller, mailed_key, with_authenticator
from tests.laws.scenes import Theater
from tests.worlds import delegation

pytestmark = pytest.mark.django_db


@pytest.fixture
def founded() -> Caller:
    out = StringIO()
    call_command("found", "The Lantern Players", "dora@theater.example", "--name", " Dora  Bell ", "--json", stdout=out)
    caller = Caller()
    caller.token = json.loads(out.getvalue())["session_token"]
    return caller


def test_a_founder_sets_a_password_by_one_mail_and_is_signed_in(founded: Caller) -> None:
    assert founded.me().json()["name"] == "Dora Bell"
    deliver_due()
    assert [message.subject for message in mail.outbox] == ["The Lantern Players is set up: choose your password"]
    assert not Notification.objects.filter(kind="role_given").exists(), "the one mail says it"
    browser = Caller()
    body = {"key": mailed_key("reset_password_with_key"), "password": "box-office-43"}
    assert browser.auth("POST", "auth/password/reset", body).status_code == 200
    assert browser.me().json()["email"] == "dora@theater.example", "the answer's token is a session"
    assert EmailAddress.objects.get().verified
    again = Caller()
    assert again.sign_in("dora@theater.example", "box-office-43").status_code == 200, "no code is asked"
    assert Caller().auth("POST", "auth/password/reset", body).status_code == 400, "the link works once"
    assert founded.me().status_code == 401, "sessions from before the password end"


def test_a_founder_who_changes_the_password_by_the_token_reads_how_to_go_on(founded: Caller) -> None:
    refused = founded.auth("POST", "account/password/change", {"new_password": "box-office-43"})
    assert refused.status_code == 401
    (error,) = refused.json()["errors"]
    assert error["code"] == "set_password_by_mail"
    assert "/api/auth/app/v1/auth/password/request" in error["message"]
    assert founded.me().status_code == 200, "the token still works"
    stranger = Caller()
    assert stranger.auth("POST", "auth/password/request", {"email": "dora@theater.example"}).status_code == 200
    body = {"key": mailed_key("reset_password_with_key"), "password": "box-office-43"}
    assert stranger.auth("POST", "auth/password/reset", body).status_code == 200


def test_a_reset_verifies_no_address_where_there_are_two() -> None:
    ann = User.objects.create_user("ann@example.org", "stage-door-42")
    EmailAddress.objects.create(user=ann, email="new@example.org", verified=False, primary=False)
    caller = Caller()
    caller.auth("POST", "auth/password/request", {"email": "ann@example.org"})
    body = {"key": mailed_key("reset_password_with_key"), "password": "box-office-43"}
    assert caller.auth("POST", "auth/password/reset", body).status_code == 401
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_reset_does_not_get_around_the_second_factor() -> None:
    ann = User.objects.create_user("ann@example.org", "stage-door-42")
    EmailAddress.objects.create(user=ann, email="ann@example.org", verified=True, primary=True)
    owner = Caller()
    assert owner.sign_in("ann@example.org", "stage-door-42").status_code == 200
    with_authenticator(owner, ann)
    thief = Caller()
    thief.auth("POST", "auth/password/request", {"email": "ann@example.org"})
    body = {"key": mailed_key("reset_password_with_key"), "password": "box-office-43"}
    answer = thief.auth("POST", "auth/password/reset", body)
    assert answer.status_code == 401
    assert {"id": "mfa_authenticate", "is_pending": True}.items() <= next(
        flow for flow in answer.json()["data"]["flows"] if flow["id"] == "mfa_authenticate"
    ).items()
    assert thief.me().status_code == 401


def test_a_founder_with_a_password_is_mailed_no_link() -> None:
    User.objects.create_user("dora@theater.example", "stage-door-42")
    out = StringIO()
    call_command("found", "The Lantern Players", "dora@theater.example", stdout=out)
    assert "sets a password" not in out.getvalue()
    assert not Notification.objects.filter(kind="founded").exists()
    with pytest.raises(CommandError, match="control character"):
        call_command("found", "The Lantern Players", "x@theater.example", "--name", "A\nB")


@pytest.mark.parametrize(("own", "shown"), [("", "Gwen Guest"), ("G. Guest", "G. Guest")])
def test_an_invitation_names_somebody_without_a_name(own: str, shown: str) -> None:
    theater = Theater()
    guest = delegation.with_address(User.objects.create_user("gwen@home.example", name=own))
    browser = world.client(theater.director)
    viewer = browser.get("/api/v1/roles/", {"name": "viewer"}).json()["results"][0]["id"]
    body = {"email": guest.email, "name": " Gwen  Guest", "role": viewer, "section": theater.root.pk, "reason": ""}
    made = world.post(browser, "/api/v1/invitations/", body)
    assert (made.status_code, made.json()["name"]) == (201, "Gwen Guest")
    refused = world.post(browser, "/api/v1/invitations/", {**body, "email": "x@home.example", "name": "A\nB"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "name")
    deliver_due()
    accepted = world.post(world.client(guest), "/api/v1/invitations/accept/", {"token": mailed_key("invitation")})
    assert accepted.status_code == 201, accepted.json()
    guest.refresh_from_db()
    assert guest.name == shown
    assert Invitation.objects.get().name == "Gwen Guest"


def test_everybody_reads_their_own_roles_and_permissions() -> None:
    theater = Theater()
    helper = world.give("viewer", theater.season.section, by=theater.director)
    rows = world.client(helper).get("/api/v1/me/permissions/").json()
    assert [(row["assignment"]["role"], row["section"]["id"]) for row in rows] == [
        ("viewer", theater.season.section_id)
    ]
    assert "view_details" in rows[0]["permissions"]
    assert rows[0]["assignment"]["granted_by"]["id"] == theater.director.pk
    assert world.client(world.user("Sam Stranger")).get("/api/v1/me/permissions/").json() == []
    assert world.client().get("/api/v1/me/permissions/").status_code == 401

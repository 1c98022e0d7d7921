"""A role by mail: offered, accepted once by everybody who reads the mail, and worth what its sender still holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.models import Invitation, Notification, Role, User
from accounts.notifications.services.outbox import deliver_due
from accounts.permissions.services.invitations import accept_invitation
from accounts.permissions.services.role_editing import update_role
from tests import world
from tests.laws.scenes import Theater, changed, state
from tests.worlds import delegation
from theater_site.core.actors import System

pytestmark = pytest.mark.django_db
LIST = "/api/v1/invitations/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _accept(who: User, secret: str) -> tuple[int, str]:
    answer = world.post(world.client(who), LIST + "accept/", {"token": secret})
    return answer.status_code, answer.json().get("code", "")


def _guest() -> User:
    return delegation.with_address(world.user("Gwen Guest"))


def test_an_invited_person_accepts_by_mail_and_gets_the_role(theater: Theater) -> None:
    browser = world.client(theater.director)
    viewer = world.client(theater.director).get("/api/v1/roles/", {"name": "viewer"}).json()["results"][0]["id"]
    body = {"email": " New.Face@Theater.example ", "role": viewer, "section": theater.section.pk, "reason": "Welcome!"}
    answer = world.post(browser, LIST, body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["state"], answer.json()["email"]) == ("open", "new.face@theater.example")
    secret = delegation.mailed_secret()
    assert secret not in answer.content.decode()
    assert deliver_due().failed == 0
    assert mail.outbox[-1].to == ["new.face@theater.example"]
    assert secret in mail.outbox[-1].body
    assert world.post(browser, LIST, body).json()["code"] == "already_invited"

    guest = delegation.with_address(User.objects.create_user("new.face@theater.example"))
    seen = world.post(world.client(guest), LIST + "accept/?preview=true", {"token": secret})
    assert seen.status_code == 200, seen.content
    assert not world.acting(guest).holds("view_cast", theater.section, timezone.now())
    assert _accept(guest, secret) == (201, "")
    assert world.acting(guest).holds("view_cast", theater.section, timezone.now())
    assignment = guest.assignments.get()
    assert (assignment.granted_by, assignment.passed_on_from) == (theater.director, theater.director.assignments.get())
    assert _accept(guest, secret) == (409, "invitation_used")
    listed = browser.get(LIST).json()["results"][0]
    assert (listed["state"], listed["assignment"]) == ("accepted", assignment.pk)
    assert world.post(browser, f"{LIST}{listed['id']}/resend/").json()["code"] == "invitation_used"


def test_an_invitation_is_accepted_once_and_only_with_its_address(theater: Theater) -> None:
    guest = _guest()
    _, secret = delegation.invited(guest.email, "viewer", theater.section, by=theater.director)
    before = state()
    assert _accept(_guest(), secret) == (403, "not_your_invitation")
    assert _accept(guest, "forged") == (404, "invitation_unknown")
    assert _accept(guest, "\ud800")[0] in (400, 404)
    guest.emailaddress_set.update(verified=False)
    assert _accept(guest, secret) == (403, "address_not_verified")
    assert world.post(world.client(), LIST + "accept/", {"token": secret}).status_code == 401
    with pytest.raises(Exception, match="another address"):
        accept_invitation(actor=System("test"), token=secret)
    assert {name for name in changed(before) if "invit" in name or "role" in name or "grant" in name} == set()
    body: dict[str, Any] = {
        "role": theater.director.assignments.get().role_id,
        "section": theater.section.pk,
        "reason": "",
    }
    browser = world.client(theater.director)
    assert world.post(browser, LIST, {**body, "email": "nobody at all"}).json()["code"] == "not_an_email"
    assert world.post(browser, LIST, {**body, "email": theater.director.email}).json()["code"] == "own_role"
    ended = (timezone.now() - timedelta(days=1)).isoformat()
    assert (
        world.post(browser, LIST, {**body, "email": "a@theater.example", "ends_at": ended}).json()["code"]
        == "ends_in_past"
    )
    local = world.client(
        world.give("director", theater.section, by=theater.director, ends_at=timezone.now() + timedelta(9))
    )
    assert world.post(local, LIST, {**body, "email": "a@theater.example"}).json()["code"] == "beyond_own_time"


def test_invitations_expire_are_resent_and_are_withdrawn(theater: Theater) -> None:
    guest, browser = _guest(), world.client(theater.director)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        made, old = delegation.invited(guest.email, "viewer", theater.section, by=theater.director)
        clock.shift(timedelta(days=14))
        assert _accept(guest, old) == (409, "invitation_expired")
        browser = world.client(theater.director)
        assert browser.get(f"{LIST}{made.pk}/").json()["state"] == "expired"
        assert world.post(browser, f"{LIST}{made.pk}/resend/").json()["state"] == "open"
        new = delegation.mailed_secret()
        assert _accept(guest, old) == (404, "invitation_unknown")
        assert world.post(browser, f"{LIST}{made.pk}/withdraw/").json()["state"] == "withdrawn"
        assert _accept(guest, new) == (409, "invitation_withdrawn")
        assert world.post(browser, f"{LIST}{made.pk}/withdraw/").json()["code"] == "invitation_withdrawn"


def test_an_invitation_is_void_if_its_sender_lost_the_permission(theater: Theater) -> None:
    local = world.give("director", theater.section, by=theater.director)
    first, second, third = _guest(), _guest(), _guest()
    secrets = [delegation.invited(g.email, "viewer", theater.section, by=local)[1] for g in (first, second, third)]
    User.objects.filter(pk=local.pk).update(is_active=False)
    assert _accept(first, secrets[0]) == (409, "inviter_lost_permissions")
    User.objects.filter(pk=local.pk).update(is_active=True)
    assert _accept(first, secrets[0]) == (201, "")
    # Anybody who takes over from them takes over their word as well.
    successor = world.user()
    delegation.leaves(local, to=successor, by=theater.director)
    assert _accept(second, secrets[1]) == (201, "")
    assert second.assignments.get().granted_by == successor
    delegation.end(successor.assignments.get(), by=theater.director)
    assert _accept(third, secrets[2]) == (409, "inviter_lost_permissions")
    assert not world.acting(second).holds("view_cast", theater.section, timezone.now())


def test_neither_address_nor_secret_is_stored_in_plain_text(theater: Theater) -> None:
    _, secret = delegation.invited("xq7.guest@theater.example", "viewer", theater.section, by=theater.director)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            raw = repr(cursor.fetchall())
            assert "xq7.guest" not in raw.lower(), table
            assert secret not in raw, table
    assert Invitation.objects.get().email == "xq7.guest@theater.example"
    assert Notification.objects.filter(kind="invitation", recipient=None).count() == 1


def test_the_system_actor_can_invite(theater: Theater) -> None:
    from accounts.models import Role
    from accounts.permissions.services.invitations import invite

    guest = _guest()
    invite(
        actor=System("test"), email=guest.email, role=Role.objects.get(name="viewer"), section=theater.section,
        starts_at=None, ends_at=None, reason="", name=None,
    )  # fmt: skip
    assert _accept(guest, delegation.mailed_secret()) == (201, "")
    assert guest.assignments.get().passed_on_from is None


def test_an_invitation_does_not_grant_permissions_added_to_its_role_later(theater: Theater) -> None:
    """Else somebody who edits roles for a week gives for good, by the director's authority, what the director did not offer."""
    role = delegation.role(["view_cast"], theater.root, by=theater.director)
    guest, other = _guest(), _guest()
    (made, secret), (_, narrower) = (
        delegation.invited(who.email, role.name, theater.section, by=theater.director) for who in (guest, other)
    )
    editor = delegation.role(["manage_members", "view_cast", "view_tickets"], theater.root, by=theater.director)
    clerk = world.give(editor.name, theater.root, by=theater.director, ends_at=timezone.now() + timedelta(days=7))
    update_role(actor=world.acting(clerk), role=role, changes={"permissions": ["view_cast", "view_tickets"]})
    assert _accept(guest, secret) == (409, "role_widened")
    again = world.post(world.client(theater.director), f"{LIST}{made.pk}/resend/", {})
    assert (again.status_code, again.json()["code"]) == (409, "role_widened")
    assert not world.acting(guest).holds("view_tickets", theater.section, timezone.now())
    # Narrowed again it is what was offered.
    update_role(actor=theater.acting(), role=Role.objects.get(pk=role.pk), changes={"permissions": ["view_cast"]})
    assert _accept(other, narrower) == (201, "")

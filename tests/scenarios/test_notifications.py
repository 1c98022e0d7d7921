"""Ann hears of everything at once, then once a day, then not of everything: over HTTP, and by the mails that she gets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Notification, User
from accounts.notifications.services import digests, outbox
from productions.services.productions import update_production
from tests import world

pytestmark = pytest.mark.django_db
NOTIFICATIONS, PREFERENCES = "/api/v1/me/notifications/", "/api/v1/me/notification-preferences/"


def mails_to(user: User, days: int = 0) -> list[Any]:
    """What reaches them when the worker has run, `days` from now."""
    outbox.deliver_due(timezone.now() + timedelta(days=days))
    found = [message for message in mail.outbox if message.to == [user.email]]
    mail.outbox.clear()
    return found


def test_a_reader_changes_from_immediate_mails_to_a_digest_to_fewer_kinds() -> None:
    root, director = world.found()
    production = world.production(world.season(root, by=director), by=director, published=True)
    ann = world.give("director", root, by=director)
    writer = world.give("marketing_coordinator", root, by=director)
    mails_to(ann)
    browser = world.client(ann)

    def submit(title: str) -> None:
        update_production.submit(actor=world.acting(writer), production=production, changes={"title": title})

    # At once, with the place to go to.
    submit("A first title")
    (message,) = mails_to(ann)
    assert message.subject.startswith("Waiting for you: ")
    listed = browser.get(NOTIFICATIONS).json()
    newest = listed["results"][0]
    assert listed["unread"] == len(listed["results"]) == 2
    assert (newest["kind"], newest["about_type"]) == ("submission_arrived", "accounts.submission")
    assert browser.get(f"/api/v1/submissions/{newest['about_id']}/").status_code == 200

    # Read one, then all; what others were told is out of reach.
    assert world.post(browser, f"{NOTIFICATIONS}{newest['id']}/read/").json()["read_at"] is not None
    assert browser.get(NOTIFICATIONS, {"unread": "true"}).json()["unread"] == 1
    assert world.post(browser, f"{NOTIFICATIONS}read-all/", {"up_to": newest["id"]}).json() == {"read": 1}
    assert browser.get(NOTIFICATIONS, {"unread": "true"}).json() == {"results": [], "next": None, "unread": 0}
    others = Notification.objects.exclude(recipient=ann).first()
    assert others is not None
    assert browser.get(f"{NOTIFICATIONS}{others.pk}/").status_code == 404
    assert browser.get(NOTIFICATIONS, {"colour": "red"}).json()["code"] == "unknown_filter"

    # Once a day.
    daily = {"digest_at": "07:30", "kinds": [{"kind": "submission_arrived", "delivery": "digest"}]}
    assert world.patch(browser, PREFERENCES, daily).status_code == 200
    submit("A second title")
    submit("A third title")
    assert mails_to(ann) == []
    assert digests.gather_due(timezone.now() + timedelta(days=1)) == 1
    (gathered,) = mails_to(ann, days=1)
    assert gathered.subject == "2 notifications from Theater"
    assert gathered.body.count("Waiting for you: ") == 2

    # One click in the mail program: without signing in, by POST alone, and only this.
    address = str(gathered.message()["List-Unsubscribe"]).strip("<>")
    path = address.removeprefix("http://127.0.0.1:3000")
    stranger = world.client()
    assert stranger.get(path).status_code == 405
    kinds = {row["kind"]: row["delivery"] for row in browser.get(PREFERENCES).json()["kinds"]}
    assert kinds["submission_arrived"] == "digest", "to look at the link ends nothing"
    for _ in range(2):
        answer = stranger.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
    after = {row["kind"]: row["delivery"] for row in browser.get(PREFERENCES).json()["kinds"]}
    assert after == kinds | {"submission_arrived": "off", "submission_reminder": "off"}, "what the digest gathered"
    submit("A fourth title")
    assert digests.gather_due(timezone.now() + timedelta(days=2)) == 0
    assert mails_to(ann, days=2) == []
    assert browser.get(NOTIFICATIONS).json()["unread"] == 3, "the list goes on"

    # What is essential comes all the same, and its mail has no such link.
    world.assign("viewer", root, by=director, to=ann)
    (essential,) = mails_to(ann)
    assert "List-Unsubscribe" not in essential.message()


@pytest.mark.parametrize("token", ["x", "1.submission_arrived", "1.submission_arrived:forged", "%00", "1.security:x"])
def test_a_forged_unsubscribe_link_changes_nothing(token: str) -> None:
    answer = world.client().post(f"/api/v1/unsubscribe/{token}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "unsubscribe_unknown")


def test_an_unsubscribe_link_ends_one_kind_for_one_reader() -> None:
    from accounts.notifications.services.unsubscribing import one_click_address

    ann, bert = world.user(), world.user()
    address = one_click_address(ann.pk, "submission_stale")
    assert address is not None
    assert world.client().post(address.removeprefix("http://127.0.0.1:3000")).json() == {"kinds": ["submission_stale"]}
    off = {
        who.pk: [row["kind"] for row in world.client(who).get(PREFERENCES).json()["kinds"] if row["delivery"] == "off"]
        for who in (ann, bert)
    }
    assert off == {ann.pk: ["submission_stale"], bert.pk: []}
    assert one_click_address(ann.pk, "security") is None

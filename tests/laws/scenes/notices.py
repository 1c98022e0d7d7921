"""Scenes of notices: one's own list and preferences, the link that ends a kind, the mail queue."""

from __future__ import annotations

from accounts.models import Notification, User
from accounts.notifications.rules.notice_kinds import Delivery
from accounts.notifications.services.unsubscribing import one_click_address
from tests import world
from tests.laws.scenes import Call, Scene, Theater
from tests.worlds.notices import given_up
from theater_site.core.actions import OpenTo


def notice(t: Theater) -> Notification:
    """Told to the director: somebody made them something."""
    world.assign("viewer", t.root, by=t.other_director, to=t.director)
    return Notification.objects.filter(recipient=t.director).latest("pk")


def _token(user: User) -> str:
    address = one_click_address(user.pk, "submission_arrived")
    assert address is not None
    return address.rstrip("/").rsplit("/", 1)[1]


_CHOICES = {"kinds": [{"kind": "submission_arrived", "delivery": "digest"}]}


def _chosen(t: Theater) -> Scene:
    kinds = [{"kind": "submission_arrived", "delivery": Delivery.DIGEST}]
    return Scene({"user": t.director, "choices": {"kinds": kinds}})


OPEN = {
    OpenTo.PUBLIC: {"notice.unsubscribe"},
    OpenTo.SIGNED_IN: {"notice.read", "notice.read_all", "notice.set_preferences"},
}

ACTIONS = {
    "notice.read": lambda t: Scene({"notice": notice(t)}),
    "notice.read_all": lambda t: Scene({"user": notice(t).recipient, "up_to": None}),
    "notice.set_preferences": _chosen,
    "notice.unsubscribe": lambda t: Scene({"token": _token(t.director)}),
    "mail.retry": lambda t: Scene({"organization": t.root, "message": given_up(t.stranger)}),
    "mail.retry_all": lambda t: Scene({"organization": t.root}),
}

ROUTES = {
    "GET own-notice-list": lambda t: Call(stranger={200}, public={401}),
    "GET own-notice-detail": lambda t: Call({"pk": notice(t).pk}, stranger={404}, public={401}),
    "POST own-notice-read": lambda t: Call({"pk": notice(t).pk}, stranger={404}, public={401}),
    "POST own-notice-read-all": lambda t: Call(stranger={200}, public={401}),
    "GET own-notice-preferences": lambda t: Call(stranger={200}, public={401}),
    "PATCH own-notice-preferences": lambda t: Call(body=_CHOICES, stranger={200}, public={401}),
    "POST unsubscribe": lambda t: Call({"token": _token(t.director)}, stranger={200}, public={200}),
    "GET mail-list": lambda t: Call(stranger={403}, public={401}),
    "GET mail-detail": lambda t: Call({"pk": given_up(t.stranger).pk}, stranger={403}, public={401}),
    "POST mail-retry": lambda t: Call({"pk": given_up(t.stranger).pk}, stranger={403}, public={401}),
    "POST mail-retry-all": lambda t: Call(stranger={403}, public={401}),
}

ANOTHER = {"own-notice-list": notice, "mail-list": lambda t: given_up(t.stranger)}

"""Scenes of notifications: their own list and preferences, the link that ends a kind, the mail queue."""

from __future__ import annotations

from accounts.models import Notification, User
from accounts.notifications.rules.notification_kinds import Delivery
from accounts.notifications.services.unsubscribing import one_click_address
from tests import world
from tests.laws.scenes import Call, Scene, Theater
from tests.worlds.notifications import given_up
from theater_site.core.actions import OpenTo


def notification(t: Theater) -> Notification:
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
    OpenTo.PUBLIC: {"notification.unsubscribe"},
    OpenTo.SIGNED_IN: {"notification.read", "notification.read_all", "notification.set_preferences"},
}

ACTIONS = {
    "notification.read": lambda t: Scene({"notification": notification(t)}),
    "notification.read_all": lambda t: Scene({"user": notification(t).recipient, "up_to": None}),
    "notification.set_preferences": _chosen,
    "notification.unsubscribe": lambda t: Scene({"token": _token(t.director)}),
    "mail.retry": lambda t: Scene({"organization": t.root, "message": given_up(t.stranger)}),
    "mail.retry_all": lambda t: Scene({"organization": t.root}),
}

ROUTES = {
    "GET own-notification-list": lambda t: Call(stranger={200}, public={401}),
    "GET own-notification-detail": lambda t: Call({"pk": notification(t).pk}, stranger={404}, public={401}),
    "POST own-notification-read": lambda t: Call({"pk": notification(t).pk}, stranger={404}, public={401}),
    "POST own-notification-read-all": lambda t: Call(stranger={200}, public={401}),
    "GET own-notification-preferences": lambda t: Call(stranger={200}, public={401}),
    "PATCH own-notification-preferences": lambda t: Call(body=_CHOICES, stranger={200}, public={401}),
    "POST unsubscribe": lambda t: Call({"token": _token(t.director)}, stranger={200}, public={200}),
    "GET mail-list": lambda t: Call(stranger={403}, public={401}),
    "GET mail-detail": lambda t: Call({"pk": given_up(t.stranger).pk}, stranger={403}, public={401}),
    "POST mail-retry": lambda t: Call({"pk": given_up(t.stranger).pk}, stranger={403}, public={401}),
    "POST mail-retry-all": lambda t: Call(stranger={403}, public={401}),
}

ANOTHER = {"own-notification-list": notification, "mail-list": lambda t: given_up(t.stranger)}

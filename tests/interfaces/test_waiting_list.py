"""The waiting list: free seats are held for the first who fits, and offered by mail; leaving works; nothing is revealed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Notification
from scheduling.services.occurrences import cancel_occurrence, reinstate_occurrence, update_occurrence
from tests import world
from tests.worlds import ticketing as scene
from theater_site.core.errors import Conflict
from ticketing.models import AreaHold, Order, PerformanceSeat, WaitingListEntry
from ticketing.services import occupancy
from ticketing.services.orders import cancel_order
from ticketing.services.waiting_list import offer_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def full():
    """A sold-out performance of two seats, its paid order, and two people who wait: for two seats, and for one."""
    root, director, evening, seats, _ = scene.house(rows=1, seats=2)
    order = scene.order(scene.hold(evening, seats), paid_to=director)
    path = f"/api/v1/performances/{evening.pk}/waiting-list/"
    for name, count in (("ada", 2), ("bob", 1)):
        answer = world.post(world.client(), path, {"name": name, "email": f"{name}@home.example", "places": count})
        assert (answer.status_code, answer.json()) == (201, {"performance": evening.pk})
    return director, evening, seats, order, path


def mailed(kind, address=None):
    rows = [row for row in Notification.objects.filter(kind=kind).order_by("pk") if address in (None, row.address)]
    return [(row.address, re.search(r"/waiting-list/(\S+)", row.body)[1]) for row in rows]


def test_free_seats_are_held_for_the_first_fitting_entry(full):
    director, evening, seats, order, path = full
    assert [address for address, _ in mailed("waiting_list_joined")] == ["ada@home.example", "bob@home.example"]
    cancel_order(actor=world.acting(director), order=order)
    ((address, token),) = mailed("waiting_list_offer")
    assert address == "ada@home.example"
    assert PerformanceSeat.objects.filter(state="held").count() == 2
    # Nobody else gets them, at that instant.
    taken = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", {"seats": [seats[0].pk]})
    assert taken.json()["code"] == "seats_taken"
    # The link orders them.
    body = {"hold": token, "buyer_name": "Ada", "buyer_email": "ada@home.example"}
    assert world.post(world.client(), "/api/v1/orders/", body).status_code == 201
    assert [entry.name for entry in WaitingListEntry.objects.all()] == ["bob"]
    assert offer_due() == 0


def test_an_expired_offer_goes_to_the_next_entry(full):
    director, evening, _, order, _ = full
    cancel_order(actor=world.acting(director), order=order)
    offered = WaitingListEntry.objects.get(pk=WaitingListEntry.objects.order_by("pk")[0].pk)
    assert offer_due() == 0
    with time_machine.travel(offered.offered_until + timedelta(seconds=1)):
        assert offer_due() == 1
        assert offer_due() == 0
    assert [address for address, _ in mailed("waiting_list_offer")] == ["ada@home.example", "bob@home.example"]
    assert evening.pk


def test_the_link_of_either_mail_removes_the_entry(full):
    director, evening, _, order, path = full
    leave = f"{path}leave/"
    assert world.post(world.client(), leave, {"key": "nonsense"}).json()["code"] == "not_waiting"
    ((_, bobs),) = mailed("waiting_list_joined", "bob@home.example")
    cancel_order(actor=world.acting(director), order=order)
    ((_, adas),) = mailed("waiting_list_offer")
    # Ada rejects; Bob, who is next, gets what she leaves.
    assert world.post(world.client(), leave, {"key": adas}).status_code == 204
    assert [address for address, _ in mailed("waiting_list_offer")] == ["ada@home.example", "bob@home.example"]
    assert PerformanceSeat.objects.filter(state="held").count() == 1
    assert world.post(world.client(), leave, {"key": bobs}).status_code == 204
    assert WaitingListEntry.objects.count() == PerformanceSeat.objects.count() == 0
    assert world.post(world.client(), leave, {"key": bobs}).status_code == 404
    assert evening.pk


def test_the_response_does_not_reveal_a_waiting_address(full):
    *_, path = full
    known = world.post(world.client(), path, {"name": "X", "email": "ADA@home.example", "places": 2})
    fresh = world.post(world.client(), path, {"name": "X", "email": "eve@home.example", "places": 2})
    assert (known.status_code, known.content) == (fresh.status_code, fresh.content)
    assert WaitingListEntry.objects.count() == 3
    assert [address for address, _ in mailed("waiting_list_joined")].count("ada@home.example") == 1


def test_capacity_of_an_area_is_offered_too():
    _, director, evening, _, floor = scene.house(rows=0, standing=3)
    order = scene.order(scene.hold(evening, area=floor, quantity=3), paid_to=director)
    path = f"/api/v1/performances/{evening.pk}/waiting-list/"
    world.post(world.client(), path, {"name": "Ada", "email": "ada@home.example", "places": 2})
    cancel_order(actor=world.acting(director), order=order)
    assert len(mailed("waiting_list_offer")) == 1
    assert AreaHold.objects.get().quantity == 2
    office = world.client(director)
    assert office.get(path).json()["results"][0]["offered_until"] is not None


def test_nothing_is_offered_after_the_sale(full):
    director, evening, _, order, _ = full
    with time_machine.travel(evening.starts_at + timedelta(days=2)):
        cancel_order(actor=world.acting(director), order=order)
        assert offer_due() == 0
    assert mailed("waiting_list_offer") == []
    assert Order.objects.get().canceled_at > timezone.now()


def test_waiting_people_and_buyers_are_notified_of_a_canceled_performance(full):
    director, evening, *_ = full
    acting = world.acting(director)
    cancel_occurrence(actor=acting, occurrence=evening, reason="Snow", waive={"tickets_sold": "Snow."})
    told = Notification.objects.filter(kind="waiting_list_changed").order_by("pk")
    assert [row.address for row in told] == ["ada@home.example", "bob@home.example"]
    assert "is canceled" in told[0].body
    assert "Reason: Snow" in told[0].body
    evening.refresh_from_db()
    reinstate_occurrence(actor=acting, occurrence=evening)
    assert "still on its waiting list" in told.all()[2].body
    (buyer,) = Notification.objects.filter(kind="performance_reinstated")
    assert "Your tickets are valid" in buyer.body
    evening.refresh_from_db()
    update_occurrence(actor=acting, occurrence=evening, changes={"start_time": "18:00"})
    moved = told.all()[4]
    assert "was moved" in moved.body
    # The link of each of these mails leaves the list.
    leave = f"/api/v1/performances/{evening.pk}/waiting-list/leave/"
    key = re.search(r"/waiting-list/(\S+)", moved.body)[1]
    assert world.post(world.client(), leave, {"key": key}).status_code == 204
    assert [entry.name for entry in WaitingListEntry.objects.all()] == ["bob"]


def test_after_an_expired_offer_people_can_join_again_at_the_end(full):
    director, _, _, order, path = full
    cancel_order(actor=world.acting(director), order=order)
    ada = WaitingListEntry.objects.order_by("pk")[0]
    body = {"name": "ada", "email": "ada@home.example", "places": 2}
    assert world.post(world.client(), path, body).status_code == 201
    assert WaitingListEntry.objects.get(pk=ada.pk).offer_holder, "while her offer holds, joining again changes nothing"
    with time_machine.travel(ada.offered_until + timedelta(seconds=1)):
        assert offer_due() == 1, "Bob gets one of the two"
        assert world.post(world.client(), path, body).status_code == 201
        assert [entry.name for entry in WaitingListEntry.objects.order_by("pk")] == ["bob", "ada"]


def test_an_offer_that_loses_a_race_blocks_nothing(full, monkeypatch):
    director, _, _, order, _ = full
    take = occupancy.take_seats

    def beaten(*given, **named):
        take(*given, **named)
        raise Conflict("Somebody was faster.", code="seats_taken")

    monkeypatch.setattr(occupancy, "take_seats", beaten)
    canceled = cancel_order(actor=world.acting(director), order=order)
    assert canceled.state == "canceled"
    assert mailed("waiting_list_offer") == []
    assert not PerformanceSeat.objects.exists(), "nothing of the lost offer stays"
    monkeypatch.undo()
    assert offer_due() == 1
    assert [address for address, _ in mailed("waiting_list_offer")] == ["ada@home.example"]

"""From the first price to the last guest: a performance is sold, paid for and attended, over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import AuditEntry, Submission
from scheduling.services.occurrences import publish_occurrence, unpublish_occurrence
from tests import world
from tests.worlds import approvals
from tests.worlds import ticketing as scene

pytestmark = pytest.mark.django_db


def at(performance, path=""):
    return f"/api/v1/performances/{performance.pk}/{path}"


def seat_states(browser, performance):
    return {seat["id"]: seat["state"] for seat in browser.get(at(performance, "seats/")).json()["seats"]}


def buyer(hold, **fields):
    return {"hold": hold["token"], "buyer_name": "Bea Buyer", "buyer_email": "bea@home.example", **fields}


def test_a_seat_is_sold_from_the_first_price_to_check_in():
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director, published=True)
    office = world.client(world.give("box_office", root, by=director))
    boss, one, two = world.client(director), world.client(), world.client()

    # The director seats the house and opens the sale.
    space = scene.scheduling.space(by=director)
    rows = [{"zone": "Stalls", "row": "A", "count": 3}]
    made = world.post(boss, "/api/v1/seating-charts/", {"space": space.pk, "name": "End-on", "rows": rows, "areas": []})
    assert made.status_code == 201, made.json()
    evening = scene.performance(play, by=director, space=space)
    nobody_yet = one.get(at(evening, "seats/"))
    assert (nobody_yet.status_code, nobody_yet.json()["code"]) == (409, "not_on_sale")
    prices = {
        "chart": made.json()["id"],
        "currency": "EUR",
        "tax_rate": "7",
        "price_categories": [{"category": "Stalls", "name": "Stalls", "price": "21.40"}],
    }
    opened = world.post(boss, at(evening, "open-sale/"), prices)
    assert opened.status_code == 201, opened.json()
    assert world.post(boss, at(evening, "open-sale/"), prices).json()["code"] == "already_on_sale"

    # Two buyers want the second seat; the one who is late gets nothing, the free third one included.
    first, second, third = seat_states(one, evening)
    held = world.post(one, at(evening, "holds/"), {"seats": [first, second]})
    assert held.status_code == 201, held.json()
    assert (held.json()["total"], held.json()["currency"]) == ("42.80", "EUR")
    late = world.post(two, at(evening, "holds/"), {"seats": [second, third]})
    assert (late.status_code, late.json()["code"]) == (409, "seats_taken")
    assert late.json()["data"]["seats"] == [{"id": second, "label": "Stalls, row A, seat 2"}]
    assert seat_states(two, evening) == {first: "held", second: "held", third: "free"}

    # The first one orders, and reads the order by its reference.
    ordered = world.post(one, "/api/v1/orders/", buyer(held.json()))
    assert ordered.status_code == 201, ordered.json()
    order = one.get(ordered["Location"]).json()
    assert order == ordered.json()
    assert (order["state"], order["total"]) == ("pending", "42.80")
    assert [(line["price"], line["tax_rate"], line["tax"]) for line in order["lines"]] == [
        ("21.40", "7.00", "1.40")
    ] * 2
    # Kept for them until they pay, and again for sale if they do not.
    assert seat_states(one, evening)[first] == "held"
    again = world.post(one, "/api/v1/orders/", buyer(held.json()))
    assert (again.status_code, again.json()["code"]) == (409, "hold_gone")

    # At the door: first the money, then the seat, and only once.
    code = order["lines"][0]["code"]
    assert world.post(office, at(evening, "check-ins/"), {"code": code}).json()["code"] == "not_paid"
    address = f"/api/v1/orders/{order['id']}/"
    assert world.post(one, f"{address}pay/", {"method": "cash"}).status_code == 401
    paid = world.post(office, f"{address}pay/", {"method": "cash"})
    assert (paid.status_code, paid.json()["state"]) == (200, "paid"), paid.json()
    assert paid.json()["payments"][0]["state"] == "received"
    assert seat_states(one, evening)[first] == "sold"
    assert world.post(office, f"{address}pay/", {"method": "cash"}).json()["code"] == "order_paid"
    checked_in = world.post(office, at(evening, "check-ins/"), {"code": code})
    assert (checked_in.status_code, checked_in.json()["description"]) == (201, "Stalls, row A, seat 1"), (
        checked_in.json()
    )
    twice = world.post(office, at(evening, "check-ins/"), {"code": code.lower()})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_checked_in")
    assert twice.json()["data"]["checked_in_at"]

    # The box office sees the order with the buyer's address, the public does not.
    assert office.get(address).json()["buyer_email"] == "bea@home.example"
    assert one.get(address).status_code == 401
    assert "buyer_email" not in one.get(ordered["Location"]).json()
    assert one.get("/api/v1/orders/").status_code == 401
    assert [row["reference"] for row in office.get("/api/v1/orders/").json()["results"]] == [order["reference"]]


def test_a_coordinators_promotion_waits_for_approval():
    root, director, evening, (first, second, *_), _ = scene.house()
    season = evening.production.season
    coordinator = world.client(world.give("marketing_coordinator", root, by=director))
    boss, public = world.client(director), world.client()
    wanted = {"season": season.pk, "name": "Opening week", "code": "open ing", "percent": "10"}
    submitted = world.post(coordinator, "/api/v1/promotions/", wanted)
    assert submitted.status_code == 202, submitted.json()

    # Not yet.
    hold = world.post(public, at(evening, "holds/"), {"seats": [first.pk]}).json()
    early = world.post(public, "/api/v1/orders/", buyer(hold, promotion_code="OPENING"))
    assert (early.status_code, early.json()["code"]) == (409, "code_not_valid")

    submission = Submission.objects.get(pk=submitted.json()["id"])
    approved = world.post(
        boss, f"/api/v1/submissions/{submission.pk}/approve/", {"comment": "Good.", "digest": world.seen(submission)}
    )
    assert approved.status_code == 200, approved.json()
    ordered = world.post(public, "/api/v1/orders/", buyer(hold, promotion_code="opening"))
    assert ordered.status_code == 201, ordered.json()
    assert ordered.json()["total"] == "22.50"
    (line,) = ordered.json()["lines"]
    assert (line["full_price"], line["price"], line["tax"]) == ("25.00", "22.50", "1.47")
    (shown,) = coordinator.get("/api/v1/promotions/").json()["results"]
    assert (shown["code"], shown["percent"]) == ("OPENING", "10.00")
    assert public.get("/api/v1/promotions/").json()["results"] == []
    # It ends, and the next order is refused.
    assert world.post(boss, f"/api/v1/promotions/{shown['id']}/end/").status_code == 200
    hold = world.post(public, at(evening, "holds/"), {"seats": [second.pk]}).json()
    assert world.post(public, "/api/v1/orders/", buyer(hold, promotion_code="opening")).status_code == 409


def test_general_admission_sells_out_and_opens_the_waiting_list():
    root, director, evening, _, floor = scene.house(rows=0, standing=5)
    office = world.client(world.give("box_office", root, by=director))
    one, two = world.client(), world.client()

    held = world.post(one, at(evening, "holds/"), {"area": floor.pk, "quantity": 4})
    assert (held.status_code, held.json()["total"]) == (201, "40.00"), held.json()
    late = world.post(two, at(evening, "holds/"), {"area": floor.pk, "quantity": 2})
    assert (late.status_code, late.json()["code"], late.json()["data"]) == (409, "sold_out", {"left": 1})
    assert one.get(at(evening, "seats/")).json()["areas"][0]["left"] == 1

    # Nobody waits for what can be bought.
    early = world.post(two, at(evening, "waiting-list/"), {"name": "Will", "email": "will@x.example", "places": 1})
    assert (early.status_code, early.json()["code"]) == (409, "places_left")
    for name in ("Will", "Xenia", "Will"):
        entry = {"name": name, "email": f"{name}@X.example", "places": 2}
        joined = world.post(two, at(evening, "waiting-list/"), entry)
        assert (joined.status_code, joined.json()) == (201, {"performance": evening.pk}), joined.json()
    waiting = office.get(at(evening, "waiting-list/")).json()["results"]
    assert [(entry["name"], entry["places"]) for entry in waiting] == [("Will", 2), ("Xenia", 2)]
    assert two.get(at(evening, "waiting-list/")).status_code == 401

    # The order comes back, and its places are there again.
    order = world.post(one, "/api/v1/orders/", buyer(held.json())).json()
    assert len({line["code"] for line in order["lines"]}) == 4
    assert one.get(at(evening, "seats/")).json()["areas"][0]["left"] == 1
    canceled = world.post(office, f"/api/v1/orders/{order['id']}/cancel/")
    assert (canceled.status_code, canceled.json()["state"]) == (200, "canceled"), canceled.json()
    assert [payment["state"] for payment in canceled.json()["payments"]] == ["dropped"]
    # Two each are held for those who wait.
    assert one.get(at(evening, "seats/")).json()["areas"][0]["left"] == 1


def test_the_seats_of_an_expired_hold_are_free_at_once():
    _, _, evening, (first, second, *_), _ = scene.house()
    one, two = world.client(), world.client()
    held = world.post(one, at(evening, "holds/"), {"seats": [first.pk, second.pk]}).json()
    ended = timezone.now() + timedelta(minutes=10, seconds=1)
    with time_machine.travel(ended):
        assert seat_states(two, evening)[first.pk] == "free"
        assert world.post(two, at(evening, "holds/"), {"seats": [second.pk]}).status_code == 201
        late = world.post(one, "/api/v1/orders/", buyer(held))
        assert (late.status_code, late.json()["code"]) == (409, "hold_gone")


def test_a_hold_is_released_with_its_token():
    _, _, evening, (first, *_), _ = scene.house()
    one, two = world.client(), world.client()
    held = world.post(one, at(evening, "holds/"), {"seats": [first.pk]}).json()
    assert world.post(two, at(evening, "holds/release/"), {"token": "guessed"}).status_code == 409
    assert world.post(one, at(evening, "holds/release/"), {"token": held["token"]}).status_code == 204
    assert world.post(two, at(evening, "holds/"), {"seats": [first.pk]}).status_code == 201


def test_a_ticket_is_valid_for_one_performance_only():
    root, director, evening, (first, *_), _ = scene.house()
    other = scene.performance(evening.production, by=director)
    office = world.client(world.give("house_manager", root, by=director))
    order = scene.order(scene.hold(evening, [first]), paid_to=director)
    code = order.lines.get().ticket.code
    wrong = world.post(office, at(other, "check-ins/"), {"code": code})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_performance")
    assert wrong.json()["data"]["performance"] == evening.pk
    unpublish_occurrence(actor=world.acting(director), occurrence=evening)
    usher = world.client(approvals.holder(["edit_check_in"], root, by=director))
    assert "data" not in world.post(usher, at(other, "check-ins/"), {"code": code}).json()
    publish_occurrence(actor=world.acting(director), occurrence=evening)
    unknown = world.post(office, at(evening, "check-ins/"), {"code": "NOSUCHTICKET"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_ticket")
    assert world.post(world.client(), at(evening, "check-ins/"), {"code": code}).status_code == 401
    assert world.post(office, at(evening, "check-ins/"), {"code": code}).status_code == 201
    # Who is in the house cannot be taken back.
    assert (
        world.post(world.client(director), f"/api/v1/orders/{order.pk}/cancel/").json()["code"] == "already_checked_in"
    )


def test_the_ticket_of_a_canceled_order_is_invalid():
    _, director, evening, (first, *_), _ = scene.house()
    order = scene.order(scene.hold(evening, [first]), paid_to=director)
    boss = world.client(director)
    canceled = world.post(boss, f"/api/v1/orders/{order.pk}/cancel/")
    assert [payment["state"] for payment in canceled.json()["payments"]] == ["refunded"]
    code = order.lines.get().ticket.code
    assert world.post(boss, at(evening, "check-ins/"), {"code": code}).json()["code"] == "ticket_void"
    assert seat_states(boss, evening)[first.pk] == "free"
    assert world.post(boss, f"/api/v1/orders/{order.pk}/cancel/").json()["code"] == "order_canceled"


def test_the_box_office_blocks_and_releases_seats():
    root, director, evening, (first, second, *_), _ = scene.house()
    office, public = world.client(world.give("box_office", root, by=director)), world.client()
    assert world.post(public, at(evening, "block-seats/"), {"seats": [first.pk]}).status_code == 401
    assert world.post(office, at(evening, "block-seats/"), {"seats": [first.pk]}).status_code == 204
    assert seat_states(public, evening)[first.pk] == "blocked"
    assert world.post(public, at(evening, "holds/"), {"seats": [first.pk]}).json()["code"] == "seats_taken"
    assert (
        world.post(office, at(evening, "free-seats/"), {"seats": [first.pk, second.pk]}).json()["code"] == "not_blocked"
    )
    assert seat_states(public, evening)[first.pk] == "blocked"
    assert world.post(office, at(evening, "free-seats/"), {"seats": [first.pk]}).status_code == 204
    assert world.post(public, at(evening, "holds/"), {"seats": [first.pk]}).status_code == 201


def test_a_hold_is_one_audit_entry_with_its_seats_and_without_its_token():
    _, _, evening, (first, second, *_), _ = scene.house()
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    held = scene.hold(evening, [second, first])
    (entry,) = AuditEntry.objects.exclude(pk__in=before)
    assert (entry.action, entry.changes.count()) == ("hold.take", 0)
    assert entry.note == {"performance": evening.pk, "seats": [first.pk, second.pk]}
    assert re.fullmatch(r"[\w-]{32}", held.token)

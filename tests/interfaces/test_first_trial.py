"""What the first trial by a new user found: each answer says what to do next."""

from __future__ import annotations

import pytest

from accounts.approvals.models.submissions import Submission
from accounts.models import Notification
from tests import world
from tests.interfaces.test_waiting_list import full, mailed  # noqa: F401 (a fixture)
from tests.laws.scenes import Theater
from tests.worlds import ticketing as scene
from ticketing.services.orders import cancel_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_a_waiting_list_link_says_what_it_is_for(full):  # noqa: F811
    director, evening, _, order, _ = full
    everybody = world.client()
    ((_, leaving),) = mailed("waiting_list_joined", "ada@home.example")
    address = "/api/v1/waiting-list/{}/".format
    shown = everybody.get(address(leaving)).json()
    assert (shown["performance"], shown["places"], shown["state"], shown["orders"]) == (evening.pk, 2, "waiting", False)
    cancel_order(actor=world.acting(director), order=order)
    ((_, token),) = mailed("waiting_list_offer")
    offered = everybody.get(address(token)).json()
    assert (offered["state"], offered["orders"]) == ("offered", True)
    assert everybody.get(address(leaving)).json()["orders"] is False
    wrong = everybody.get(address("nonsense"))
    assert (wrong.status_code, wrong.json()["code"]) == (404, "not_waiting")


def test_a_buyer_cancels_an_unpaid_order_and_not_a_paid_one():
    _, director, evening, seats, _ = scene.house(rows=1, seats=3)
    everybody = world.client()
    unpaid = scene.order(scene.hold(evening, seats[:1]))
    address = f"/api/v1/orders/by-reference/{unpaid.reference}/cancel/"
    done = world.post(everybody, address, {})
    assert (done.status_code, done.json()["state"]) == (200, "canceled")
    assert Notification.objects.filter(kind="order_canceled").count() == 1
    assert world.post(everybody, address, {}).json()["code"] == "order_canceled"
    assert scene.hold(evening, seats[:1]), "its seat is free"
    paid = scene.order(scene.hold(evening, seats[1:2]), paid_to=director)
    refused = world.post(everybody, f"/api/v1/orders/by-reference/{paid.reference}/cancel/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "order_paid")
    unknown = world.post(everybody, f"/api/v1/orders/by-reference/{'x' * 24}/cancel/", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_order")


def test_a_preview_shows_no_secret_and_says_whether_approval_is_needed(theater):
    writer = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    version = {"If-Match": f'"{theater.production.version}"'}
    for client, needed in ((writer, True), (world.client(theater.director), False)):
        previewed = client.patch(
            f"/api/v1/productions/{theater.production.pk}/?preview=true",
            {"subtitle": "A comedy"},
            content_type="application/json",
            headers=version,
        )
        assert previewed.json()["needs_approval"] is needed


def test_the_preview_of_an_order_shows_the_public_nothing_personal():
    _, _, evening, seats, _ = scene.house(rows=1, seats=1)
    hold = scene.hold(evening, seats)
    body = {"hold": hold.token, "buyer_name": "Bea Buyer", "buyer_email": "bea@home.example"}
    shown = world.post(world.client(), "/api/v1/orders/?preview=true", body)
    assert shown.status_code == 200, shown.json()
    assert not {"email_index", "reference", "buyer_email", "code", "pay_by"} & {
        name for change in shown.json()["changes"] for name in change["after"]
    }


def test_what_cannot_be_approved_says_why_instead_of_asking_to_look_again(theater):
    production = theater.production
    writer = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    boss = world.client(theater.director)
    answer = writer.patch(
        f"/api/v1/productions/{production.pk}/",
        {"slug": "the-new-one"},
        content_type="application/json",
        headers={"If-Match": f'"{production.version}"'},
    )
    assert answer.status_code == 202, answer.json()
    other = world.production(theater.season, by=theater.director)
    taken = boss.patch(
        f"/api/v1/productions/{other.pk}/",
        {"slug": "the-new-one"},
        content_type="application/json",
        headers={"If-Match": f'"{other.version}"'},
    )
    assert taken.status_code == 200, taken.json()
    path = f"/api/v1/submissions/{answer.json()['id']}/"
    difference = boss.get(f"{path}difference/").json()
    assert difference["digest"] == ""
    (problem,) = difference["problems"]
    refused = world.post(boss, f"{path}approve/", {"digest": ""})
    assert refused.status_code == 409, refused.json()
    assert refused.json()["code"] == problem["code"] != "digest_outdated"


def test_requested_changes_are_shown_with_the_submission(theater):
    production = theater.production
    writer = world.client(world.give("marketing_coordinator", theater.root, by=theater.director))
    boss = world.client(theater.director)
    answer = writer.patch(
        f"/api/v1/productions/{production.pk}/",
        {"subtitle": "A comedy"},
        content_type="application/json",
        headers={"If-Match": f'"{production.version}"'},
    )
    path = f"/api/v1/submissions/{answer.json()['id']}/"
    assert world.post(boss, f"{path}request-changes/", {"comment": "Shorter"}).status_code == 200
    assert writer.get(path).json()["comment"] == "Shorter"
    assert Submission.objects.get().state == "changes_requested"
    assert len(writer.get(f"{path}comments/").json()["results"]) == 1
    wrong = writer.get(f"{path}comments/", {"state": "submitted"})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "unknown_filter")
    draft = world.post(writer, "/api/v1/submissions/", {"items": []}).json()["id"]
    early = world.post(boss, f"/api/v1/submissions/{draft}/emergency/", {"reason": "Fire"})
    assert early.status_code == 404, "a draft is seen by its authors only"


def test_a_waiver_names_the_rules_that_ask_for_one():
    _, director, evening, seats, _ = scene.house(rows=1, seats=1)
    scene.order(scene.hold(evening, seats), paid_to=director)
    body = {"reason": "Snow", "waive": {"ticket_sold": "x"}}
    refused = world.post(world.client(director), f"/api/v1/occurrences/{evening.pk}/cancel/", body).json()
    assert refused["code"] == "waiver_required"
    assert '"waive": {"tickets_sold": "<reason>"}' in refused["detail"]
    assert "Nothing here asks for a waiver of ticket_sold." in refused["detail"]


def test_errors_name_the_field(theater):
    nora = world.client(world.user("Nora"))
    wrong = nora.patch("/api/v1/me/", {"language": "xx", "timezone": "Mars"}, content_type="application/json").json()
    assert {error["field"] for error in wrong["errors"]} == {"language", "timezone"}
    missing = world.post(world.client(theater.director), "/api/v1/seasons/", {})
    assert missing.json()["detail"].startswith("name: ")


def test_ticketing_errors_name_the_field():
    root, director, evening, seats, floor = scene.house(rows=1, seats=1, standing=3)
    door = world.client(world.give("house_manager", root, by=director))
    empty = world.post(door, f"/api/v1/performances/{evening.pk}/check-ins/", {"code": " "}).json()
    assert (empty["errors"][0]["field"], empty["errors"][0]["code"]) in {("code", "required"), ("code", "blank")}
    for body, field in (({"area": floor.pk}, "quantity"), ({"quantity": 2}, "area"), ({}, "seats")):
        refused = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", body).json()
        assert (refused["code"], refused["errors"][0]["field"]) == ("seats_or_area", field)

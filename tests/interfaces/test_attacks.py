"""What an attack found: values that a preview showed, decided differences, offers that were lost, moves that reached nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Notification, Submission
from accounts.permissions.selectors.sections import area
from productions.services.life import cancel_production
from productions.services.productions import update_production
from scheduling.models import Occurrence
from scheduling.services.occurrences import cancel_occurrence, delete_occurrence, update_occurrence
from tests import world
from tests.interfaces.test_waiting_list import full, mailed  # noqa: F401 (a fixture)
from tests.laws.scenes import Theater
from tests.worlds import approvals, directory
from tests.worlds import scheduling as calendar
from tests.worlds import ticketing as scene
from theater_site.core.errors import Conflict
from ticketing.models import Order, PerformanceSeat, WaitingListEntry
from ticketing.services import orders
from ticketing.services.orders import cancel_order, set_deadline

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


def _patch(client: Any, path: str, body: dict[str, Any], version: int) -> Any:
    return world.patch(client, path, body, version)


def test_a_preview_shows_no_personal_value_to_who_may_only_submit(theater: Theater) -> None:
    person = directory.person(by=theater.director, published=True, name="Ann", email="secret@home.example")
    member = world.client(world.give("company_member", theater.root, by=theater.director))
    path, body = f"/api/v1/people/{person.pk}/?preview=true", {"email": "x@y.example"}
    (change,) = _patch(member, path, body, person.version).json()["changes"]
    assert (change["before"], change["after"]) == ({}, {"email": "x@y.example"})
    (change,) = _patch(world.client(theater.director), path, body, person.version).json()["changes"]
    assert change["before"] == {"email": "secret@home.example"}


def test_a_preview_tells_a_stranger_nothing_of_the_waiting_list(full: Any) -> None:  # noqa: F811
    *_, path = full
    for name in ("ada", "eve"):
        body = {"name": "x", "email": f"{name}@home.example", "places": 2}
        assert world.post(world.client(), path + "?preview=true", body).json()["changes"] == []


def test_a_decided_difference_shows_nothing_of_what_its_author_may_no_longer_see(theater: Theater) -> None:
    boss = theater.director
    play = world.production(world.season(theater.root, by=boss), by=boss)
    author = world.user("Ann Author")
    assignment = world.assign("marketing_coordinator", theater.root, by=boss, to=author)
    submission = approvals.submission(play, by=author, title="Mine")
    approvals.end(assignment, by=boss)
    play.refresh_from_db()
    update_production(actor=world.acting(boss), production=play, changes={"title": "TOP SECRET"})
    rejected = world.post(world.client(boss), f"/api/v1/submissions/{submission.pk}/reject/", {"comment": "no"})
    assert rejected.status_code == 200, rejected.json()
    page = f"/api/v1/submissions/{submission.pk}/difference/"
    shown = world.client(author).get(page)
    assert "TOP SECRET" not in shown.content.decode()
    assert '"Mine"' in shown.content.decode()
    assert "TOP SECRET" in world.client(boss).get(page).content.decode()


def test_what_a_submission_created_keeps_the_submitted_name_in_its_difference(theater: Theater) -> None:
    member = world.give("company_member", theater.root, by=theater.director)
    made = world.post(world.client(member), "/api/v1/people/", {"name": "Original", "section": area("Directory").pk})
    if made.status_code == 400:
        made = world.post(world.client(member), "/api/v1/people/", {"name": "Original"})
    assert made.status_code == 202, made.json()
    pk = made.json()["id"]
    boss = world.client(theater.director)
    digest = boss.get(f"/api/v1/submissions/{pk}/difference/").json()["digest"]
    assert world.post(boss, f"/api/v1/submissions/{pk}/approve/", {"digest": digest}).status_code == 200
    person = boss.get("/api/v1/people/", {"search": "Original"}).json()["results"][0]["id"]
    version = int(boss.get(f"/api/v1/people/{person}/internal/").json()["version"])
    assert _patch(boss, f"/api/v1/people/{person}/", {"name": "Confidential Star"}, version).status_code == 200
    shown = world.client(member).get(f"/api/v1/submissions/{pk}/difference/").json()
    assert shown["objects"][0]["name"] == "Original"
    assert "Confidential" not in str(shown)
    assert Submission.objects.get(pk=pk).state == "applied"


def test_an_order_is_refused_whose_performance_is_canceled_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    _, director, evening, seats, _ = scene.house(rows=1, seats=1)
    held = scene.hold(evening, seats)
    read = orders.seats_on_sale

    def canceled_meanwhile(*given: Any) -> Any:
        Occurrence.objects.filter(pk=evening.pk).update(status="canceled")
        return read(*given)

    monkeypatch.setattr(orders, "seats_on_sale", canceled_meanwhile)
    with pytest.raises(Conflict) as refusal:
        scene.order(held)
    assert refusal.value.code == "performance_canceled"
    assert not Order.objects.exists()
    assert director.pk


def test_a_canceled_production_cancels_dates_without_a_time_too() -> None:
    theater = Theater()
    play, acting = theater.production, theater.acting()
    with time_machine.travel("2031-03-10T12:00:00Z"):
        open_dates = [
            calendar.occurrence(play, by=theater.director, date=date, start_time=None, duration_minutes=None)
            for date in ("2031-03-10", "2031-03", "2031", "2031-04")
        ]
        over = calendar.occurrence(play, by=theater.director, date="2031-02", start_time=None, duration_minutes=None)
        mistaken = calendar.occurrence(play, by=theater.director, date="2031", start_time=None, duration_minutes=None)
        delete_occurrence(actor=acting, occurrence=mistaken)
        cancel_production(actor=acting, production=play, reason="flood")
    states = dict(Occurrence.objects.values_list("pk", "status"))
    assert {states[row.pk] for row in open_dates} == {"canceled"}
    assert states[over.pk] == "scheduled"


def test_who_was_to_come_is_notified_of_a_move_out_of_their_days(theater: Theater) -> None:
    una = world.user("Una")
    person = directory.person(by=theater.director, user=una, name="Una")
    play = theater.production
    directory.credit(play, person, "Nina", by=theater.director, starts_on="2031-11-01", ends_on="2031-11-30")
    event = calendar.occurrence(play, by=theater.director, date="2031-11-20")
    update_occurrence(actor=theater.acting(), occurrence=event, changes={"date": "2031-12-05"})
    assert Notification.objects.filter(recipient=una, kind="events_moved").count() == 1
    event.refresh_from_db()
    cancel_occurrence(actor=theater.acting(), occurrence=event, reason=None)
    assert not Notification.objects.filter(recipient=una, kind="events_canceled").exists()


def test_an_offer_that_is_given_back_goes_to_the_next(full: Any) -> None:  # noqa: F811
    director, evening, _, order, _ = full
    cancel_order(actor=world.acting(director), order=order)
    ((_, token),) = mailed("waiting_list_offer")
    released = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/release/", {"token": token})
    assert released.status_code == 204
    assert [address for address, _ in mailed("waiting_list_offer")] == ["ada@home.example", "bob@home.example"]
    assert [entry.name for entry in WaitingListEntry.objects.all()] == ["bob"]


def test_the_offer_of_somebody_erased_goes_to_the_next(full: Any) -> None:  # noqa: F811
    director, _, _, order, _ = full
    cancel_order(actor=world.acting(director), order=order)
    erased = world.post(
        world.client(director),
        "/api/v1/personal-data/erase/",
        {"email": "ada@home.example", "keep_public_credits": False},
    )
    assert erased.status_code < 300, erased.json()
    assert [address for address, _ in mailed("waiting_list_offer")][-1] == "bob@home.example"
    assert PerformanceSeat.objects.filter(state="held").count() == 1


def test_an_unpaid_order_is_due_before_its_performance_wherever_that_is_moved() -> None:
    _, director, evening, seats, _ = scene.house(rows=1, seats=2)
    acting = world.acting(director)
    order = scene.order(scene.hold(evening, seats[:1]))
    set_deadline(actor=acting, order=order, pay_by=evening.starts_at - timedelta(hours=1))
    moved = update_occurrence(actor=acting, occurrence=evening, changes={"date": "2029-01-01"})
    order.refresh_from_db()
    assert order.pay_by == moved.starts_at
    again = update_occurrence(actor=acting, occurrence=moved, changes={"date": "2030-01-01"})
    order.refresh_from_db()
    assert order.pay_by < again.starts_at


@pytest.mark.parametrize("name", ["\u3164", "a\U000e0041b", "\u2062x"])
def test_invisible_letters_are_refused(name: str, theater: Theater) -> None:
    wrong = world.client(world.user("Nora")).patch("/api/v1/me/", {"name": name}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "control_character")


def test_a_preview_and_a_difference_leave_out_events_that_follow_along_unseen(theater: Theater) -> None:
    calendar.occurrence(theater.production, by=theater.director, date="2031-03-10", visibility="internal")
    publisher = approvals.holder(["publish_details", "view_details"], theater.root, by=theater.director)
    body = {"reason": "The hall is flooded."}
    all_kinds = {"productions.production", "scheduling.occurrence"}
    path = f"/api/v1/productions/{theater.production.pk}/cancel/?preview=true"
    for who, kinds in (
        (publisher, {"productions.production"}),
        (theater.director, all_kinds),
    ):
        changes = world.post(world.client(who), path, body).json()["changes"]
        assert {change["object_type"] for change in changes} == kinds
    author = approvals.holder(["submit_details", "view_details"], theater.root, by=theater.director)
    submitted = world.post(world.client(author), path.partition("?")[0], body).json()
    page = f"/api/v1/submissions/{submitted['id']}/difference/"
    for decided in (False, True):
        if decided:
            digest = world.client(theater.director).get(page).json()["digest"]
            approved = world.post(
                world.client(theater.director), page.replace("difference", "approve"), {"digest": digest}
            )
            assert approved.status_code == 200, approved.json()
        for who, kinds in (
            (author, {"productions.production"}),
            (theater.director, all_kinds),
        ):
            objects = world.client(who).get(page).json()["objects"]
            assert {shown["object_type"] for shown in objects} == kinds

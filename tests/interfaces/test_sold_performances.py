"""Performances with orders: canceled, moved, turned into something else; and the calendar entries that came by mistake."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Notification
from productions.services.life import cancel_production, reinstate_production
from scheduling.models import Booking, Occurrence, OccurrenceStatus
from scheduling.services.occurrences import (
    cancel_occurrence,
    reinstate_occurrence,
    reinstate_occurrences,
    update_occurrence,
)
from scheduling.services.series.planning import cancel_series
from tests import world
from tests.worlds import scheduling as calendar
from tests.worlds import ticketing as scene
from theater_site.core.errors import DomainError
from ticketing.models import Order, OrderState, PerformanceSeat, PriceCategory, Sale
from ticketing.services.check_ins import check_in, undo_check_in
from ticketing.services.holds import block_seats
from ticketing.services.orders import cancel_order, pay_order
from ticketing.services.sales import end_sale, open_sale

pytestmark = pytest.mark.django_db
WAIVE = {"tickets_sold": "The tenor is ill."}


def refused(code, call, /, **given):
    with pytest.raises(DomainError) as refusal:
        call(**given)
    assert refusal.value.code == code, refusal.value
    return refusal.value


@pytest.fixture
def sold():
    """A performance with a paid order of two tickets and an unpaid one of one."""
    root, director, evening, seats, _ = scene.house(rows=1, seats=6)
    paid = scene.order(scene.hold(evening, seats[:2]), paid_to=director)
    unpaid = scene.order(scene.hold(evening, seats[2:3]))
    return root, director, evening, seats, paid, unpaid


def test_canceling_warns_of_sold_tickets_and_marks_the_orders_for_refund(sold):
    root, director, evening, seats, paid, unpaid = sold
    stage = world.client(world.give("stage_manager", root, by=director))
    address = f"/api/v1/occurrences/{evening.pk}/cancel/"
    answer = world.post(stage, address, {"reason": "Snow"})
    assert (answer.status_code, answer.json()["code"]) == (409, "waiver_required")
    (finding,) = answer.json()["data"]["findings"]
    assert "2 orders, 3 tickets, paid 50.00 EUR" in finding["message"]
    assert Occurrence.objects.get(pk=evening.pk).status == OccurrenceStatus.SCHEDULED
    assert world.post(stage, address, {"reason": "Snow", "waive": WAIVE}).status_code == 200
    paid.refresh_from_db()
    unpaid.refresh_from_db()
    assert (paid.state, paid.needs_return) == (OrderState.PAID, True)
    assert (unpaid.state, unpaid.needs_return) == (OrderState.CANCELED, False)
    office = world.client(world.give("box_office", root, by=director))
    listed = office.get("/api/v1/orders/", {"needs_return": "true"}).json()["results"]
    assert [row["id"] for row in listed] == [paid.pk]
    # No money, nobody checked in, nothing sold.
    acting = world.acting(director)
    code = paid.lines.first().ticket.code
    refused(
        "performance_canceled", check_in, actor=acting, performance=Occurrence.objects.get(pk=evening.pk), code=code
    )
    refused("performance_canceled", scene.hold, at=evening, seats=seats[4:5])
    # Reinstated, it counts again.
    reinstate_occurrence(actor=acting, occurrence=evening)
    paid.refresh_from_db()
    assert not paid.needs_return
    assert check_in(actor=acting, performance=Occurrence.objects.get(pk=evening.pk), code=code).ticket.code == code


def test_a_canceled_performance_accepts_no_payment(sold):
    _, director, evening, _, _, unpaid = sold
    Occurrence.objects.filter(pk=evening.pk).update(status=OccurrenceStatus.CANCELED)
    refused("performance_canceled", pay_order, actor=world.acting(director), order=unpaid, method="cash")


def test_a_canceled_production_cancels_its_events_and_frees_their_spaces(sold):
    _, director, evening, _, paid, _ = sold
    acting = world.acting(director)
    play = evening.production
    rehearsal = calendar.occurrence(play, by=director, space=evening.space, date="2032-03-01")
    with time_machine.travel("2031-01-02"):
        past = calendar.occurrence(play, by=director, date="2030-01-01")
        refused("waiver_required", cancel_production, actor=acting, production=play, reason="No money.")
        cancel_production(actor=acting, production=play, reason="No money.", waive=WAIVE)
        for row in (evening, rehearsal):
            row.refresh_from_db()
            assert (row.status, row.status_note) == (OccurrenceStatus.CANCELED, "")
        past.refresh_from_db()
        assert past.status == OccurrenceStatus.SCHEDULED
        assert Booking.objects.count() == 0
        paid.refresh_from_db()
        assert paid.needs_return
        refused("production_canceled", reinstate_occurrence, actor=acting, occurrence=rehearsal)
        reinstate_production(actor=acting, production=play)
        other = calendar.occurrence(play, by=director, space=evening.space, date="2032-03-01")
        assert other.pk
        refused("space_taken", reinstate_occurrence, actor=acting, occurrence=rehearsal)
        reinstate_occurrence(actor=acting, occurrence=evening)
        refused("not_canceled", reinstate_occurrence, actor=acting, occurrence=evening)
        paid.refresh_from_db()
        assert not paid.needs_return


def test_canceled_events_are_listed_and_reinstated_in_one_call(sold):
    root, director, evening, _, paid, _ = sold
    acting, play = world.acting(director), evening.production
    rehearsals = [calendar.occurrence(play, by=director, space=evening.space, date=f"2032-03-0{day}") for day in (1, 2)]
    cancel_production(actor=acting, production=play, reason="No money.", waive=WAIVE)
    stage = world.client(world.give("stage_manager", root, by=director))
    address, path = "/api/v1/occurrences/reinstate-several/", "/api/v1/occurrences/canceled/"
    body = {"production": play.pk, "occurrences": None}
    assert world.post(stage, address, body).json()["code"] == "production_canceled"
    reinstate_production(actor=acting, production=play)
    other = calendar.occurrence(play, by=director, space=evening.space, date="2032-03-02")
    rows = stage.get(path, {"production": play.pk}).json()["results"]
    blocked = {row["id"]: [one["id"] for one in row["in_the_way"]] for row in rows}
    assert blocked == {evening.pk: [], rehearsals[0].pk: [], rehearsals[1].pk: [other.pk]}
    assert world.client().get(path, {"production": play.pk}).json()["results"] == []
    # All or none.
    assert world.post(stage, address, body).json()["code"] == "space_taken"
    assert Occurrence.objects.filter(status=OccurrenceStatus.CANCELED).count() == 3
    wrong = world.post(stage, address, {**body, "occurrences": [evening.pk, other.pk]})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_canceled")
    assert str(other.pk) in wrong.json()["detail"]
    back = world.post(stage, address, {**body, "occurrences": [evening.pk, rehearsals[0].pk]})
    assert back.status_code == 200, back.json()
    assert [row["status"] for row in back.json()] == ["scheduled", "scheduled"]
    paid.refresh_from_db()
    assert not paid.needs_return
    cancel_occurrence(actor=acting, occurrence=Occurrence.objects.get(pk=other.pk), reason=None)
    assert world.post(stage, address, body).json()["code"] == "overlaps_itself", "both want one space"
    assert world.post(stage, address, {**body, "occurrences": [rehearsals[1].pk]}).status_code == 200
    cancel_occurrence(actor=acting, occurrence=Occurrence.objects.get(pk=rehearsals[0].pk), reason=None)
    assert [row["id"] for row in stage.get(path).json()["results"]] == [rehearsals[0].pk, other.pk]
    with time_machine.travel("2040-01-01"):
        refused("nothing_canceled", reinstate_occurrences, actor=acting, production=play, occurrences=None)


def test_canceling_a_series_warns_of_sold_tickets_too(sold):
    root, director, evening, *_ = sold
    series = calendar.series(evening.production, by=director)
    first = series.occurrences.order_by("starts_at").first()
    Occurrence.objects.filter(pk=first.pk).update(
        category="performance", space=evening.space, visibility="public", published_at=timezone.now()
    )
    hall = evening.sale.chart
    terms = {"chart": hall, "currency": "EUR"}
    price_categories = [{"category": scene.STALLS, "price": Decimal(10)}]
    first.refresh_from_db()
    open_sale(actor=world.acting(director), performance=first, terms=terms, price_categories=price_categories)
    scene.order(scene.hold(first, list(hall.seats.all()[:1])))
    refused("waiver_required", cancel_series, actor=world.acting(director), series=series, reason=None)
    assert root.pk


@pytest.mark.parametrize("orders", [True, False])
def test_a_performance_on_sale_keeps_its_category_and_space(orders):
    _, director, evening, seats, _ = scene.house(rows=1, seats=3)
    acting = world.acting(director)
    if orders:
        scene.order(scene.hold(evening, seats[:1]))
    elsewhere = calendar.space(by=director)
    for changes, rule in (
        ({"space": elsewhere}, "chart_elsewhere"),
        ({"space": None}, "chart_elsewhere"),
        ({"category": "rehearsal"}, "on_sale"),
        ({"date": "2001-11-23"}, "sold_in_the_past"),
    ):
        refusal = refused("rules_broken", update_occurrence, actor=acting, occurrence=evening, changes=changes)
        (finding,) = refusal.data["findings"]
        assert finding["rule"] == rule
        assert ("1 order, 1 ticket" if orders else "End its sale first") in finding["hint"]
        evening = Occurrence.objects.get(pk=evening.pk)
    # Another time in the same hall keeps every ticket.
    moved = update_occurrence(actor=acting, occurrence=evening, changes={"start_time": "18:00"})
    assert moved.sale.chart_id == seats[0].chart_id


def test_a_sale_without_orders_can_end_and_the_performance_can_move():
    root, director, evening, seats, _ = scene.house(rows=1, seats=3, standing=5)
    acting = world.acting(director)
    office = world.client(world.give("box_office", root, by=director))
    address = f"/api/v1/performances/{evening.pk}/end-sale/"
    hold = scene.hold(evening, seats[:1])
    assert world.post(office, address).json()["code"] == "seats_held"
    block_seats(actor=acting, performance=evening, seats=[seats[1].pk])
    with time_machine.travel(hold.expires_at):
        standing = scene.hold(evening, area=seats[0].chart.areas.get(), quantity=1)
        assert world.post(office, address).json()["code"] == "seats_held"
    with time_machine.travel(standing.expires_at):
        assert world.post(office, address).status_code == 204
    assert Sale.objects.count() == PriceCategory.objects.count() == PerformanceSeat.objects.count() == 0
    assert world.post(office, address).json()["code"] == "not_on_sale"
    elsewhere = calendar.space(by=director)
    assert update_occurrence(actor=acting, occurrence=evening, changes={"space": elsewhere}).space == elsewhere


def test_a_sale_with_orders_cannot_end(sold):
    _, director, evening, *_ = sold
    refused("tickets_sold", end_sale, actor=world.acting(director), performance=evening)


def test_a_sale_with_only_canceled_orders_can_end(sold):
    _, director, evening, _, paid, unpaid = sold
    acting = world.acting(director)
    for order in (paid, unpaid):
        cancel_order(actor=acting, order=order)
    end_sale(actor=acting, performance=evening)
    elsewhere = calendar.space(by=director)
    moved = Occurrence.objects.get(pk=evening.pk)
    assert update_occurrence(actor=acting, occurrence=moved, changes={"space": elsewhere}).space == elsewhere


def test_buyers_are_notified_of_a_moved_and_a_canceled_performance(sold):
    _, director, evening, _, paid, unpaid = sold
    acting = world.acting(director)
    moved = update_occurrence(actor=acting, occurrence=evening, changes={"start_time": "18:00"})
    told = {row.about_id: row.body for row in Notification.objects.filter(kind="performance_moved")}
    assert "Your tickets are valid for the new time" in told[str(paid.pk)]
    assert "Please pay 25.00 EUR by" in told[str(unpaid.pk)]
    cancel_occurrence(actor=acting, occurrence=moved, reason="Snow", waive=WAIVE)
    told = {row.about_id: row.body for row in Notification.objects.filter(kind="performance_canceled")}
    assert "will return your money" in told[str(paid.pk)]
    assert "You do not have to pay anything" in told[str(unpaid.pk)]
    assert all("Reason: Snow" in body for body in told.values())
    assert not Notification.objects.filter(kind="order_canceled").exists(), "one mail each"
    # Later the box office cancels the paid order; another unpaid order of a live performance is canceled by staff.
    cancel_order(actor=acting, order=Order.objects.get(pk=paid.pk))
    assert "You get your money back" in Notification.objects.get(kind="order_canceled").body


def test_a_check_in_can_be_undone(sold):
    root, director, evening, _, paid, _ = sold
    door = world.client(world.give("house_manager", root, by=director))
    path = f"/api/v1/performances/{evening.pk}/check-ins/"
    code = {"code": paid.lines.first().ticket.code}
    assert world.post(door, f"{path}undo/", code).json()["code"] == "not_checked_in"
    assert world.post(door, path, code).status_code == 201
    assert world.post(door, path, code).json()["code"] == "already_checked_in"
    assert world.post(door, f"{path}undo/", {"code": code["code"].lower()}).status_code == 204
    assert world.post(door, path, code).status_code == 201
    undo_check_in(actor=world.acting(director), performance=evening, code=code["code"])


def test_a_chart_lists_its_seats_areas_and_categories():
    _, director = world.found()
    hall = scene.chart(by=director, rows=2, seats=3, balcony=1, standing=10)
    shown = world.client().get(f"/api/v1/seating-charts/{hall.pk}/").json()
    assert shown["categories"] == [
        {"name": scene.BALCONY, "capacity": 1}, {"name": scene.FLOOR, "capacity": 10}, {"name": scene.STALLS, "capacity": 6},
    ]  # fmt: skip
    assert len(shown["seats"]) == 7
    assert shown["seats"][0]["label"]
    assert [(area["name"], area["capacity"]) for area in shown["areas"]] == [(hall.areas.get().name, 10)]


# --- The calendar's own -----------------------------------------------------------------------------------------


def test_a_new_performance_can_be_published_at_once():
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director, published=True)
    boss = world.client(director)
    body = {"production": play.pk, "date": "2031-11-23", "start_time": "19:30", "timezone": "Europe/London"}
    made = world.post(boss, "/api/v1/occurrences/", {**body, "category": "performance"}).json()
    assert world.post(boss, f"/api/v1/occurrences/{made['id']}/publish/").status_code == 200
    hidden = world.post(
        boss, "/api/v1/occurrences/", {**body, "category": "performance", "visibility": "internal"}
    ).json()
    assert world.post(boss, f"/api/v1/occurrences/{hidden['id']}/publish/").json()["code"] == "internal"
    meeting = world.post(boss, "/api/v1/occurrences/", {**body, "category": "meeting"}).json()
    assert world.post(boss, f"/api/v1/occurrences/{meeting['id']}/publish/").json()["code"] == "internal"


def test_a_draft_event_is_deleted_and_a_known_one_is_not():
    _, director, evening, _, _ = scene.house()
    boss = world.client(director)
    soon = timezone.now() + timedelta(days=3)
    draft = calendar.occurrence(evening.production, by=director, date=f"{soon:%Y-%m-%d}", space=evening.space)
    unsold = scene.on_sale(evening.production, by=director, chart=evening.sale.chart, published=False)
    with time_machine.travel(soon + timedelta(days=1)):
        assert _delete(boss, draft).json()["code"] == "in_the_past"
    assert _delete(boss, evening).json()["code"] == "already_published"
    assert _delete(boss, unsold).json()["code"] == "still_in_use"
    assert boss.delete(f"/api/v1/occurrences/{draft.pk}/").status_code == 428
    assert _delete(boss, draft).status_code == 204
    assert not Occurrence.objects.filter(pk=draft.pk).exists()
    assert not Booking.objects.filter(occurrence=draft.pk).exists()


def _delete(client, row):
    return client.delete(f"/api/v1/occurrences/{row.pk}/", headers={"If-Match": f'"{row.version}"'})


def test_added_and_skipped_dates_are_days_or_wall_times():
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director)
    boss = world.client(director)
    plan = {
        "production": play.pk, "rrule": "FREQ=WEEKLY;COUNT=3", "first_date": "2031-11-03", "start_time": "19:00",
        "duration_minutes": 60, "timezone": "Europe/London",
        "added": ["2031-11-05", "2031-11-06T10:00"], "skipped": ["2031-11-10", "2031-11-17T19:00"],
    }  # fmt: skip
    made = world.post(boss, "/api/v1/events/", plan)
    assert made.status_code == 201, made.json()
    rows = Occurrence.objects.filter(series=made.json()["id"]).order_by("starts_at")
    assert [(row.date, f"{row.start_time:%H:%M}") for row in rows] == [
        ("2031-11-03", "19:00"), ("2031-11-05", "19:00"), ("2031-11-06", "10:00"),
    ]  # fmt: skip
    assert Order.objects.count() == 0

"""Orders: the deadline of unpaid ones, limits for one buyer, how staff and buyers find them, and holds at the same instant."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.permissions.selectors.sections import area
from directory.services.personal_data import erase_personal_data
from tests import world
from tests.worlds import ticketing as scene
from theater_site.core import jobs
from theater_site.core.actors import Public, System
from theater_site.core.errors import Conflict, DomainError, Invalid
from ticketing.models import AreaHold, Order, OrderState, PerformanceArea, PerformanceSeat, Ticket
from ticketing.selectors import availability
from ticketing.services.deadlines import expire_due
from ticketing.services.holds import release_hold, take_hold
from ticketing.services.orders import cancel_order, expire_order, pay_order, place_order, set_deadline
from ticketing.services.sales import change_sale, open_sale

ORDERS = "/api/v1/orders/"


def refused(code, call, /, **given):
    with pytest.raises(DomainError) as refusal:
        call(**given)
    assert refusal.value.code == code, refusal.value
    return refusal.value


def buyer(hold, email="bea@home.example", name="Bea Buyer"):
    return {"hold": hold["token"], "buyer_name": name, "buyer_email": email}


# --- The deadline of an unpaid order --------------------------------------------------------------------------


@pytest.mark.django_db
def test_seats_of_an_unpaid_order_are_free_after_its_deadline_without_a_job():
    _, director, evening, seats, _ = scene.house(rows=1, seats=3)
    acting = world.acting(director)
    change_sale(actor=acting, performance=evening, changes={"payment_minutes": 60})
    order = scene.order(scene.hold(evening, seats[:2]))
    assert order.pay_by - order.created_at == timedelta(minutes=60)
    with time_machine.travel(order.pay_by - timedelta(seconds=1)):
        refused("seats_taken", scene.hold, at=evening, seats=seats[:1])
    with time_machine.travel(order.pay_by):
        assert availability.owners_of(evening.pk, timezone.now()) == {}
        bought = scene.order(scene.hold(evening, seats[:1]), paid_to=director)
        # Too late: one of its seats has another owner. The other one stays free.
        refused("seats_lost", pay_order, actor=acting, order=order, method="cash")
        later = timezone.now() + timedelta(days=1)
        refused("seats_lost", set_deadline, actor=acting, order=order, pay_by=later)
        assert expire_due() == 1
        assert expire_due() == 0
        order.refresh_from_db()
        assert (order.state, order.payments.get().state) == (OrderState.EXPIRED, "dropped")
        assert set(Ticket.objects.filter(line__order=order).values_list("void", flat=True)) == {True}
        assert availability.owners_of(evening.pk, timezone.now()) == {seats[0].pk: "sold"}
        assert Ticket.objects.get(line__order=bought).performance_seat.seat_id == seats[0].pk
        for call, given in ((pay_order, {"method": "cash"}), (cancel_order, {}), (set_deadline, {"pay_by": later})):
            refused("order_expired", call, actor=acting, order=order, **given)


@pytest.mark.django_db
def test_capacity_of_an_area_is_released_at_the_deadline():
    _, director, evening, _, floor = scene.house(rows=0, standing=5)
    acting = world.acting(director)
    order = scene.order(scene.hold(evening, area=floor, quantity=4))
    paid = scene.order(scene.hold(evening, area=floor, quantity=1))
    set_deadline(actor=acting, order=paid, pay_by=order.pay_by + timedelta(days=1))
    # The reference of an order releases nothing.
    refused("hold_gone", release_hold, actor=Public(), token=order.reference)
    with time_machine.travel(order.pay_by):
        assert availability.places_left(evening.pk, timezone.now()) == {floor.pk: 4}
        pay_order(actor=acting, order=paid, method="card")
        scene.order(scene.hold(evening, area=floor, quantity=2), paid_to=director)
        refused("seats_lost", pay_order, actor=acting, order=order, method="cash")
        refused("seats_lost", set_deadline, actor=acting, order=order, pay_by=timezone.now() + timedelta(days=2))
        expire_due()
        assert availability.places_left(evening.pk, timezone.now()) == {floor.pk: 2}
    assert (PerformanceArea.objects.get().taken, AreaHold.objects.count()) == (3, 0)
    cancel_order(actor=acting, order=paid)
    assert PerformanceArea.objects.get().taken == 2


@pytest.mark.django_db
def test_a_late_payment_is_accepted_while_the_seats_are_free():
    _, director, evening, seats, _ = scene.house(rows=1, seats=2)
    acting = world.acting(director)
    order = scene.order(scene.hold(evening, seats[:1]))
    assert refused("in_the_past", set_deadline, actor=acting, order=order, pay_by=timezone.now()).field == "pay_by"
    until = order.pay_by + timedelta(days=7)
    set_deadline(actor=acting, order=order, pay_by=until)
    with time_machine.travel(until - timedelta(seconds=1)):
        refused("seats_taken", scene.hold, at=evening, seats=seats[:1])
        assert expire_due() == 0
        refused("not_due", expire_order, actor=System("test"), order=order)
    with time_machine.travel(until + timedelta(hours=1)):
        pay_order(actor=acting, order=order, method="cash")
        assert availability.owners_of(evening.pk, timezone.now()) == {seats[0].pk: "sold"}
    # The start of the performance is the last deadline.
    with time_machine.travel(evening.starts_at - timedelta(hours=2)):
        assert scene.order(scene.hold(evening, seats[1:])).pay_by == evening.starts_at
    with time_machine.travel(evening.starts_at):
        assert scene.hold(evening, seats[1:]).total


@pytest.mark.django_db
def test_the_worker_expires_orders():
    assert any(job.run is expire_due for job in jobs.registered())


@pytest.mark.django_db
def test_a_paid_order_does_not_expire(monkeypatch):
    _, director, evening, seats, _ = scene.house(rows=1, seats=1)
    order = scene.order(scene.hold(evening, seats))
    with time_machine.travel(order.pay_by):
        due = Order.objects.filter(pk=order.pk)
        list(due)
        pay_order(actor=world.acting(director), order=order, method="cash")
        monkeypatch.setattr(Order.objects, "filter", lambda **_: due)
        assert expire_due() == 0
    assert Order.objects.get().state == OrderState.PAID


# --- A whole house for nothing --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_unpaid_orders_of_a_buyer_are_limited(settings):
    settings.UNPAID_SEATS_PER_ADDRESS, settings.UNPAID_SEATS_PER_EMAIL = 30, 20
    root, director, evening, seats, _ = scene.house(rows=4, seats=20, standing=50)
    holds = f"/api/v1/performances/{evening.pk}/holds/"
    ids = [seat.pk for seat in seats]
    crook = world.client()
    first = world.post(crook, holds, {"seats": ids[:20]}).json()
    assert world.post(crook, ORDERS, buyer(first)).status_code == 201
    more = world.post(crook, holds, {"seats": ids[20:31]})
    assert (more.status_code, more.json()["code"]) == (409, "too_many_unpaid_seats")
    assert more.json()["data"] == {"limit": 30, "unpaid": 20}
    # Held and unpaid seats and areas count together, whatever e-mail address is given.
    area = evening.sale.chart.areas.get().pk
    assert world.post(crook, holds, {"area": area, "quantity": 6}).status_code == 201
    assert world.post(crook, holds, {"seats": ids[20:25]}).json()["code"] == "too_many_unpaid_seats"
    fits = world.post(crook, holds, {"seats": ids[20:24]})
    assert fits.status_code == 201
    # From elsewhere with the same e-mail address: up to its own limit.
    other = world.client()
    elsewhere = other.post(holds, {"seats": ids[40:41]}, content_type="application/json", REMOTE_ADDR="10.9.9.9").json()
    again = other.post(
        ORDERS, buyer(elsewhere, "BEA@home.example"), content_type="application/json", REMOTE_ADDR="10.9.9.9"
    )
    assert (again.status_code, again.json()["code"]) == (409, "too_many_unpaid_seats")
    # Staff are exempt; nothing of the address is stored in plain text.
    office = world.client(world.give("box_office", root, by=director))
    assert world.post(office, holds, {"seats": ids[60:80]}).status_code == 201
    assert world.post(office, holds, {"seats": ids[50:60]}).status_code == 201
    assert not PerformanceSeat.objects.filter(source__contains="127.0.0.1").exists()
    assert PerformanceSeat.objects.filter(seat__in=ids[50:80]).exclude(source="").count() == 0
    # When the holds end and the order is paid, the address may take seats again.
    order = Order.objects.get()
    pay_order(actor=world.acting(director), order=order, method="card")
    assert PerformanceSeat.objects.filter(ticket__line__order=order).exclude(source="").count() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert world.post(crook, holds, {"seats": ids[20:40]}).status_code == 201


@pytest.mark.django_db
def test_limits_can_be_turned_off(settings):
    settings.UNPAID_SEATS_PER_ADDRESS = settings.UNPAID_SEATS_PER_EMAIL = 0
    _, _, evening, seats, _ = scene.house(rows=3, seats=20)
    for start in (0, 20, 40):
        ids = [seat.pk for seat in seats[start : start + 20]]
        held = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", {"seats": ids})
        assert world.post(world.client(), ORDERS, buyer(held.json())).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_for_requests_at_the_same_instant(real_database, settings):
    settings.UNPAID_SEATS_PER_ADDRESS = 20
    _, _, evening, seats, _ = scene.house(rows=8, seats=5)
    answers = []

    def take(ids):
        try:
            answer = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", {"seats": ids})
            answers.append(answer.status_code)
        finally:
            connection.close()

    together(*(lambda ids=[s.pk for s in seats[n : n + 5]]: take(ids) for n in range(0, 40, 5)))
    assert sorted(answers) == [201] * 4 + [409] * 4
    assert PerformanceSeat.objects.count() == 20


# --- Releasing and ordering the same hold at the same instant --------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_hold_released_during_its_order_frees_no_sold_capacity(real_database):
    """PostgreSQL locked the counter on one side and the hold on the other: sold capacity was counted as free."""
    _, director, evening, _, floor = scene.house(rows=0, standing=100)
    for free in (False, True) * 8:
        held = take_hold(actor=Public(), performance=evening, seats=None, area=floor, quantity=3)
        outcomes = {}

        def order(token=held.token, outcomes=outcomes):
            inputs = {"buyer_name": "Bea", "buyer_email": f"b{world.number()}@home.example"}
            outcomes["order"] = attempt(place_order, hold=token, promotion_code=None, payment=None, **inputs)

        def release(token=held.token, outcomes=outcomes):
            outcomes["release"] = attempt(release_hold, token=token)

        together(order, release) if free else together(release, order)
        assert sorted(outcomes.values()) == ["", "hold_gone"], outcomes
        counted = 3 * Order.objects.count()
        assert PerformanceArea.objects.get().taken == counted
        assert availability.places_left(evening.pk, timezone.now()) == {floor.pk: 100 - counted}
    assert director


def attempt(call, **given):
    try:
        call(actor=Public(), **given)
        return ""
    except Conflict as refusal:
        return refusal.code
    finally:
        connection.close()


def together(*calls):
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait()
        call()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


# --- Who finds which order ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_staff_find_orders_by_number_and_buyers_by_reference():
    root, director, evening, seats, _ = scene.house(rows=1, seats=4)
    order = scene.order(scene.hold(evening, seats[:1]))
    office = world.client(world.give("box_office", root, by=director))
    shown = office.get(f"{ORDERS}{order.pk}/")
    assert (shown.status_code, shown.json()["id"], shown.json()["buyer_name"]) == (200, order.pk, "Bea Buyer")
    mine = world.client().get(f"{ORDERS}by-reference/{order.reference}/").json()
    assert (mine["id"], mine["reference"]) == (order.pk, order.reference)
    assert mine["pay_by"] is not None
    assert world.client().get(f"{ORDERS}{order.pk}/").status_code == 401
    stranger = world.client(world.user())
    assert stranger.get(f"{ORDERS}{order.pk}/").status_code == 404
    deadline = world.post(office, f"{ORDERS}{order.pk}/set-deadline/", {"pay_by": "2031-01-01T12:00:00Z"})
    assert deadline.json()["pay_by"] == "2031-01-01T12:00:00Z"
    paid = world.post(office, f"{ORDERS}{order.pk}/pay/", {"method": "cash"})
    assert (paid.status_code, paid.json()["state"]) == (200, "paid")


@pytest.mark.django_db
def test_the_box_office_finds_an_order_by_any_detail_of_its_buyer():
    root, director, evening, seats, _ = scene.house(rows=1, seats=6)
    other = scene.performance(evening.production, by=director)
    one = scene.order(scene.hold(evening, seats[:1]), buyer_name="José  Łuk-Brien", buyer_email="Jose@Home.example")
    two = scene.order(scene.hold(evening, seats[1:3]), buyer_name="Bea Brien", paid_to=director)
    office = world.client(world.give("box_office", root, by=director))

    def found(client=office, **asked):
        answer = client.get(ORDERS, asked)
        assert answer.status_code == 200, answer.json()
        return [row["id"] for row in answer.json()["results"]]

    code = one.lines.get().ticket.code
    for text in (
        one.reference,
        str(one.pk),
        "jose@home.example",
        "jose luk-brien",
        "JOSÉ",
        code,
        f"{code[:4]}-{code[4:]}".lower(),
    ):
        assert found(search=text) == [one.pk], text
    assert found(search="bea brien") == [two.pk]
    assert found(search="bea smith") == found(search="bri") == []
    assert found(performance=evening.pk) == [two.pk, one.pk]
    assert found(performance=other.pk) == []
    assert found(state="paid", search="brien") == [two.pk]
    # Names, addresses and references of buyers are for those who may see buyers.
    house = world.client(world.give("house_manager", root, by=director))
    assert found(house) == [two.pk, one.pk]
    assert found(house, search="jose") == found(house, search="jose@home.example") == found(house, search=code) == []
    assert found(house, search=str(one.pk)) == [one.pk]
    row = house.get(f"{ORDERS}{one.pk}/").json()
    assert [row[name] for name in ("reference", "buyer_name", "buyer_email")] == [None] * 3
    assert row["lines"][0]["code"] is None
    assert row["total"] == "25.00"
    # A marketing coordinator sees the figures, the door checks people in, and neither sees buyers.
    marketing = world.client(world.give("marketing_coordinator", root, by=director))
    assert marketing.get(f"{ORDERS}{two.pk}/").json()["buyer_email"] is None
    waiting = f"/api/v1/performances/{evening.pk}/waiting-list/"
    assert [client.get(waiting).status_code for client in (office, house, marketing)] == [200, 403, 403]
    door = f"/api/v1/performances/{evening.pk}/check-ins/"
    code = {"code": two.lines.first().ticket.code}
    assert [world.post(client, door, code).status_code for client in (marketing, house, office)] == [403, 201, 409]


@pytest.mark.django_db
def test_an_erased_buyer_is_not_found_by_their_name():
    root, director, evening, seats, _ = scene.house(rows=1, seats=2)
    order = scene.order(scene.hold(evening, seats[:1]), buyer_name="Wanda Vanish", buyer_email="wanda@home.example")
    boss = world.client(director)
    assert [row["id"] for row in boss.get(ORDERS, {"search": "wanda"}).json()["results"]] == [order.pk]
    erase_personal_data(
        actor=world.acting(director),
        organization=root,
        directory=area("Directory"),
        user=None,
        person=None,
        email="wanda@home.example",
        keep_public_credits=False,
    )
    assert boss.get(ORDERS, {"search": "wanda"}).json()["results"] == []
    assert [row["id"] for row in boss.get(ORDERS).json()["results"]] == [order.pk]


@pytest.mark.django_db
def test_an_unknown_payment_provider_is_refused_by_field():
    _, _, evening, seats, _ = scene.house(rows=1, seats=1)
    held = world.post(world.client(), f"/api/v1/performances/{evening.pk}/holds/", {"seats": [seats[0].pk]}).json()
    answer = world.post(world.client(), ORDERS, {**buyer(held), "payment": "gold"})
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["errors"]] == ["payment"]
    assert Order.objects.count() == 0
    assert AuditEntry.objects.filter(action="order.place").count() == 0
    with pytest.raises(Invalid):
        place_order(
            actor=Public(),
            hold=held["token"],
            buyer_name="",
            buyer_email="x",
            promotion_code=None,
            payment=None,
        )


def free_house(**sizes):
    """A performance that costs nothing: its root, its director, the performance and its chart."""
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director, published=True)
    hall = scene.chart(by=director, **sizes)
    evening = scene.performance(play, by=director, chart=hall)
    free = [{"category": name, "price": Decimal(0)} for name in (scene.STALLS, scene.FLOOR)]
    terms = {"chart": hall, "currency": "EUR"}
    open_sale(actor=world.acting(director), performance=evening, terms=terms, price_categories=free)
    return root, director, evening, hall


@pytest.mark.django_db
def test_free_seats_of_a_buyer_are_limited(settings):
    settings.UNPAID_SEATS_PER_ADDRESS, settings.UNPAID_SEATS_PER_EMAIL = 4, 3
    root, director, evening, hall = free_house(rows=1, seats=3, standing=9)
    area = hall.areas.get().pk
    holds = f"/api/v1/performances/{evening.pk}/holds/"

    def ordered(client, quantity, email):
        held = world.post(client, holds, {"area": area, "quantity": quantity}).json()
        answer = world.post(client, ORDERS, buyer(held, email))
        world.post(client, holds + "release/", {"token": held["token"]})
        return answer.status_code, answer.json().get("code")

    assert ordered(world.client(), 3, "bea@home.example") == (201, None)
    assert ordered(world.client(), 1, "BEA@home.example") == (409, "too_many_free_seats")
    assert ordered(world.client(), 2, "ann@home.example") == (409, "too_many_free_seats")
    assert ordered(world.client(), 1, "ann@home.example") == (201, None)
    office = world.client(world.give("box_office", root, by=director))
    assert ordered(office, 4, "bea@home.example") == (201, None)
    settings.UNPAID_SEATS_PER_ADDRESS = settings.UNPAID_SEATS_PER_EMAIL = 0
    assert ordered(world.client(), 1, "bea@home.example") == (201, None)


@pytest.mark.django_db
def test_a_free_order_is_paid_at_once():
    _, _, evening, hall = free_house(rows=1, seats=1, standing=5)
    for held in (scene.hold(evening, area=hall.areas.get(), quantity=2), scene.hold(evening, list(hall.seats.all()))):
        order = scene.order(held)
        assert (order.state, order.pay_by, order.payments.count()) == (OrderState.PAID, None, 0)
    assert (PerformanceArea.objects.get().taken, AreaHold.objects.count()) == (2, 0)
    assert PerformanceSeat.objects.get().state == "sold"

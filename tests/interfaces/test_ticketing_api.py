"""What the box office refuses, and how it says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from productions.services.productions import unpublish_production
from scheduling.models import Category, OccurrenceStatus
from scheduling.services.occurrences import cancel_occurrence
from tests import world
from tests.worlds import ticketing as scene
from theater_site.core.actors import Public
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from theater_site.core.money import Money
from ticketing.models import AreaHold, PerformanceArea, PerformanceSeat, Promotion, Seat
from ticketing.rules.seating_plans import parse, simple_layout
from ticketing.selectors import availability
from ticketing.services import occupancy
from ticketing.services.charts import create_chart, rows_of
from ticketing.services.holds import block_seats, free_seats, release_hold, take_hold
from ticketing.services.orders import cancel_order
from ticketing.services.payments import Manual, offer, provider
from ticketing.services.promotions import create_promotion, end_promotion
from ticketing.services.sales import change_sale, open_sale

pytestmark = pytest.mark.django_db


def refused(kind, code, call, /, **given):
    with pytest.raises(kind) as refusal:
        call(**given)
    assert refusal.value.code == code, refusal.value
    return refusal.value


# --- Holds --------------------------------------------------------------------------------------------------


def test_a_hold_needs_seats_or_an_area_of_its_performance():
    _, director, evening, seats, floor = scene.house(rows=3, seats=10, standing=30)
    other = scene.chart(by=director, standing=5)
    ids = [seat.pk for seat in seats]
    elsewhere = other.seats.first()

    def take(seats=None, area=None, quantity=None):
        return take_hold(actor=Public(), performance=evening, seats=seats, area=area, quantity=quantity)

    refused(Invalid, "seats_or_area", take)
    refused(Invalid, "seats_or_area", take, seats=[])
    refused(Invalid, "seats_or_area", take, seats=ids[:1], area=floor, quantity=1)
    refused(Invalid, "seats_or_area", take, seats=ids[:1], quantity=1)
    refused(Invalid, "seats_or_area", take, area=floor)
    refused(Invalid, "seats_or_area", take, quantity=2)
    refused(Invalid, "out_of_range", take, seats=ids[:21])
    refused(Invalid, "out_of_range", take, area=floor, quantity=0)
    refused(Invalid, "out_of_range", take, area=floor, quantity=21)
    refused(Invalid, "seat_repeated", take, seats=[ids[0], ids[0]])
    assert refused(Invalid, "unknown_seats", take, seats=[ids[0], elsewhere.pk]).data == {"seats": [elsewhere.pk]}
    refused(Invalid, "unknown_area", take, area=other.areas.get(), quantity=1)
    assert PerformanceSeat.objects.count() == AreaHold.objects.count() == 0
    assert take(seats=ids[:20]).total == Money(Decimal(500), "EUR")


def test_seats_of_a_category_without_a_price_are_not_sold():
    _, director = world.found()
    play = world.production(world.season(_, by=director), by=director, published=True)
    hall = scene.chart(by=director, rows=1, seats=2, balcony=1, standing=5)
    evening = scene.performance(play, by=director, chart=hall)
    price = [{"category": scene.STALLS, "price": Decimal(10), "name": "Front"}]
    open_sale(
        actor=world.acting(director),
        performance=evening,
        terms={"chart": hall, "currency": "EUR"},
        price_categories=price,
    )
    up = hall.seats.get(category=scene.BALCONY)
    answer = refused(Conflict, "seats_not_sold", scene.hold, at=evening, seats=[up])
    assert answer.data == {"seats": [{"id": up.pk, "label": "Balcony, row 1, seat 1"}]}
    refused(Conflict, "area_not_sold", scene.hold, at=evening, area=hall.areas.get(), quantity=1)
    shown = world.client().get(f"/api/v1/performances/{evening.pk}/seats/").json()
    assert [seat["state"] for seat in shown["seats"]] == ["free", "free", "not_for_sale"]
    assert [(price_category["name"], price_category["price"]) for price_category in shown["price_categories"]] == [
        ("Front", "10.00")
    ]
    assert [(area["price_category"], area["left"]) for area in shown["areas"]] == [(None, 5)]
    sale = availability.sale_of(evening.pk)
    assert availability.free_places(sale, timezone.now()) == 2
    # An area that the sale has no counter for, as after a repair by hand, is refused and not oversold.
    PerformanceArea.objects.all().delete()
    with transaction.atomic():
        refused(
            Conflict, "area_not_sold", occupancy.take_places,
            performance_id=evening.pk, area=hall.areas.get(), quantity=1, holder="x", until=timezone.now(),
        )  # fmt: skip


def test_only_public_performances_are_sold_during_their_sale():
    _root, director, evening, seats, _ = scene.house()
    acting = world.acting(director)
    code = lambda: _code_of_a_hold(evening, seats[:1])  # noqa: E731
    now = timezone.now()

    change_sale(actor=acting, performance=evening, changes={"opens_at": now + timedelta(hours=1)})
    assert code() == "sale_not_open"
    with time_machine.travel(now + timedelta(hours=1, seconds=1)):
        assert code() is None
    change_sale(actor=acting, performance=evening, changes={"opens_at": None, "closes_at": now + timedelta(hours=2)})
    with time_machine.travel(now + timedelta(hours=2, seconds=1)):
        assert code() == "sale_closed"
    change_sale(actor=acting, performance=evening, changes={"closes_at": None})
    evening.refresh_from_db()
    with time_machine.travel(evening.ends_at):
        assert code() == "performance_over"
    with time_machine.travel(evening.ends_at - timedelta(minutes=1)):
        assert code() is None

    other = scene.performance(evening.production, by=director)
    assert _code_of_a_hold(other, seats[:1]) == "not_on_sale"
    draft = scene.on_sale(evening.production, by=director, chart=seats[0].chart, published=False)
    assert _code_of_a_hold(draft, seats[:1]) == "not_on_sale"
    assert world.client().get(f"/api/v1/performances/{draft.pk}/seats/").status_code == 404
    assert world.client(director).get(f"/api/v1/performances/{draft.pk}/seats/").status_code == 200

    cancel_occurrence(actor=acting, occurrence=evening, reason=None)
    assert code() == "performance_canceled"
    evening.refresh_from_db()
    type(evening).objects.filter(pk=evening.pk).update(status=OccurrenceStatus.DONE)
    assert code() == "performance_over"
    unpublish_production(actor=acting, production=evening.production)
    assert code() == "not_on_sale"


def test_a_performance_without_a_time_or_a_production_can_be_sold():
    root, director, evening, seats, _ = scene.house()
    alone = scene.scheduling.occurrence(
        root, by=director, published=True, category=Category.PERFORMANCE, title="Open house", date="2031-05",
        start_time=None, duration_minutes=None,
    )  # fmt: skip
    terms = {"chart": seats[0].chart, "currency": "JPY"}
    price_categories = [{"category": scene.STALLS, "price": Decimal(1500)}]
    open_sale(actor=world.acting(director), performance=alone, terms=terms, price_categories=price_categories)
    assert str(scene.hold(alone, seats[:2]).total) == "3000 JPY"
    # The same seats at another performance are other places.
    assert _code_of_a_hold(evening, seats[:2]) is None


def _code_of_a_hold(evening, seats):
    try:
        release_hold(actor=Public(), token=scene.hold(evening, seats).token)
    except Conflict as refusal:
        return refusal.code
    return None


def test_capacity_of_an_area_is_released_when_a_hold_ends_or_is_released():
    _, _, evening, _, floor = scene.house(rows=0, standing=5)
    first = scene.hold(evening, area=floor, quantity=3)
    assert refused(Conflict, "sold_out", scene.hold, at=evening, area=floor, quantity=3).data == {"left": 2}
    release_hold(actor=Public(), token=first.token)
    refused(Conflict, "hold_gone", release_hold, actor=Public(), token=first.token)
    ended = scene.hold(evening, area=floor, quantity=5)
    assert "waiting list" in refused(Conflict, "sold_out", scene.hold, at=evening, area=floor, quantity=1).message
    with time_machine.travel(ended.expires_at):
        assert availability.places_left(evening.pk, timezone.now()) == {floor.pk: 5}
        kept = scene.hold(evening, area=floor, quantity=2)
        assert availability.places_left(evening.pk, timezone.now()) == {floor.pk: 3}
        refused(Conflict, "hold_gone", scene.order, held=ended)
        refused(Conflict, "hold_gone", release_hold, actor=Public(), token=ended.token)
        scene.order(kept)
    # Kept by the unpaid order.
    assert (PerformanceArea.objects.get().taken, AreaHold.objects.get().quantity) == (2, 2)


def test_a_hold_released_concurrently_is_gone(monkeypatch):
    """Between finding the counter of a hold and locking it, somebody else may have freed the hold."""
    _, _, evening, _, floor = scene.house(rows=0, standing=5)
    held = scene.hold(evening, area=floor, quantity=3)
    locked = PerformanceArea.objects.select_for_update

    def too_late():
        AreaHold.objects.all().delete()
        return locked()

    monkeypatch.setattr(PerformanceArea.objects, "select_for_update", too_late)
    refused(Conflict, "hold_gone", release_hold, actor=Public(), token=held.token)


def test_the_database_refuses_a_second_owner_and_exceeded_capacity():
    _, _, evening, seats, _floor = scene.house(standing=5)
    scene.hold(evening, seats[:1])
    with pytest.raises(IntegrityError), transaction.atomic():
        PerformanceSeat.objects.create(performance=evening, seat=seats[0], state="blocked")
    with pytest.raises(IntegrityError), transaction.atomic():
        PerformanceSeat.objects.create(performance=evening, seat=seats[1], state="sold")
    for taken in (6, -1):
        with pytest.raises(IntegrityError), transaction.atomic():
            PerformanceArea.objects.update(taken=taken)


def test_seats_can_be_blocked_before_publication():
    _, director, evening, seats, _ = scene.house()
    acting = world.acting(director)
    draft = scene.on_sale(evening.production, by=director, chart=seats[0].chart, published=False)
    block_seats(actor=acting, performance=draft, seats=[seats[0].pk])
    assert availability.owners_of(draft.pk, timezone.now()) == {seats[0].pk: "blocked"}
    refused(Invalid, "required", block_seats, actor=acting, performance=draft, seats=[])
    refused(Invalid, "required", free_seats, actor=acting, performance=draft, seats=[])
    refused(Conflict, "seats_taken", block_seats, actor=acting, performance=draft, seats=[seats[0].pk])
    free_seats(actor=acting, performance=draft, seats=[seats[0].pk, seats[0].pk])
    assert availability.owners_of(draft.pk, timezone.now()) == {}


def test_the_seat_list_has_constant_queries_and_supports_etags():
    _, director, evening, _seats, _ = scene.house(rows=1, seats=2, standing=5)
    large = scene.chart(by=director, rows=10, seats=30, balcony=10, standing=100)
    gala = scene.on_sale(evening.production, by=director, chart=large)
    scene.order(scene.hold(gala, list(large.seats.order_by("pk")[:7])))
    browser = world.client()
    costs = []
    for performance in (evening, gala):
        # The first answer of each process also loads the prices and the chart.
        browser.get(f"/api/v1/performances/{performance.pk}/seats/")
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(f"/api/v1/performances/{performance.pk}/seats/")
        costs.append(len(asked))
    assert costs[0] == costs[1] <= 6
    tag = answer["ETag"]
    assert len(answer.json()["seats"]) == 310
    same = browser.get(f"/api/v1/performances/{gala.pk}/seats/", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    scene.hold(gala, [large.seats.order_by("pk").last()])
    assert browser.get(f"/api/v1/performances/{gala.pk}/seats/", headers={"If-None-Match": tag}).status_code == 200


# --- Charts and sales ---------------------------------------------------------------------------------------


def test_a_chart_is_created_from_a_seating_plan(shared_data):
    _, director = world.found()
    plan = parse((shared_data / "plans" / "ticketland-demo-hall.pretix-schema.json").read_bytes())
    space = scene.scheduling.space(by=director)
    made = create_chart(actor=world.acting(director), space=space, name=plan.name, rows=rows_of(plan), areas=[])
    assert Seat.objects.filter(chart=made).count() == 1115
    assert {(seat.key, seat.x, seat.y) for seat in made.seats.all()} == {
        (seat.key, seat.x, seat.y) for seat in plan.seats
    }


def test_a_seating_plan_is_imported_by_a_command(tmp_path, capsys):
    _, director = world.found()
    space = scene.scheduling.space(by=director)
    seat = {"seat_number": "1", "position": {"x": 0, "y": -2}, "category": "A"}
    plan = {"name": "Hall", "zones": [{"name": "Stalls", "rows": [{"row_number": "", "seats": [seat]}]}]}
    file = tmp_path / "hall.json"
    file.write_text(json.dumps(plan))
    call_command("import_seating_plan", str(file), space=space.pk)
    assert "'Hall': 1 seats. Categories to price: A." in capsys.readouterr().out
    with pytest.raises(CommandError, match="has this name"):
        call_command("import_seating_plan", str(file), space=space.pk)
    with pytest.raises(CommandError, match="There is no space 0"):
        call_command("import_seating_plan", str(file), space=0)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_seating_plan", str(tmp_path / "none.json"), space=space.pk)
    seat.update(seat_number="", position=None)
    file.write_text(json.dumps(plan))
    with pytest.raises(CommandError, match=r"zones\.0\.rows\.0\.seats\.0\.position"):
        call_command("import_seating_plan", str(file), space=space.pk, name="Other")
    assert space.seating_charts.count() == 1


def test_an_invalid_chart_is_refused():
    root, director = world.found()
    space = scene.scheduling.space(by=director)
    acting = world.acting(director)

    def make(rows=(), areas=(), actor=acting, name="Plan"):
        return create_chart(actor=actor, space=space, name=name, rows=list(rows), areas=list(areas))

    refused(Invalid, "required", make)
    refused(Invalid, "seats_or_count", make, rows=[{"zone": "A"}])
    refused(Invalid, "out_of_range", make, rows=[{"zone": "A", "count": 0}])
    refused(Invalid, "too_many_seats", make, rows=[{"zone": "A", "row": str(n), "count": 1000} for n in range(21)])
    seat = {"number": "1", "x": Decimal(0), "y": Decimal(0)}
    refused(
        Conflict, "seat_repeated", make, rows=[{"zone": "A", "seats": [{**seat, "key": "a"}, {**seat, "key": "b"}]}]
    )
    refused(
        Conflict,
        "seat_key_repeated",
        make,
        rows=[{"zone": "A", "seats": [seat, {**seat, "number": "2", "key": "A--1"}]}],
    )
    refused(Conflict, "area_repeated", make, areas=[{"name": "Pit", "capacity": 5}, {"name": "Pit", "capacity": 6}])
    make(rows=rows_of(simple_layout(zone="Stalls", rows=2, seats_per_row=2)))
    refused(Conflict, "chart_name_taken", make, rows=[{"count": 1}])
    refused(NotSignedIn, "not_signed_in", make, rows=[{"count": 1}], actor=Public())
    viewer = world.acting(world.give("viewer", root, by=director))
    refused(NotAllowed, "not_allowed", make, rows=[{"count": 1}], actor=viewer)


def test_a_sale_with_invalid_prices_is_refused():
    _, director, evening, seats, _ = scene.house(standing=5)
    acting, chart = world.acting(director), seats[0].chart
    matinee = scene.performance(evening.production, by=director, chart=chart)

    def sell(what=matinee, price_categories=((scene.STALLS, "5"),), **terms):
        listed = [{"category": category, "price": Decimal(price)} for category, price in price_categories]
        return open_sale(
            actor=acting, performance=what, terms={"chart": chart, "currency": "EUR", **terms}, price_categories=listed
        )

    refused(Invalid, "required", sell, price_categories=())
    refused(Invalid, "unknown_category", sell, price_categories=(("Box", "5"),))
    refused(Conflict, "category_repeated", sell, price_categories=((scene.STALLS, "5"), (scene.STALLS, "6")))
    refused(Invalid, "negative_price", sell, price_categories=((scene.STALLS, "-1"),))
    refused(Invalid, "bad_amount", sell, price_categories=((scene.STALLS, "5.001"),))
    refused(Invalid, "bad_amount", sell, price_categories=((scene.STALLS, "5.5"),), currency="JPY")
    refused(Invalid, "invalid_choice", sell, currency="XXX")
    refused(Invalid, "max_value", sell, tax_rate=Decimal(101))
    refused(Invalid, "other_space", sell, chart=scene.chart(by=director))
    early, late = datetime(2030, 1, 1, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)
    refused(Conflict, "ends_before_start", sell, opens_at=late, closes_at=early)
    refused(Conflict, "already_on_sale", sell, what=evening)
    rehearsal = scene.scheduling.occurrence(evening.production, by=director)
    refused(Conflict, "not_a_performance", sell, what=rehearsal)
    refused(NotFound, "not_on_sale", change_sale, actor=acting, performance=matinee, changes={})
    cancel_occurrence(actor=acting, occurrence=matinee, reason=None)
    refused(Conflict, "performance_canceled", sell)


# --- Orders and promotions ----------------------------------------------------------------------------------


def test_an_order_needs_a_buyer_and_a_payment_method():
    _, _, evening, seats, _ = scene.house()
    held = scene.hold(evening, seats[:2])
    refused(Invalid, "required", scene.order, held=held, buyer_name=" ")
    refused(Invalid, "invalid", scene.order, held=held, buyer_email="nobody")
    refused(Invalid, "unknown_provider", scene.order, held=held, payment="shells")
    refused(Conflict, "code_not_valid", scene.order, held=held, promotion_code="NOPE")
    answer = world.post(world.client(), "/api/v1/orders/", {"hold": held.token, "buyer_name": "B"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "buyer_email")
    assert scene.order(held).total == Money(Decimal(50), "EUR")


def test_a_promotion_with_no_or_too_much_discount_is_refused():
    root, director, evening, _, _ = scene.house()
    season = evening.production.season
    other = world.production(world.season(root, by=director), by=director)

    def make(**fields):
        return create_promotion(actor=world.acting(director), season=season, fields={"name": "Offer", **fields})

    refused(Invalid, "one_discount", make)
    refused(Invalid, "one_discount", make, percent=Decimal(5), amount=Decimal(5), currency="EUR")
    refused(Invalid, "max_value", make, percent=Decimal(101))
    refused(Invalid, "unknown_currency", make, amount=Decimal(5))
    refused(Invalid, "min_value", make, amount=Decimal(0), currency="EUR")
    refused(Invalid, "required", make, percent=Decimal(5), name="")
    refused(Invalid, "other_season", make, percent=Decimal(5), production=other)
    made = make(percent=Decimal(5), code="spring")
    refused(Conflict, "code_taken", make, percent=Decimal(5), code="SPR ING")
    end_promotion(actor=world.acting(director), promotion=made)
    refused(Conflict, "promotion_ended", end_promotion, actor=world.acting(director), promotion=made)
    later = make(percent=Decimal(5), starts_at=timezone.now() + timedelta(days=1))
    assert end_promotion(actor=world.acting(director), promotion=later).ends_at is not None


def test_the_best_automatic_promotion_is_applied_while_it_is_valid():
    root, director, evening, seats, _ = scene.house(rows=2, seats=5)
    season = evening.production.season
    elsewhere = world.season(root, by=director)

    def make(of=season, **fields):
        return create_promotion(actor=world.acting(director), season=of, fields={"name": "Offer", **fields})

    ten = make(percent=Decimal(10))
    best = make(amount=Decimal("10.01"), currency="EUR", uses_limit=1, production=evening.production)
    make(percent=Decimal(90), of=elsewhere)
    make(percent=Decimal(90), starts_at=timezone.now() + timedelta(days=1))
    make(amount=Decimal(3000), currency="JPY")
    first = scene.order(scene.hold(evening, seats[:2]))
    assert (first.promotion, str(first.total)) == (best, "39.99 EUR")
    assert [line.price_minor for line in first.lines.order_by("pk")] == [1999, 2000]
    second = scene.order(scene.hold(evening, seats[2:4]))
    assert (second.promotion, str(second.total)) == (ten, "45.00 EUR")
    # What is canceled may be used again.
    cancel_order(actor=world.acting(director), order=first)
    assert Promotion.objects.get(pk=best.pk).uses == 0
    assert scene.order(scene.hold(evening, seats[:1])).promotion == best
    code = make(percent=Decimal(100), code="FRIENDS", uses_limit=1)
    free = scene.order(scene.hold(evening, seats[1:2]), promotion_code="friends")
    assert (free.promotion, free.state, free.payments.count()) == (code, "paid", 0)
    refused(Conflict, "code_not_valid", scene.order, held=scene.hold(evening, seats[4:5]), promotion_code="friends")
    yen = make(amount=Decimal(100), currency="JPY", code="YEN")
    assert yen.amount == Money(Decimal(100), "JPY")
    refused(Conflict, "code_not_valid", scene.order, held=scene.hold(evening, seats[5:6]), promotion_code="yen")


def test_another_payment_provider_can_be_configured():
    class Shells(Manual):
        name = "shells"

        def begin(self, payment):
            payment.provider_key = f"shells-{payment.amount_minor}"

    before = dict(provider.__globals__["_providers"])
    try:
        offer(Shells())
        _, _, evening, seats, _ = scene.house()
        order = scene.order(scene.hold(evening, seats[:1]), payment="shells")
        assert order.payments.get().provider_key == "shells-2500"
    finally:
        provider.__globals__["_providers"].clear()
        provider.__globals__["_providers"].update(before)


def test_an_order_reveals_its_buyer_to_nobody_else():
    root, director, evening, seats, _ = scene.house()
    order = scene.order(scene.hold(evening, seats[:1]), buyer_email="secret@home.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT buyer_name, buyer_email FROM ticketing_order")
        assert "secret" not in str(cursor.fetchall())
        cursor.execute('SELECT "values" FROM accounts_auditvalue')
        told = str(cursor.fetchall())
    for hidden in ("secret@home.example", "Bea Buyer", order.reference, order.lines.get().ticket.code):
        assert hidden not in told
    address = f"/api/v1/orders/{order.pk}/"
    actor = world.client(world.give("company_member", root, by=director))
    assert actor.get(address).status_code == 404
    assert world.post(actor, f"{address}cancel/").status_code == 404
    assert actor.get("/api/v1/orders/").json()["results"] == []
    assert world.client().get(f"/api/v1/orders/by-reference/{'A' * 24}/").status_code == 404


def test_the_queries_of_lists_do_not_grow():
    _root, director, evening, seats, _ = scene.house(rows=4, seats=10)
    boss = world.client(director)
    costs = []
    for place in range(0, 24, 2):
        scene.order(scene.hold(evening, seats[place : place + 2]))
        if place in (0, 22):
            boss.get("/api/v1/orders/")
            with CaptureQueriesContext(connection) as asked:
                shown = boss.get("/api/v1/orders/").json()["results"]
            costs.append(len(asked))
    assert (len(shown), len(shown[0]["lines"])) == (12, 2)
    assert costs[0] == costs[1]


def test_more_seats_are_blocked_at_once_than_a_statement_has_parameters():
    _, director, evening, seats, _ = scene.house(rows=60, seats=100)
    block_seats(actor=world.acting(director), performance=evening, seats=[seat.pk for seat in seats])
    assert PerformanceSeat.objects.filter(state="blocked").count() == 6_000

"""Scenes of the box office."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Notification
from scheduling.models import Occurrence
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import scheduling as calendar
from tests.worlds import ticketing as office
from theater_site.core.actors import Public, System
from ticketing.models import Order, Promotion, SeatingChart, Ticket
from ticketing.services.check_ins import check_in
from ticketing.services.holds import Hold, block_seats
from ticketing.services.promotions import create_promotion
from ticketing.services.waiting_list import join_waiting_list


def _chart(t: Theater) -> SeatingChart:
    return office.chart(by=t.director, rows=1, seats=3, standing=10)


def _on_sale(t: Theater) -> Occurrence:
    return office.on_sale(t.production, by=t.director, chart=_chart(t))


def _unsold(t: Theater) -> tuple[Occurrence, SeatingChart]:
    """A performance that is public and not on sale, and the chart of its hall."""
    chart = _chart(t)
    return office.performance(t.production, by=t.director, chart=chart), chart


def _seats(of: Occurrence) -> list[int]:
    return list(of.sale.chart.seats.order_by("pk").values_list("pk", flat=True))


def _blocked(t: Theater) -> tuple[Occurrence, list[int]]:
    performance = _on_sale(t)
    seats = _seats(performance)
    block_seats(actor=t.acting(), performance=performance, seats=seats)
    return performance, seats


def _sold_out(t: Theater) -> Occurrence:
    """One for which people can only wait; always the same."""
    if "_sold_out" not in t.__dict__:
        performance = office.on_sale(t.production, by=t.director, chart=office.chart(by=t.director, rows=1, seats=1))
        block_seats(actor=t.acting(), performance=performance, seats=_seats(performance))
        t.__dict__["_sold_out"] = performance
    made: Occurrence = t.__dict__["_sold_out"]
    return made


def _waiting(t: Theater) -> None:
    somebody = {"name": "Will Wait", "email": f"will{world.number()}@home.example", "places": 1}
    join_waiting_list(actor=Public(), performance=_sold_out(t), **somebody)


def _waiting_key(t: Theater) -> str:
    _waiting(t)
    body = Notification.objects.filter(kind="waiting_list_joined").latest("pk").body
    return str(body.rstrip().rpartition("/")[2])


def _held(t: Theater) -> Hold:
    performance = _on_sale(t)
    return office.hold(performance, list(performance.sale.chart.seats.order_by("pk")[:2]))


def _order(t: Theater, *, paid: bool = False) -> Order:
    return office.order(_held(t), paid_to=t.director if paid else None)


def _ticket(t: Theater) -> Ticket:
    return Ticket.objects.filter(line__order=_order(t, paid=True)).select_related("performance").order_by("pk")[0]


def _promotion(t: Theater) -> Promotion:
    made: Promotion = create_promotion(
        actor=t.acting(), season=t.season, fields={"name": f"Offer {world.number()}", "percent": Decimal(10)}
    )
    return made


def _opens_sale(t: Theater) -> Scene:
    performance, chart = _unsold(t)
    terms = {"chart": chart, "currency": "EUR"}
    price_categories = [{"category": office.STALLS, "price": Decimal(20)}]
    return Scene({"performance": performance, "terms": terms, "price_categories": price_categories})


def _blocks(t: Theater) -> Scene:
    performance = _on_sale(t)
    return Scene({"performance": performance, "seats": _seats(performance)[:1]})


def _frees(t: Theater) -> Scene:
    performance, seats = _blocked(t)
    return Scene({"performance": performance, "seats": seats})


def _holds(t: Theater) -> Scene:
    performance = _on_sale(t)
    given = {"performance": performance, "seats": _seats(performance)[:1], "area": None, "quantity": None}
    return Scene(given, actor=Public())


def _buys(t: Theater) -> Scene:
    given = {"hold": _held(t).token, **_BUYER, "promotion_code": None, "payment": None}
    return Scene(given, actor=Public())


def _joins(t: Theater) -> Scene:
    given = {"performance": _sold_out(t), "name": "Will Wait", "email": "will@home.example", "places": 1}
    return Scene(given, actor=Public())


def _expires(t: Theater) -> Scene:
    order = _order(t)
    Order.objects.filter(pk=order.pk).update(pay_by=timezone.now())
    return Scene({"order": order}, actor=System("work"))


def _undoes(t: Theater) -> Scene:
    ticket = _ticket(t)
    check_in(actor=t.acting(), performance=ticket.performance, code=ticket.code)
    return Scene({"performance": ticket.performance, "code": ticket.code})


def _admits(t: Theater) -> Scene:
    ticket = _ticket(t)
    return Scene({"performance": ticket.performance, "code": ticket.code})


_BUYER = {"buyer_name": "Bea Buyer", "buyer_email": "bea@home.example"}

ACTIONS = {
    "seating_chart.create": lambda t: Scene(
        {
            "space": calendar.space(by=t.director),
            "name": "Concert",
            "rows": [{"zone": "Stalls", "row": "1", "count": 3}],
            "areas": [{"name": "Floor", "capacity": 10}],
        }
    ),
    "performance.open_sale": _opens_sale,
    "performance.change_sale": lambda t: Scene({"performance": _on_sale(t), "changes": {"closes_at": None}}),
    "performance.end_sale": lambda t: Scene({"performance": _on_sale(t)}),
    "performance.block_seats": _blocks,
    "performance.free_seats": _frees,
    "hold.take": _holds,
    "hold.release": lambda t: Scene({"token": _held(t).token}, actor=Public()),
    "order.place": _buys,
    "order.pay": lambda t: Scene({"order": _order(t), "method": "cash"}),
    "order.resend": lambda t: Scene({"order": _order(t, paid=True)}),
    "order.set_deadline": lambda t: Scene({"order": _order(t), "pay_by": timezone.now() + timedelta(days=3)}),
    "order.cancel": lambda t: Scene({"order": _order(t, paid=True)}),
    "order.expire": _expires,
    "ticket.check_in": _admits,
    "ticket.undo_check_in": _undoes,
    "promotion.create": lambda t: Scene(
        {"season": t.season, "fields": {"name": "Students", "percent": Decimal(20), "code": "YOUNG"}}
    ),
    "promotion.end": lambda t: Scene({"promotion": _promotion(t)}),
    "waiting_list.join": _joins,
    "order.cancel_unpaid": lambda t: Scene({"reference": _order(t).reference}, actor=Public()),
    "waiting_list.leave": lambda t: Scene({"key": _waiting_key(t)}, actor=Public()),
    "waiting_list.offer": lambda t: Scene({"performance": _sold_out(t)}, actor=System("work")),
}


def _open_write(**options: Any) -> Call:
    """What everybody may do."""
    return Call(**{"status": 201, "stranger": {201}, "public": {201}, **options})


def _opened(t: Theater) -> Call:
    performance, chart = _unsold(t)
    price_categories = [{"category": office.STALLS, "price": "20.00"}]
    return Call(
        {"pk": performance.pk}, {"chart": chart.pk, "currency": "EUR", "price_categories": price_categories}, status=201
    )


def _seats_blocked(t: Theater) -> Call:
    performance = _on_sale(t)
    return Call({"pk": performance.pk}, {"seats": _seats(performance)[:1]}, status=204)


def _seats_freed(t: Theater) -> Call:
    performance, seats = _blocked(t)
    return Call({"pk": performance.pk}, {"seats": seats}, status=204)


def _taken(t: Theater) -> Call:
    performance = _on_sale(t)
    return _open_write(kwargs={"pk": performance.pk}, body={"seats": _seats(performance)[:1]})


def _released(t: Theater) -> Call:
    held = _held(t)
    given_back: dict[str, Any] = {"status": 204, "stranger": {204}, "public": {204}}
    return _open_write(kwargs={"pk": held.performance_id}, body={"token": held.token}, **given_back)


def _undone(t: Theater) -> Call:
    ticket = _ticket(t)
    check_in(actor=t.acting(), performance=ticket.performance, code=ticket.code)
    return Call({"pk": ticket.performance_id}, {"code": ticket.code}, status=204)


def _checked_in(t: Theater) -> Call:
    ticket = _ticket(t)
    return Call({"pk": ticket.performance_id}, {"code": ticket.code}, status=201)


ROUTES = {
    "GET seating-chart-list": lambda t: open_read(),
    "POST seating-chart-list": lambda t: Call(
        body={
            "space": calendar.space(by=t.director).pk,
            "name": "Concert",
            "rows": [{"zone": "Stalls", "row": "1", "count": 3}],
            "areas": [],
        },
        status=201,
    ),
    "GET seating-chart-detail": lambda t: open_read(kwargs={"pk": _chart(t).pk}),
    "POST box-office-open-sale": _opened,
    "POST box-office-end-sale": lambda t: Call({"pk": _on_sale(t).pk}, {}, status=204),
    "POST box-office-change-sale": lambda t: Call({"pk": _on_sale(t).pk}, {"closes_at": None}),
    "POST box-office-block-seats": _seats_blocked,
    "POST box-office-free-seats": _seats_freed,
    "GET box-office-seats": lambda t: open_read(kwargs={"pk": _on_sale(t).pk}),
    "POST box-office-holds": _taken,
    "POST box-office-holds-release": _released,
    "POST box-office-check-ins": _checked_in,
    "POST box-office-check-ins-undo": _undone,
    "GET box-office-waiting-list": lambda t: Call({"pk": _sold_out(t).pk}, needs=frozenset({"view_buyers"})),
    "POST box-office-waiting-list": lambda t: _open_write(
        kwargs={"pk": _sold_out(t).pk}, body={"name": "Will Wait", "email": "will@home.example", "places": 1}
    ),
    "POST box-office-waiting-list-leave": lambda t: _open_write(
        kwargs={"pk": _sold_out(t).pk}, body={"key": _waiting_key(t)}, status=204, stranger={204}, public={204}
    ),
    "GET order-list": lambda t: Call(stranger={200}, public={401}),
    "POST order-list": lambda t: _open_write(body={"hold": _held(t).token, **_BUYER}),
    # The reference is the buyer's secret: it opens the order for reading, and nothing else.
    "GET waiting-list-key": lambda t: open_read(kwargs={"key": _waiting_key(t)}),
    "POST order-cancel-by-reference": lambda t: _open_write(
        kwargs={"reference": _order(t).reference}, body={}, status=200, stranger={200}, public={200}
    ),
    "GET order-by-reference": lambda t: open_read(kwargs={"reference": _order(t).reference}),
    "GET order-detail": lambda t: Call({"pk": _order(t).pk}),
    "POST order-pay": lambda t: Call({"pk": _order(t).pk}, {"method": "cash"}),
    "POST order-resend": lambda t: Call({"pk": _order(t, paid=True).pk}, {}),
    "GET ticket-keys": lambda t: open_read(),
    "POST order-set-deadline": lambda t: Call({"pk": _order(t).pk}, {"pay_by": "2031-01-01T12:00:00Z"}),
    "POST order-cancel": lambda t: Call({"pk": _order(t).pk}, {}),
    "GET promotion-list": lambda t: open_read(),
    "POST promotion-list": lambda t: Call(
        body={"season": t.season.pk, "name": "Students", "percent": "20", "code": "YOUNG"}, status=201
    ),
    "GET promotion-detail": lambda t: Call({"pk": _promotion(t).pk}),
    "POST promotion-end": lambda t: Call({"pk": _promotion(t).pk}, {}),
}

ANOTHER = {
    "seating-chart-list": _chart,
    "order-list": lambda t: _order(t, paid=True),
    "promotion-list": _promotion,
    "box-office-waiting-list": _waiting,
}

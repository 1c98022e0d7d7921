"""The ticket sales of the demo."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from django.utils import timezone

from productions.models import ProductionStatus
from productions.services.life import advance_production
from scheduling.models import Category, Occurrence
from theater_site.core.actors import Public
from theater_site.demo import company
from theater_site.demo.state import Demo
from ticketing.models import Area, OrderState, Seat, SeatingChart, Ticket
from ticketing.services.check_ins import check_in
from ticketing.services.holds import take_hold
from ticketing.services.orders import pay_order, place_order
from ticketing.services.sales import open_sale
from ticketing.services.waiting_list import join_waiting_list


def open_sales(demo: Demo, charts: dict[str, SeatingChart], chance: random.Random) -> None:
    """Put all future performances on sale, and sell tickets for the next ones. One performance in the black box sells out.

    Some buyers join its waiting list, and some tickets are checked in.
    """
    director = demo.actor("director")
    stages = {space.pk: key for key, space in demo.spaces.items()}
    upcoming = list(
        Occurrence.objects.filter(category=Category.PERFORMANCE, starts_at__gt=timezone.now()).order_by("sort_at", "pk")
    )
    prices = {"Stalls": "28", "Rear stalls": "24", "Balcony": "18", "Unreserved": "20"}
    for performance in upcoming:
        stage = stages[performance.space_id or 0]
        categories = ("Stalls", "Rear stalls", "Balcony") if stage == "main" else ("Unreserved",)
        open_sale(
            actor=director,
            performance=performance,
            terms={"chart": charts[stage], "currency": "USD", "tax_rate": Decimal("5.5")},
            price_categories=[{"category": category, "price": Decimal(prices[category])} for category in categories],
        )
    seats = list(Seat.objects.filter(chart=charts["main"]).order_by("pk").values_list("pk", flat=True))
    main = [performance for performance in upcoming if stages[performance.space_id or 0] == "main"][:8]
    for number, performance in enumerate(main):
        free_seats = iter(chance.sample(seats, 90 - 10 * number))
        for party in (2, 4, 2, 3, 2, 1):
            _buy(demo, performance, chance, seats=[next(free_seats) for _ in range(party)])
    sold_out = next(performance for performance in upcoming if stages[performance.space_id or 0] == "box")
    unreserved = Area.objects.get(chart=charts["box"])
    for party in (20, 20, 20, 20, 10):
        _buy(demo, sold_out, chance, area=unreserved, quantity=party)
    for name in company.BUYERS[:3]:
        join_waiting_list(actor=Public(), performance=sold_out, name=name, email=_address(name), places=2)
    house_manager = demo.actor("house_manager")
    paid_tickets = Ticket.objects.filter(performance=main[0], line__order__state=OrderState.PAID).order_by("pk")
    for ticket in paid_tickets[:6]:
        check_in(actor=house_manager, performance=main[0], code=ticket.code)


def reach_first_night(demo: Demo) -> None:
    """Advance the first production to the state `running`. The others stay published."""
    for step in (ProductionStatus.ON_SALE, ProductionStatus.RUNNING):
        advance_production(actor=demo.actor("production_manager"), production=demo.productions[0], to=step)


def _buy(demo: Demo, performance: Occurrence, chance: random.Random, **wanted: Any) -> None:
    """Hold and order seats or an area as a visitor. Most orders are paid at the box office."""
    buyer = chance.choice(company.BUYERS)
    inputs = {"seats": None, "area": None, "quantity": None, **wanted}
    hold = take_hold(actor=Public(), performance=performance, **inputs)
    order = place_order(
        actor=Public(),
        hold=hold.token,
        buyer_name=buyer,
        buyer_email=_address(buyer),
        promotion_code=None,
        payment=None,
    )
    if chance.random() < 0.8:
        pay_order(actor=demo.actor("box_office"), order=order, method=chance.choice(["cash", "card"]))


def _address(name: str) -> str:
    return f"{name.partition(' ')[0].lower()}@audience.example"

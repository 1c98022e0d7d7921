"""Scenes of the box office: halls with seats, performances on sale."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import Section, User
from productions.models import Production
from scheduling.models import Category, Occurrence, Space
from tests import world
from tests.worlds import scheduling
from theater_site.core.actors import Public
from ticketing.models import Area, Order, Seat, SeatingChart
from ticketing.services.charts import create_chart
from ticketing.services.holds import Hold, take_hold
from ticketing.services.orders import pay_order, place_order
from ticketing.services.sales import open_sale

STALLS, BALCONY, FLOOR = "Stalls", "Balcony", "Floor"


def chart(
    *, by: User, space: Space | None = None, rows: int = 2, seats: int = 5, standing: int = 0, balcony: int = 0
) -> SeatingChart:
    """`rows` rows of `seats` in the stalls, one of `balcony`, and a floor for so many `standing`."""
    listed: list[dict[str, Any]] = [
        {"zone": STALLS, "row": str(row + 1), "count": seats, "y": Decimal(row)} for row in range(rows)
    ]
    if balcony:
        listed.append({"zone": BALCONY, "row": "1", "count": balcony, "y": Decimal(rows + 2)})
    areas = [{"name": FLOOR, "capacity": standing}] if standing else []
    made: SeatingChart = create_chart(
        actor=world.acting(by),
        space=space or scheduling.space(by=by),
        name=f"Chart {world.number()}",
        rows=listed,
        areas=areas,
    )
    return made


def performance(
    of: Production, *, by: User, chart: SeatingChart | None = None, published: bool = True, **fields: Any
) -> Occurrence:
    """A performance on a day of its own, in the space of `chart`; everybody sees it unless said otherwise."""
    day = world.number()
    given = {
        "category": Category.PERFORMANCE,
        "date": f"20{31 + day // 336}-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}",
        **fields,
    }
    if chart is not None:
        given["space"] = chart.space
    return scheduling.occurrence(of, by=by, published=published, **given)


def on_sale(of: Production, *, by: User, chart: SeatingChart, published: bool = True, **given: Any) -> Occurrence:
    """A performance on sale: 25.00 EUR in the stalls, 12.50 in the balcony, 10.00 on the floor, 7 % tax in
    it."""
    made = performance(of, by=by, chart=chart, published=published)
    prices = {STALLS: "25", BALCONY: "12.50", FLOOR: "10"}
    known = {*chart.seats.values_list("category", flat=True), *chart.areas.values_list("category", flat=True)}
    price_categories = [{"category": name, "price": Decimal(price)} for name, price in prices.items() if name in known]
    terms = {"chart": chart, "currency": "EUR", "tax_rate": Decimal(7), **given}
    open_sale(actor=world.acting(by), performance=made, terms=terms, price_categories=price_categories)
    return made


def house(**sizes: Any) -> tuple[Section, User, Occurrence, list[Seat], Area | None]:
    """A theater with one performance on sale: its root, its director, the performance, the seats in order,
    the floor."""
    root, director = world.found()
    play = world.production(world.season(root, by=director), by=director, published=True)
    hall = chart(by=director, **sizes)
    sold = on_sale(play, by=director, chart=hall)
    return root, director, sold, list(hall.seats.order_by("pk")), hall.areas.first()


def hold(
    at: Occurrence, seats: list[Seat] | None = None, *, area: Area | None = None, quantity: int | None = None
) -> Hold:
    """Somebody unknown holds these places."""
    ids = [seat.pk for seat in seats] if seats else None
    made: Hold = take_hold(actor=Public(), performance=at, seats=ids, area=area, quantity=quantity)
    return made


def order(held: Hold, *, paid_to: User | None = None, **given: Any) -> Order:
    """Somebody buys what is held; `paid_to` takes the money."""
    inputs = {
        "buyer_name": "Bea Buyer",
        "buyer_email": f"bea{world.number()}@home.example",
        "promotion_code": None,
        "payment": None,
    }
    made: Order = place_order(actor=Public(), hold=held.token, **{**inputs, **given})
    return pay_order(actor=world.acting(paid_to), order=made, method="cash") if paid_to else made

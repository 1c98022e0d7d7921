"""What can be bought at a performance, at which price, and what is free right now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from productions.models import ProductionStatus
from scheduling.models import Category, OccurrenceStatus, Visibility
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.money import Money
from ticketing.models import Area, AreaHold, PerformanceArea, PerformanceSeat, PriceCategory, Sale, Seat, SeatState

# The state of a seat whose category has no price.
NOT_FOR_SALE = "not_for_sale"


@dataclass(frozen=True, slots=True)
class Place:
    """One place as it is sold: a seat, or one of an area, with its price category."""

    label: str
    price_category: str
    price: Money
    seat_id: int | None = None
    area_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpenSale:
    """What a purchase needs to know of the sale that it is part of."""

    pk: int
    performance_id: int
    section_id: int
    chart_id: int
    currency: str
    tax_rate: Decimal
    payment_minutes: int | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class PricedCategory:
    """A price category with its price, as a purchase reads it."""

    pk: int
    name: str
    price: Money


# Read as values: a hold is taken a thousand times where a sale is changed once, and three rows of some fifty
# columns each were two thirds of its time.
_OF_PERFORMANCE = ("section_id", "category", "visibility", "published_at", "status", "starts_at", "ends_at")
_SALE = (
    "pk", "performance_id", "chart_id", "currency", "tax_rate", "opens_at", "closes_at", "payment_minutes",
    *(f"performance__{name}" for name in _OF_PERFORMANCE),
    "performance__production_id", "performance__production__published_at", "performance__production__status",
)  # fmt: skip


def sale_open(performance_id: int, at: datetime) -> OpenSale:
    """The sale of this performance. Conflict says why nobody can buy at the instant `at`: `not_on_sale` (no sale,
    or not public), `production_canceled`, `performance_canceled`, `performance_over`, `sale_not_open` (with
    `opens_at`), `sale_closed`."""
    found = {
        name: value
        for row in Sale.objects.filter(performance_id=performance_id).values(*_SALE)
        for name, value in row.items()
    }
    performance = {name: found.get(f"performance__{name}") for name in _OF_PERFORMANCE}
    if not (
        performance["category"] == Category.PERFORMANCE
        and performance["visibility"] == Visibility.PUBLIC
        and performance["published_at"] is not None
        # As `Occurrence.public_when`.
        and (found["performance__production_id"] is None or found["performance__production__published_at"] is not None)
    ):
        raise Conflict("This performance is not on sale.", code="not_on_sale")
    if found["performance__production__status"] == ProductionStatus.CANCELED:
        message = "This production is canceled. Ask the box office about your tickets."
        raise Conflict(message, code="production_canceled")
    if performance["status"] == OccurrenceStatus.CANCELED:
        raise Conflict("This performance is canceled.", code="performance_canceled")
    over = performance["ends_at"] or performance["starts_at"]
    if performance["status"] == OccurrenceStatus.DONE or (over is not None and over <= at):
        raise Conflict("This performance is over.", code="performance_over")
    opens_at, closes_at = found["opens_at"], found["closes_at"]
    if opens_at is not None and at < opens_at:
        opens = opens_at.isoformat()
        raise Conflict(f"The sale opens at {opens}.", code="sale_not_open", data={"opens_at": opens})
    if closes_at is not None and closes_at <= at:
        raise Conflict("The sale is closed. Ask at the box office.", code="sale_closed")
    section_id: int = performance["section_id"]  # type: ignore[assignment]
    return OpenSale(
        found["pk"], performance_id, section_id, found["chart_id"], found["currency"], found["tax_rate"],
        found["payment_minutes"], performance["starts_at"],
    )  # fmt: skip


def sale_of(performance_id: int) -> Sale:
    """The sale of this performance, open or not. Conflict (`not_on_sale`) where there is none."""
    sale = Sale.objects.filter(performance_id=performance_id).first()
    if sale is None:
        raise Conflict("This performance is not on sale.", code="not_on_sale")
    return sale


def price_categories_of(sale: Sale | OpenSale) -> dict[str, PricedCategory]:
    """The price categories by category."""
    rows = PriceCategory.objects.filter(sale_id=sale.pk).values_list(
        "category", "pk", "name", "price_minor", "currency"
    )
    return {
        category: PricedCategory(pk, name, Money.of_minor(minor, currency))
        for category, pk, name, minor, currency in rows
    }


def seats_on_sale(sale: Sale | OpenSale, seat_ids: Collection[int]) -> list[Place]:
    """These seats with their prices, free or taken, in the order of their ids. Invalid (`unknown_seats`)
    names those that the sale's chart does not have; Conflict (`seats_not_sold`) those of a category that has
    no price."""
    seats = (
        Seat.objects.filter(chart_id=sale.chart_id, pk__in=seat_ids)
        .order_by("pk")
        .values_list("pk", "label", "category")
    )
    found = list(seats)
    if unknown := sorted(set(seat_ids) - {pk for pk, _, _ in found}):
        raise Invalid(
            "This performance has no such seats. Take ids from its list of seats.",
            code="unknown_seats", field="seats", data={"seats": unknown},
        )  # fmt: skip
    price_categories = price_categories_of(sale)
    if unsold := [{"id": pk, "label": label} for pk, label, category in found if category not in price_categories]:
        raise Conflict("These seats are not sold. Choose others.", code="seats_not_sold", data={"seats": unsold})
    return [
        Place(label, price_categories[category].name, price_categories[category].price, seat_id=pk)
        for pk, label, category in found
    ]


def place_in_area(sale: Sale | OpenSale, area: Area) -> Place:
    """A place of `area` with its price. Invalid (`unknown_area`) where the sale's chart has no such area;
    Conflict (`area_not_sold`) where it has no price."""
    if area.chart_id != sale.chart_id:
        raise Invalid("This performance has no such area.", code="unknown_area", field="area")
    price_category = price_categories_of(sale).get(area.category)
    if price_category is None:
        raise Conflict("This area is not sold.", code="area_not_sold")
    return Place(area.name, price_category.name, price_category.price, area_id=area.pk)


def owners_of(performance_id: int, at: datetime) -> dict[int, str]:
    """The state (held, sold, blocked) of each taken seat at the instant `at`, by seat id. All others are free. A seat of
    an unpaid order is `held`, since it becomes free again if nobody pays."""
    rows = PerformanceSeat.objects.filter(performance_id=performance_id)
    return {
        seat: SeatState.HELD.value if state == SeatState.RESERVED else state
        for seat, state, until in rows.values_list("seat_id", "state", "held_until")
        if until is None or until > at
    }


def places_left(performance_id: int, at: datetime) -> dict[int, int]:
    """How many places each area has left at the instant `at`, by area id; an expired hold counts as left."""
    expired = AreaHold.objects.filter(counter=OuterRef("pk"), held_until__lte=at).order_by().values("counter")
    counters = PerformanceArea.objects.filter(performance_id=performance_id).annotate(
        left=F("capacity") - F("taken") + Coalesce(Subquery(expired.annotate(n=Sum("quantity")).values("n")), 0)
    )
    return dict(counters.values_list("area_id", "left"))


def free_places(sale: Sale | OpenSale, at: datetime) -> int:
    """How many places can be had at the instant `at`, seats and areas together."""
    categories = price_categories_of(sale)
    sold = Seat.objects.filter(chart_id=sale.chart_id, category__in=categories)
    taken = owners_of(sale.performance_id, at)
    seats = sum(1 for pk in sold.values_list("pk", flat=True) if pk not in taken)
    areas = set(Area.objects.filter(chart_id=sale.chart_id, category__in=categories).values_list("pk", flat=True))
    return seats + sum(left for area, left in places_left(sale.performance_id, at).items() if area in areas)


def seat_list(performance_id: int, at: datetime) -> dict[str, Any]:
    """All data of a seat map, in six queries: prices, seats with their state (free, held, sold, blocked, not_for_sale),
    areas with what is left. A seat of a category without a price is `not_for_sale`. Raises Conflict (`not_on_sale`)."""
    sale = sale_of(performance_id)
    price_categories = price_categories_of(sale)
    owners = owners_of(performance_id, at)
    left = places_left(performance_id, at)
    seats = Seat.objects.filter(chart_id=sale.chart_id).order_by("pk")
    columns = ("pk", "zone", "row", "number", "category", "x", "y")
    return {
        "performance": performance_id,
        "currency": sale.currency,
        "opens_at": sale.opens_at,
        "closes_at": sale.closes_at,
        "price_categories": [
            {"id": one.pk, "name": one.name, "price": str(one.price.amount)}
            for one in sorted(price_categories.values(), key=lambda one: (-one.price.minor, one.pk))
        ],
        "seats": [
            {
                "id": pk, "zone": zone, "row": row, "number": number, "x": x, "y": y,
                "price_category": price_categories[category].pk if category in price_categories else None,
                "state": owners.get(pk, "free" if category in price_categories else NOT_FOR_SALE),
            }
            for pk, zone, row, number, category, x, y in seats.values_list(*columns)
        ],
        "areas": [
            {
                "id": area.pk, "name": area.name, "capacity": area.capacity,
                "price_category": price_categories[area.category].pk if area.category in price_categories else None,
                "left": left.get(area.pk, 0),
            }
            for area in Area.objects.filter(chart_id=sale.chart_id).order_by("pk")
        ],
    }  # fmt: skip

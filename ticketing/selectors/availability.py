"""Which seats and places of a performance are free at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from ticketing.models import Area, AreaHold, PerformanceArea, PerformanceSeat, Sale, Seat, SeatState
from ticketing.selectors.sale_terms import OpenSale, price_categories_of, priced_seats_of, sale_of

# The state of a seat whose category has no price.
NOT_FOR_SALE = "not_for_sale"


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
    taken = owners_of(sale.performance_id, at)
    seats = sum(1 for seat in priced_seats_of(sale) if seat not in taken)
    areas = set(Area.objects.filter(chart_id=sale.chart_id, category__in=categories).values_list("pk", flat=True))
    return seats + sum(left for area, left in places_left(sale.performance_id, at).items() if area in areas)


def seat_list(performance_id: int, at: datetime) -> dict[str, Any]:
    """The data of a seat map: prices, seats with their state, areas with the places left. Five queries, two more at first.

    A seat is free, held, sold or blocked; not_for_sale if its category has no price. Raises: Conflict `not_on_sale`.
    """
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

"""Whether a performance is on sale at an instant, and the price of each place. A hold reads this in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from productions.models import ProductionStatus
from scheduling.models import Category, OccurrenceStatus, Visibility
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.money import Money
from theater_site.core.prepared import Prepared
from ticketing.models import Area, PriceCategory, Sale, Seat


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
    """The data of a sale that a purchase needs."""

    pk: int
    performance_id: int
    section_id: int
    chart_id: int
    currency: str
    tax_rate: Decimal
    payment_minutes: int | None
    starts_at: datetime | None
    terms_key: UUID


@dataclass(frozen=True, slots=True)
class PricedCategory:
    """A price category with its price."""

    pk: int
    name: str
    price: Money


class _Sale(NamedTuple):
    pk: int
    chart_id: int
    currency: str
    tax_rate: Decimal
    opens_at: datetime | None
    closes_at: datetime | None
    payment_minutes: int | None
    terms_key: UUID
    section_id: int
    category: str
    visibility: str
    published_at: datetime | None
    status: str
    starts_at: datetime | None
    ends_at: datetime | None
    production_id: int | None
    production_published_at: datetime | None
    production_status: str | None


# Compiled once: compiling this statement took longer than all others of a hold together.
_SALE_OF = Prepared(
    lambda performance: Sale.objects.filter(performance_id=performance).values_list(
        "pk", "chart_id", "currency", "tax_rate", "opens_at", "closes_at", "payment_minutes", "terms_key",
        "performance__section_id", "performance__category", "performance__visibility", "performance__published_at",
        "performance__status", "performance__starts_at", "performance__ends_at", "performance__production_id",
        "performance__production__published_at", "performance__production__status",
    ),
    _Sale,
    performance=int,
)  # fmt: skip


def sale_open(performance_id: int, at: datetime) -> OpenSale:
    """The sale of this performance, if buyers can buy at the instant `at`.

    Raises: Conflict `not_on_sale` (no sale, or the performance is not public), `production_canceled`,
    `performance_canceled`, `performance_over`, `sale_not_open` (with `opens_at`), `sale_closed`.
    """
    rows = _SALE_OF(performance=performance_id)
    if not rows or not _is_public(rows[0]):
        raise Conflict("This performance is not on sale.", code="not_on_sale")
    (sale,) = rows
    if sale.production_status == ProductionStatus.CANCELED:
        message = "This production is canceled. Ask the box office about your tickets."
        raise Conflict(message, code="production_canceled")
    if sale.status == OccurrenceStatus.CANCELED:
        raise Conflict("This performance is canceled.", code="performance_canceled")
    over = sale.ends_at or sale.starts_at
    if sale.status == OccurrenceStatus.DONE or (over is not None and over <= at):
        raise Conflict("This performance is over.", code="performance_over")
    if sale.opens_at is not None and at < sale.opens_at:
        opens = sale.opens_at.isoformat()
        raise Conflict(f"The sale opens at {opens}.", code="sale_not_open", data={"opens_at": opens})
    if sale.closes_at is not None and sale.closes_at <= at:
        raise Conflict("The sale is closed. Ask at the box office.", code="sale_closed")
    return OpenSale(
        sale.pk, performance_id, sale.section_id, sale.chart_id, sale.currency, sale.tax_rate, sale.payment_minutes,
        sale.starts_at, sale.terms_key,
    )  # fmt: skip


def _is_public(sale: _Sale) -> bool:
    """Whether the performance is public, as `Occurrence.public_when` says."""
    return (
        sale.category == Category.PERFORMANCE
        and sale.visibility == Visibility.PUBLIC
        and sale.published_at is not None
        and (sale.production_id is None or sale.production_published_at is not None)
    )


def sale_of(performance_id: int) -> Sale:
    """The sale of this performance, open or not. Raises Conflict (`not_on_sale`) if there is none."""
    sale = Sale.objects.filter(performance_id=performance_id).first()
    if sale is None:
        raise Conflict("This performance is not on sale.", code="not_on_sale")
    return sale


class _Terms(NamedTuple):
    price_categories: dict[str, PricedCategory]
    seats: dict[int, Place]
    # The labels of the seats whose category has no price.
    unpriced: dict[int, str]


# A chart of 1,000 seats takes some 200 kB in each process.
@lru_cache(maxsize=64)
def _terms(terms_key: UUID, sale_id: int, chart_id: int) -> _Terms:
    """The prices and seats of a sale. They are cached by `Sale.terms_key`, which changes with them."""
    prices = PriceCategory.objects.filter(sale_id=sale_id).values_list(
        "category", "pk", "name", "price_minor", "currency"
    )
    categories = {
        category: PricedCategory(pk, name, Money.of_minor(minor, currency))
        for category, pk, name, minor, currency in prices
    }
    seats: dict[int, Place] = {}
    unpriced: dict[int, str] = {}
    rows = Seat.objects.filter(chart_id=chart_id).order_by("pk").values_list("pk", "label", "category")
    for pk, label, category in rows:
        if priced := categories.get(category):
            seats[pk] = Place(label, priced.name, priced.price, seat_id=pk)
        else:
            unpriced[pk] = label
    return _Terms(categories, seats, unpriced)


def _terms_of(sale: Sale | OpenSale) -> _Terms:
    return _terms(sale.terms_key, sale.pk, sale.chart_id)


def price_categories_of(sale: Sale | OpenSale) -> dict[str, PricedCategory]:
    """The price categories by category."""
    return _terms_of(sale).price_categories


def priced_seats_of(sale: Sale | OpenSale) -> Collection[int]:
    """The ids of the seats that have a price, free or taken, in order."""
    return _terms_of(sale).seats.keys()


def seats_on_sale(sale: Sale | OpenSale, seat_ids: Collection[int]) -> list[Place]:
    """These seats with their prices, free or taken, in the order of their ids.

    Raises: Invalid `unknown_seats` with the seats that the chart of the sale does not have; Conflict `seats_not_sold`
    with those whose category has no price.
    """
    terms = _terms_of(sale)
    ids = sorted(set(seat_ids))
    places = [terms.seats[seat] for seat in ids if seat in terms.seats]
    if len(places) < len(ids):
        _refuse_seats(terms, ids)
    return places


def _refuse_seats(terms: _Terms, ids: list[int]) -> None:
    unknown = [seat for seat in ids if seat not in terms.seats and seat not in terms.unpriced]
    if unknown:
        raise Invalid(
            "This performance has no such seats. Take ids from its list of seats.",
            code="unknown_seats",
            field="seats",
            data={"seats": unknown},
        )
    unsold: list[dict[str, Any]] = [
        {"id": seat, "label": terms.unpriced[seat]} for seat in ids if seat in terms.unpriced
    ]
    raise Conflict("These seats are not sold. Choose others.", code="seats_not_sold", data={"seats": unsold})


def place_in_area(sale: Sale | OpenSale, area: Area) -> Place:
    """A place of `area` with its price.

    Raises: Invalid `unknown_area` if the chart of the sale does not have it; Conflict `area_not_sold` if it has no price.
    """
    if area.chart_id != sale.chart_id:
        raise Invalid("This performance has no such area.", code="unknown_area", field="area")
    price_category = price_categories_of(sale).get(area.category)
    if price_category is None:
        raise Conflict("This area is not sold.", code="area_not_sold")
    return Place(area.name, price_category.name, price_category.price, area_id=area.pk)

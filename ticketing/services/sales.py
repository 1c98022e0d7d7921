"""A performance goes on sale."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypedDict

from productions.models import ProductionStatus
from scheduling.models import Category, Occurrence, OccurrenceStatus
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotFound
from theater_site.core.money import Money
from ticketing.models import (
    Area,
    AreaHold,
    PerformanceArea,
    PerformanceSeat,
    PriceCategory,
    Sale,
    Seat,
    SeatingChart,
    Ticket,
)


class _PriceCategory(TypedDict):
    category: Annotated[str, Doc("The category of the chart that has this price. Example: Stalls")]
    price: Annotated[
        Decimal, Doc("The price of one place, tax included, with the decimals of the currency. Example: 25.00")
    ]


class PriceCategoryInput(_PriceCategory, total=False):
    """What a category of places costs, tax included. It is called by its `name`, else by its category."""

    name: Annotated[str, Doc("What buyers are told; without it the category. Example: Stalls, full view")]


class _Terms(TypedDict):
    chart: Annotated[SeatingChart, Doc("Id of the seating chart by which it is sold. Example: 2")]  # type: ignore[valid-type]
    currency: Annotated[str, Doc("ISO 4217 code of the currency of the prices. Example: EUR")]


class SaleTerms(_Terms, total=False):
    """The seating chart and currency; the tax included in the prices (percent, default 0); from when (default: at once)
    until when (default: no end) it is sold; and the minutes until an unpaid order expires (default PAYMENT_MINUTES)."""

    tax_rate: Decimal
    opens_at: datetime | None
    closes_at: datetime | None
    payment_minutes: int | None


class SaleChanges(TypedDict, total=False):
    """When it is sold: absent means unchanged, None means no limit on that side. `payment_minutes` applies to later orders;
    None takes the setting PAYMENT_MINUTES."""

    opens_at: datetime | None
    closes_at: datetime | None
    payment_minutes: int | None


@action("performance.open_sale", needs=Needs("manage_tickets", on="performance"), subject="performance")
def open_sale(
    *,
    performance: Occurrence,
    terms: SaleTerms,
    price_categories: Annotated[
        list[PriceCategoryInput], Doc("The price of each category that is sold; others are not.")
    ],
) -> Sale:
    """Put a performance on sale at the prices in `price_categories`. Nobody can buy before it is public.

    Categories that are not named are not sold.
    Errors: `not_a_performance`; `performance_canceled`, `production_canceled`; `tentative`; `already_on_sale`; `other_space` for
    a chart of another space; `required` without a price; `unknown_category`, `category_repeated`; `negative_price`, or a price
    finer than the currency.
    """
    if performance.category != Category.PERFORMANCE:
        raise Conflict("Only performances are sold.", code="not_a_performance")
    if performance.production is not None and performance.production.status == ProductionStatus.CANCELED:
        message = "This production is canceled. Reinstate it before its performances are sold."
        raise Conflict(message, code="production_canceled")
    if performance.status == OccurrenceStatus.CANCELED:
        raise Conflict("This performance is canceled.", code="performance_canceled")
    if performance.status == OccurrenceStatus.TENTATIVE:
        raise Conflict("This performance is tentative. Confirm it before it is sold.", code="tentative")
    if Sale.objects.filter(performance=performance).exists():
        raise Conflict("This performance is on sale already.", code="already_on_sale")
    chart = terms["chart"]
    if performance.space_id is not None and performance.space_id != chart.space_id:
        raise Invalid("This chart is of another space than the performance.", code="other_space", field="chart")
    areas = list(Area.objects.filter(chart=chart))
    categories = {area.category for area in areas}
    categories |= set(Seat.objects.filter(chart=chart).values_list("category", flat=True).distinct())
    sale = Sale(performance=performance, **terms)
    sale.save()
    PriceCategory.objects.bulk_create(_price_categories(sale, price_categories, categories))
    PerformanceArea.objects.bulk_create(
        [PerformanceArea(performance=performance, area=area, capacity=area.capacity) for area in areas]
    )
    return sale


@action("performance.change_sale", needs=Needs("manage_tickets", on="performance"), subject="performance")
def change_sale(*, performance: Occurrence, changes: SaleChanges) -> Sale:
    """Change when a performance is sold. Errors: `not_on_sale`; `ends_before_start`."""
    sale = _sale_of(performance)
    for name, value in changes.items():
        setattr(sale, name, value)
    sale.save()
    return sale


@action("performance.end_sale", needs=Needs("manage_tickets", on="performance"), subject="performance")
def end_sale(*, performance: Occurrence) -> None:
    """Delete the sale of a performance without valid tickets: to move it, or to sell it by another chart.

    Blocked seats become free. Errors: `not_on_sale`; `tickets_sold` while an order is not canceled; `seats_held`
    while a buyer holds seats.
    """
    sale = _sale_of(performance)
    if Ticket.objects.filter(performance=performance, void=False).exists():
        raise Conflict("Tickets of this performance are sold. Cancel those orders first.", code="tickets_sold")
    at = current().instant
    counters = PerformanceArea.objects.filter(performance=performance)
    held = PerformanceSeat.objects.filter(performance=performance, held_until__gt=at)
    if held.exists() or AreaHold.objects.filter(counter__in=counters, held_until__gt=at).exists():
        raise Conflict(
            "A buyer holds seats of this performance. Close the sale and try again later.", code="seats_held"
        )
    PerformanceSeat.objects.filter(performance=performance).delete()
    counters.delete()
    PriceCategory.objects.filter(sale=sale).delete()
    sale.delete()


def _sale_of(performance: Occurrence) -> Sale:
    sale = Sale.objects.filter(performance=performance).first()
    if sale is None:
        raise NotFound("This performance is not on sale.", code="not_on_sale")
    return sale


def _price_categories(
    sale: Sale, price_categories: list[PriceCategoryInput], categories: set[str]
) -> list[PriceCategory]:
    if not price_categories:
        raise Invalid("Name at least one price.", code="required", field="price_categories")
    made = []
    for place, price_category in enumerate(price_categories):
        if price_category["category"] not in categories:
            known = ", ".join(sorted(categories))
            raise Invalid(
                f"The chart has no category {price_category['category']!r}. It has: {known}.",
                code="unknown_category",
                field=f"price_categories.{place}.category",
            )
        if price_category["price"] < 0:
            raise Invalid("A price is not below zero.", code="negative_price", field=f"price_categories.{place}.price")
        row = PriceCategory(
            sale=sale,
            category=price_category["category"],
            name=price_category.get("name") or price_category["category"],
        )
        row.price = Money(price_category["price"], sale.currency)
        made.append(row)
    return made

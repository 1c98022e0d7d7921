"""Put performances on sale, change and end their sale."""

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
        Decimal, Doc("The price of one seat, tax included, with the decimals of the currency. Example: 25.00")
    ]


class PriceCategoryInput(_PriceCategory, total=False):
    """The price of one category of seats or areas."""

    name: Annotated[str, Doc("The name that buyers see; the default is the category. Example: Stalls, full view")]


class _Terms(TypedDict):
    chart: Annotated[SeatingChart, Doc("Id of the seating chart for the sale. Example: 2")]  # type: ignore[valid-type]
    currency: Annotated[str, Doc("ISO 4217 code of the currency of the prices. Example: EUR")]


class SaleTerms(_Terms, total=False):
    """The terms of a sale: seating chart, currency, tax, dates and deadline for payment.

    Defaults: no tax, on sale at once and without an end, and the setting PAYMENT_MINUTES.
    """

    tax_rate: Decimal
    opens_at: datetime | None
    closes_at: datetime | None
    payment_minutes: int | None


class SaleChanges(TypedDict, total=False):
    """The dates of a sale: absent means unchanged, null means no limit.

    `payment_minutes` is for later orders; null is the setting PAYMENT_MINUTES.
    """

    opens_at: datetime | None
    closes_at: datetime | None
    payment_minutes: int | None


@action("performance.open_sale", needs=Needs("manage_tickets", on="performance"), subject="performance")
def open_sale(
    *,
    performance: Occurrence,
    terms: SaleTerms,
    price_categories: Annotated[
        list[PriceCategoryInput],
        Doc("The price of each category that is sold. Categories without a price are not sold."),
    ],
) -> Sale:
    """Put a performance on sale at the prices in `price_categories`. Nobody can buy before it is public.

    Errors: `not_a_performance`; `production_canceled`, `performance_canceled`; `tentative`; `already_on_sale`; `other_space` for
    a chart of another space; `required` without a price; `unknown_category`, `category_repeated`; `negative_price`;
    `bad_amount` for a price with more decimals than the currency has; and the codes of the terms.
    """
    if performance.category != Category.PERFORMANCE:
        raise Conflict("Tickets are sold for performances only. Choose a performance.", code="not_a_performance")
    if performance.production is not None and performance.production.status == ProductionStatus.CANCELED:
        message = "The production is canceled. Reinstate it before you put its performances on sale."
        raise Conflict(message, code="production_canceled")
    if performance.status == OccurrenceStatus.CANCELED:
        message = "The performance is canceled. Reinstate it before you put it on sale."
        raise Conflict(message, code="performance_canceled")
    if performance.status == OccurrenceStatus.TENTATIVE:
        raise Conflict("This performance is tentative. Confirm it before it is sold.", code="tentative")
    if Sale.objects.filter(performance=performance).exists():
        raise Conflict("This performance is already on sale.", code="already_on_sale")
    chart = terms["chart"]
    if performance.space_id is not None and performance.space_id != chart.space_id:
        message = "The performance is in another space. Choose a chart of its space."
        raise Invalid(message, code="other_space", field="chart")
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
    """Change the dates of a sale, or its deadline for payment. Errors: `not_on_sale`; `ends_before_start`."""
    sale = _sale_of(performance)
    for name, value in changes.items():
        setattr(sale, name, value)
    sale.save()
    return sale


@action("performance.end_sale", needs=Needs("manage_tickets", on="performance"), subject="performance")
def end_sale(*, performance: Occurrence) -> None:
    """Delete the sale of a performance without valid tickets, to move it or to sell it with another chart.

    Blocked seats become free. Errors: `not_on_sale`; `tickets_sold` while there are valid tickets; `seats_held` while a buyer
    holds seats.
    """
    sale = _sale_of(performance)
    if Ticket.objects.filter(performance=performance, void=False).exists():
        raise Conflict("Tickets for this performance are sold. Cancel those orders first.", code="tickets_sold")
    at = current().instant
    counters = PerformanceArea.objects.filter(performance=performance)
    held = PerformanceSeat.objects.filter(performance=performance, held_until__gt=at)
    if held.exists() or AreaHold.objects.filter(counter__in=counters, held_until__gt=at).exists():
        raise Conflict(
            "A buyer holds seats of this performance. Close the sale and try again when the hold has ended.",
            code="seats_held",
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
    """The unsaved price categories of `sale`. `categories` are those of its chart."""
    if not price_categories:
        raise Invalid("Give at least one price.", code="required", field="price_categories")
    rows = []
    for position, price_category in enumerate(price_categories):
        field = f"price_categories.{position}"
        if price_category["category"] not in categories:
            known = ", ".join(sorted(categories))
            raise Invalid(
                f"The chart has no category {price_category['category']!r}. Choose one of: {known}.",
                code="unknown_category",
                field=f"{field}.category",
            )
        if price_category["price"] < 0:
            raise Invalid("A price cannot be negative. Enter 0 or more.", code="negative_price", field=f"{field}.price")
        row = PriceCategory(
            sale=sale,
            category=price_category["category"],
            name=price_category.get("name") or price_category["category"],
        )
        row.price = Money(price_category["price"], sale.currency)
        rows.append(row)
    return rows

"""The representations of the box office: for buyers, and for staff."""

from __future__ import annotations

from collections import Counter
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from theater_site.core.money import Money
from theater_site.core.runs import instant
from ticketing.models import (
    Area,
    CheckIn,
    Order,
    OrderLine,
    Payment,
    Promotion,
    Sale,
    Seat,
    SeatingChart,
    WaitingListEntry,
)
from ticketing.rules.secrets import digest_of


@extend_schema_field({"type": "string", "format": "decimal", "description": "With the decimals of its currency."})
class AmountField(serializers.Field[Money, Any, str, Any]):
    """Money as its exact amount. The currency is a field of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})

    def to_representation(self, value: Money) -> str:
        return str(value.amount)


class PlaceRead(serializers.Serializer[Any]):
    """A seat, or one admission to an area, with its price."""

    seat = serializers.IntegerField(
        source="seat_id", allow_null=True, help_text="Id of the seat; null for an area. Example: 41"
    )
    area = serializers.IntegerField(
        source="area_id", allow_null=True, help_text="Id of the area; null for a seat. Example: 2"
    )
    label = serializers.CharField(help_text="The seat or area, in words. Example: Stalls, row 2, seat 4")  # type: ignore[assignment]
    price_category = serializers.CharField(help_text="Its price category. Example: Stalls")
    price = AmountField(help_text="The full price, tax included. Example: 25.00")


class HoldRead(serializers.Serializer[Any]):
    """Seats, or capacity of an area, that are held for a buyer."""

    token = serializers.CharField(
        help_text="The secret token of the hold. Send it as `hold` with the order. Example: Xk3vQ0J7bW9xT1n5yR2mLp8sGd4hKc6Z"
    )
    performance = serializers.IntegerField(source="performance_id", help_text="Id of the performance. Example: 120")
    expires_at = serializers.DateTimeField(
        help_text="Until when the seats are held: an instant in UTC. Example: 2027-02-01T10:10:00Z"
    )
    places = PlaceRead(many=True, help_text="The held seats.")
    total = AmountField(help_text="The full price, before discounts. Example: 50.00")
    currency = serializers.CharField(source="total.currency")


class PriceCategoryRead(serializers.Serializer[Any]):
    """A price category of the performance."""

    id = serializers.IntegerField(help_text="Id of the price category. Example: 5")
    name = serializers.CharField(help_text="The name that buyers see. Example: Stalls")
    price = serializers.CharField(help_text="The price of one seat, tax included. Example: 25.00")


class SeatRead(serializers.Serializer[Any]):
    """A numbered seat with its state."""

    id = serializers.IntegerField(help_text="Id of the seat. Example: 41")
    zone = serializers.CharField(help_text="The part of the hall; may be empty. Example: Stalls")
    row = serializers.CharField(help_text="The row's name; may be empty. Example: 2")
    number = serializers.CharField(help_text="The seat's number. Example: 4")
    x = serializers.FloatField(help_text="Its position across the hall, in units of the plan. Example: 12.5")
    y = serializers.FloatField(help_text="Its position along the hall, in units of the plan. Example: 3")
    price_category = serializers.IntegerField(
        allow_null=True, help_text="Id of its price category; null if it is not sold. Example: 5"
    )
    state = serializers.ChoiceField(
        choices=["free", "held", "sold", "blocked", "not_for_sale"],
        help_text="free: can be held. held: by a hold or an unpaid order. sold: paid. blocked: by the box office. not_for_sale:"
        " has no price. Example: free",
    )


class AreaRead(serializers.Serializer[Any]):
    """A general admission area with its free capacity."""

    id = serializers.IntegerField(help_text="Id of the area. Example: 2")
    name = serializers.CharField(help_text="The name of the area. Example: Floor")
    capacity = serializers.IntegerField(help_text="The number of people that it holds. Example: 120")
    price_category = serializers.IntegerField(
        allow_null=True, help_text="Id of its price category; null if it is not sold. Example: 5"
    )
    left = serializers.IntegerField(help_text="The free capacity. Example: 37")


class SeatListRead(serializers.Serializer[Any]):
    """The seats and areas of a performance, with their prices and states."""

    performance = serializers.IntegerField(help_text="Id of the performance. Example: 120")
    currency = serializers.CharField()
    opens_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the sale starts: an instant in UTC; null is at once. Example: 2027-01-15T09:00:00Z",
    )
    closes_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the sale ends: an instant in UTC; null is without an end. Example: 2027-03-14T19:00:00Z",
    )
    price_categories = PriceCategoryRead(many=True, help_text="The price categories.")
    seats = SeatRead(many=True, help_text="All numbered seats.")
    areas = AreaRead(many=True, help_text="All general admission areas.")


class SaleRead(serializers.ModelSerializer[Sale]):
    """The sale of a performance, for the box office."""

    class Meta:
        model = Sale
        fields = (
            "id", "version", "performance", "chart", "currency", "tax_rate", "opens_at", "closes_at", "payment_minutes",
        )  # fmt: skip


class SeatingChartRead(serializers.ModelSerializer[SeatingChart]):
    """A seating chart of a space."""

    class Meta:
        model = SeatingChart
        fields = ("id", "version", "space", "name")


class ChartSeatRead(serializers.ModelSerializer[Seat]):
    """A numbered seat of a chart."""

    class Meta:
        model = Seat
        fields = ("id", "key", "zone", "row", "number", "label", "category", "x", "y")


class ChartAreaRead(serializers.ModelSerializer[Area]):
    """A general admission area of a chart."""

    class Meta:
        model = Area
        fields = ("id", "name", "category", "capacity")


class ChartCategoryRead(serializers.Serializer[Any]):
    """A category that gets a price when a performance goes on sale."""

    name = serializers.CharField(help_text="Name of the category. Example: Stalls")
    capacity = serializers.IntegerField(
        help_text="The number of its seats, plus the capacity of its areas. Example: 120"
    )


class SeatingChartDetail(SeatingChartRead):
    """A seating chart with its seats, areas and categories."""

    categories = serializers.SerializerMethodField(help_text="The categories to price, by name.")
    seats = serializers.SerializerMethodField(help_text="The numbered seats, in the order of their ids.")
    areas = serializers.SerializerMethodField(help_text="The general admission areas.")

    class Meta:
        model = SeatingChart
        fields = (*SeatingChartRead.Meta.fields, "categories", "seats", "areas")

    @extend_schema_field(ChartCategoryRead(many=True))
    def get_categories(self, chart: SeatingChart) -> list[dict[str, Any]]:
        capacities: Counter[str] = Counter(chart.seats.values_list("category", flat=True))
        for category, capacity in chart.areas.values_list("category", "capacity"):
            capacities[category] += capacity
        return [{"name": name, "capacity": capacity} for name, capacity in sorted(capacities.items())]

    @extend_schema_field(ChartSeatRead(many=True))
    def get_seats(self, chart: SeatingChart) -> list[dict[str, Any]]:
        return list(chart.seats.order_by("pk").values(*ChartSeatRead.Meta.fields))

    @extend_schema_field(ChartAreaRead(many=True))
    def get_areas(self, chart: SeatingChart) -> list[dict[str, Any]]:
        return list(chart.areas.order_by("pk").values(*ChartAreaRead.Meta.fields))


class LinePublic(serializers.ModelSerializer[OrderLine]):
    """A line of an order with its ticket, for the buyer."""

    price = AmountField(help_text="The price after the promotion, tax included. Example: 20.00")
    full_price = AmountField(help_text="The price before the promotion. Example: 25.00")
    tax = AmountField(help_text="The tax in the price. Example: 1.31")
    performance = serializers.IntegerField(
        source="ticket.performance_id", help_text="Id of the performance. Example: 120"
    )
    code = serializers.CharField(source="ticket.code")
    void = serializers.BooleanField(source="ticket.void")

    class Meta:
        model = OrderLine
        fields = (
            "description",
            "price_category",
            "full_price",
            "price",
            "tax_rate",
            "tax",
            "performance",
            "code",
            "void",
        )


class LineInternal(LinePublic):
    """A line of an order with its ticket, for staff."""

    code = serializers.CharField(
        source="ticket.code",
        allow_null=True,
        help_text="The ticket code; null without `view_buyers`. Example: 7KQ2MX4P9RTD8H3JW5ZB",
    )


class OrderPublic(serializers.ModelSerializer[Order]):
    """An order for its buyer. `id` is the order number, for questions to the box office."""

    total = AmountField(help_text="The sum of its lines, tax included. Example: 40.00")
    lines = LinePublic(many=True, help_text="Its lines, one for each ticket.")

    class Meta:
        model = Order
        fields = (
            "id",
            "reference",
            "state",
            "buyer_name",
            "total",
            "currency",
            "created_at",
            "pay_by",
            "paid_at",
            "canceled_at",
            "lines",
        )


class PaymentRead(serializers.ModelSerializer[Payment]):
    """A payment of an order."""

    amount = AmountField(help_text="The amount. Example: 40.00")

    class Meta:
        model = Payment
        fields = ("id", "provider", "method", "state", "amount", "currency", "received_at")


class OrderInternal(OrderPublic):
    """An order for staff. Without `view_buyers` on its section, the reference, the buyer and the ticket codes are null."""

    lines = LineInternal(many=True, help_text="Its lines, one for each ticket.")
    payments = PaymentRead(many=True, help_text="Its payments, oldest first.")
    reference = serializers.CharField(
        allow_null=True,
        help_text="The buyer's secret reference; null without `view_buyers`. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s",
    )
    buyer_name = serializers.CharField(
        allow_null=True, help_text="Name of the buyer; null without `view_buyers`. Example: Bea Buyer"
    )
    buyer_email = serializers.CharField(
        allow_null=True, help_text="E-mail address; null without `view_buyers`. Example: bea@home.example"
    )

    class Meta:
        model = Order
        fields = (
            *OrderPublic.Meta.fields, "version", "section", "buyer_email", "promotion", "needs_return", "payments",
        )  # fmt: skip

    def to_representation(self, instance: Order) -> dict[str, Any]:
        values = super().to_representation(instance)
        actor = self.context.get("actor")
        if actor is None or not actor.holds("view_buyers", instance, instant()):
            values |= {"reference": None, "buyer_name": None, "buyer_email": None}
            for line in values["lines"]:
                line["code"] = None
        return values


class PromotionRead(serializers.ModelSerializer[Promotion]):
    """A promotion, for staff."""

    amount = AmountField(allow_null=True, help_text="The amount off the order; null for a percentage. Example: 5.00")

    class Meta:
        model = Promotion
        fields = (
            "id", "version", "section", "name", "code", "kind", "percent", "amount", "currency", "starts_at", "ends_at",
            "uses_limit", "uses",
        )  # fmt: skip


class TicketKey(serializers.Serializer[Any]):
    """A public key of tickets."""

    id = serializers.CharField(help_text="The short name of the key. Example: 3f0c9a7be1d24c58")
    public_key = serializers.CharField(
        source="public",
        help_text="The Ed25519 public key in base64. Example: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    )


class TicketKeys(serializers.Serializer[Any]):
    """The public keys of tickets. New tickets are signed with the first one."""

    keys = TicketKey(many=True, help_text="The keys, newest first.")


class CheckInRead(serializers.ModelSerializer[CheckIn]):
    """A check-in, with the seat or area of the ticket."""

    description = serializers.CharField(
        source="ticket.line.description", help_text="The seat or area, in words. Example: Stalls, row 2, seat 4"
    )
    price_category = serializers.CharField(
        source="ticket.line.price_category", help_text="Its price category. Example: Stalls"
    )

    class Meta:
        model = CheckIn
        fields = ("id", "ticket", "checked_in_at", "description", "price_category")


class WaitingJoined(serializers.ModelSerializer[WaitingListEntry]):
    """The response to joining a waiting list. It does not reveal whether the address was already on the list."""

    class Meta:
        model = WaitingListEntry
        fields = ("performance",)


class WaitingByKey(serializers.ModelSerializer[WaitingListEntry]):
    """A waiting-list entry, for the person with the mailed link."""

    title = serializers.CharField(
        source="performance.shown_title", help_text="The title of the performance. Example: The Seagull"
    )
    starts_at = serializers.DateTimeField(
        source="performance.starts_at",
        allow_null=True,
        help_text="When the performance starts: an instant in UTC; null if it is unknown. Example: 2027-03-14T18:30:00Z",
    )
    state = serializers.SerializerMethodField(
        help_text="waiting: no seats are offered yet. offered: seats are held until `offered_until`. lapsed: the offer has"
        " ended. Example: waiting"
    )
    orders = serializers.SerializerMethodField(
        help_text="True if the key is the `hold` for `POST /api/v1/orders/`; false if it can only leave the list. "
        "Example: false"
    )

    class Meta:
        model = WaitingListEntry
        fields = ("performance", "title", "starts_at", "places", "state", "offered_until", "orders")

    def get_state(self, entry: WaitingListEntry) -> str:
        """The state: waiting, offered or lapsed."""
        if entry.offered_until is None:
            return "waiting"
        return "offered" if entry.offered_until > instant() else "lapsed"

    def get_orders(self, entry: WaitingListEntry) -> bool:
        return self.get_state(entry) == "offered" and entry.offer_holder == digest_of(self.context["key"])


class WaitingInternal(serializers.ModelSerializer[WaitingListEntry]):
    """A waiting-list entry, for the box office."""

    class Meta:
        model = WaitingListEntry
        fields = ("id", "performance", "name", "email", "places", "offered_until", "created_at")

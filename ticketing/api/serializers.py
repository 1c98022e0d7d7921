"""How the box office shows itself: to buyers, and to those who work there."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from theater_site.core.money import Money
from ticketing.models import Admission, Order, OrderLine, Payment, Promotion, Sale, SeatingChart, WaitingListEntry


@extend_schema_field({"type": "string", "format": "decimal", "description": "With the decimals of its currency."})
class AmountField(serializers.Field[Money, Any, str, Any]):
    """Money as its amount, exact; the currency stands beside it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})

    def to_representation(self, value: Money) -> str:
        return str(value.amount)


class PlaceRead(serializers.Serializer[Any]):
    """One place with its price."""

    seat = serializers.IntegerField(source="seat_id", allow_null=True)
    area = serializers.IntegerField(source="area_id", allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    band = serializers.CharField()
    price = AmountField()


class HoldRead(serializers.Serializer[Any]):
    """Places kept for whoever has the token; send it as `hold` with the order."""

    token = serializers.CharField()
    performance = serializers.IntegerField(source="performance_id")
    expires_at = serializers.DateTimeField()
    places = PlaceRead(many=True)
    total = AmountField(help_text="The full price, before discounts.")
    currency = serializers.CharField(source="total.currency")


class BandRead(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.CharField()


class SeatRead(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    zone = serializers.CharField()
    row = serializers.CharField()
    number = serializers.CharField()
    x = serializers.FloatField()
    y = serializers.FloatField()
    band = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(choices=["free", "held", "sold", "blocked"])


class AreaRead(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    capacity = serializers.IntegerField()
    band = serializers.IntegerField(allow_null=True)
    left = serializers.IntegerField()


class SeatListRead(serializers.Serializer[Any]):
    """What is free at a performance, and what it costs. Its ETag changes when anything here does."""

    performance = serializers.IntegerField()
    currency = serializers.CharField()
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    bands = BandRead(many=True)
    seats = SeatRead(many=True)
    areas = AreaRead(many=True)


class SaleRead(serializers.ModelSerializer[Sale]):
    """A performance on sale, for the box office."""

    class Meta:
        model = Sale
        fields = ("id", "version", "performance", "chart", "currency", "tax_rate", "opens_at", "closes_at")


class SeatingChartRead(serializers.ModelSerializer[SeatingChart]):
    class Meta:
        model = SeatingChart
        fields = ("id", "version", "space", "name")


class LinePublic(serializers.ModelSerializer[OrderLine]):
    """One ticket, as its buyer sees it."""

    price = AmountField()
    full_price = AmountField()
    tax = AmountField()
    performance = serializers.IntegerField(source="ticket.performance_id")
    code = serializers.CharField(source="ticket.code")
    void = serializers.BooleanField(source="ticket.void")

    class Meta:
        model = OrderLine
        fields = ("description", "band", "full_price", "price", "tax_rate", "tax", "performance", "code", "void")


class OrderPublic(serializers.ModelSerializer[Order]):
    """An order as whoever has its reference sees it."""

    total = AmountField()
    lines = LinePublic(many=True)

    class Meta:
        model = Order
        fields = (
            "reference",
            "state",
            "buyer_name",
            "total",
            "currency",
            "created_at",
            "paid_at",
            "canceled_at",
            "lines",
        )


class PaymentRead(serializers.ModelSerializer[Payment]):
    amount = AmountField()

    class Meta:
        model = Payment
        fields = ("id", "provider", "method", "state", "amount", "currency", "received_at")


class OrderInternal(OrderPublic):
    """An order for the box office."""

    payments = PaymentRead(many=True)

    class Meta:
        model = Order
        fields = (*OrderPublic.Meta.fields, "id", "version", "section", "buyer_email", "promotion", "payments")


class PromotionRead(serializers.ModelSerializer[Promotion]):
    """A promotion, for those who work with them."""

    amount = AmountField(
        allow_null=True, help_text="How much is taken off each ticket, if it is an amount. Example: 5.00"
    )

    class Meta:
        model = Promotion
        fields = (
            "id", "version", "section", "name", "code", "kind", "percent", "amount", "currency", "starts_at", "ends_at",
            "uses_limit", "uses",
        )  # fmt: skip


class AdmissionRead(serializers.ModelSerializer[Admission]):
    """Who was let in, on which place."""

    description = serializers.CharField(source="ticket.line.description")
    band = serializers.CharField(source="ticket.line.band")

    class Meta:
        model = Admission
        fields = ("id", "ticket", "admitted_at", "description", "band")


class WaitingJoined(serializers.ModelSerializer[WaitingListEntry]):
    """That somebody waits; the same for a newcomer and for whoever was on the list."""

    class Meta:
        model = WaitingListEntry
        fields = ("performance",)


class WaitingInternal(serializers.ModelSerializer[WaitingListEntry]):
    """Somebody on the waiting list, for the box office."""

    class Meta:
        model = WaitingListEntry
        fields = ("id", "performance", "name", "email", "places", "created_at")

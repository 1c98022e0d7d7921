"""What was bought, by whom, for how much: orders, their lines, tickets and payments."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import EmailValidator, MaxLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from scheduling.models import Occurrence
from theater_site.core.encryption import BlindIndexField, EncryptedTextField
from theater_site.core.models import ContentModel
from theater_site.core.money import CURRENCY_CHOICES, MoneyPair
from ticketing.models.charts import Area, Seat
from ticketing.models.promotions import Promotion


class OrderState(models.TextChoices):
    PENDING = "pending", "waiting for payment"
    PAID = "paid", "paid"
    CANCELED = "canceled", "canceled"


class Order(ContentModel):
    """One purchase. `reference` is a secret between the theater and the buyer: whoever has it may read the
    order."""

    view_right: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"reference", "buyer_name", "buyer_email", "email_index"})
    chance: ClassVar[frozenset[str]] = frozenset({"reference"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=40, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.PENDING)
    buyer_name = EncryptedTextField(validators=[MaxLengthValidator(200)])
    buyer_email = EncryptedTextField(validators=[EmailValidator(), MaxLengthValidator(254)])
    email_index = BlindIndexField("buyer_email", db_index=True)
    promotion = models.ForeignKey(Promotion, null=True, on_delete=models.PROTECT, related_name="orders")
    total_minor = models.BigIntegerField(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    total = MoneyPair("total_minor", "currency")
    paid_at = models.DateTimeField(null=True, editable=False)
    canceled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(ContentModel):
    """One thing sold, as it was sold: later changes of prices, taxes or names do not reach it.

    `full_minor` is the band's price, `price_minor` what is paid after the discount, tax included; `tax_minor`
    is the part of it that is tax at `tax_rate` percent.
    """

    section_lookup: ClassVar[str] = "order__section_id"
    view_right: ClassVar[str] = "view_tickets"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    description = models.CharField(max_length=400)
    band = models.CharField(max_length=100)
    full_minor = models.BigIntegerField()
    price_minor = models.BigIntegerField()
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2)
    tax_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    full_price = MoneyPair("full_minor", "currency")
    price = MoneyPair("price_minor", "currency")
    tax = MoneyPair("tax_minor", "currency")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="line_price_within_full",
                condition=Q(
                    tax_minor__gte=0, tax_minor__lte=models.F("price_minor"), price_minor__lte=models.F("full_minor")
                ),
                violation_error_message="The tax is part of the price, and the price is at most the full one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.description}: {self.price}"


class Ticket(ContentModel):
    """The right to one place at one performance. Whoever shows `code` first is let in."""

    section_lookup: ClassVar[str] = "line__order__section_id"
    view_right: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"code"})
    chance: ClassVar[frozenset[str]] = frozenset({"code"})

    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="ticket")
    performance = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="tickets")
    seat = models.ForeignKey(Seat, null=True, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=24, unique=True, editable=False)
    void = models.BooleanField(default=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="ticket_for_seat_or_area",
                condition=Q(seat__isnull=True) ^ Q(area__isnull=True),
                violation_error_message="A ticket is for a seat or for an area.",
            )
        ]

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class PaymentState(models.TextChoices):
    AWAITED = "awaited", "awaited"
    RECEIVED = "received", "received"
    REFUNDED = "refunded", "refunded"
    DROPPED = "dropped", "no longer awaited"


class Payment(ContentModel):
    """Money for an order, through one provider (see services/payments.py)."""

    section_lookup: ClassVar[str] = "order__section_id"
    view_right: ClassVar[str] = "view_tickets"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=30)
    # How it came ("cash", "card"), and what the provider calls it.
    method = models.CharField(max_length=30, blank=True, default="")
    provider_key = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=PaymentState.choices, default=PaymentState.AWAITED)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    amount = MoneyPair("amount_minor", "currency")
    received_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.provider} {self.amount} {self.state}"

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
    """Whether an order waits for its payment, is paid, or is canceled."""

    PENDING = "pending", "waiting for payment"
    PAID = "paid", "paid"
    CANCELED = "canceled", "canceled"
    EXPIRED = "expired", "not paid in time"


class Order(ContentModel):
    """One purchase. Anybody who has its secret `reference` may read it.

    `source` is the blind index of the network address that placed an order without a price, where a limit applies.
    """

    view_permission: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"reference", "buyer_name", "buyer_email", "email_index", "source"})
    # The deadline counts from the instant of the order.
    chance: ClassVar[frozenset[str]] = frozenset({"reference", "pay_by"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(
        max_length=40,
        unique=True,
        editable=False,
        help_text="The secret reference of the order: anybody who has it sees the order. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s",
    )
    state = models.CharField(
        max_length=10,
        choices=OrderState.choices,
        default=OrderState.PENDING,
        help_text="Whether it is paid, waits for its payment, expired unpaid, or is canceled. Example: paid",
    )
    buyer_name = EncryptedTextField(
        one_line=True,
        validators=[MaxLengthValidator(200)],
        help_text="Who bought, as tickets name them. Example: Bea Buyer",
    )
    buyer_email = EncryptedTextField(
        one_line=True,
        validators=[EmailValidator(), MaxLengthValidator(254)],
        help_text="Where the tickets are sent. Example: bea@home.example",
    )
    email_index = BlindIndexField("buyer_email", db_index=True)
    source = models.CharField(max_length=64, blank=True, default="", editable=False)
    promotion = models.ForeignKey(
        Promotion,
        null=True,
        on_delete=models.PROTECT,
        related_name="orders",
        help_text="Id of the promotion that lowered its prices; null where none did. Example: 3",
    )
    total_minor = models.BigIntegerField(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    total = MoneyPair("total_minor", "currency")
    pay_by = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Until when the seats of an unpaid order are kept: an instant in UTC. From then on others can buy them."
        " Null where nothing is to be paid. Example: 2027-02-02T10:00:00Z",
    )
    needs_return = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether the money has to be returned, since the performance was canceled. Example: false",
    )
    paid_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When it was paid: an instant in UTC; null until then. Example: 2027-02-01T10:00:00Z",
    )
    canceled_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When it was canceled or expired: an instant in UTC, else null. Example: 2027-02-02T10:00:00Z",
    )

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["pay_by"], condition=Q(state=OrderState.PENDING), name="order_unpaid_by_deadline"),
            models.Index(fields=["id"], condition=Q(needs_return=True), name="order_needs_return"),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"


class BuyerName(models.Model):
    """One word of a buyer's name as a blind index, by which the box office finds orders. The name itself is encrypted."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="name_words")
    word = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "order"], name="buyer_name_word_once")]

    def __str__(self) -> str:
        return f"order {self.order_id}"


class OrderLine(ContentModel):
    """One thing sold, as it was sold: later changes of prices, taxes or names do not reach it.

    `full_minor` is the price category's price, `price_minor` what is paid after the discount, tax included; `tax_minor`
    is the part of it that is tax at `tax_rate` percent.
    """

    section_lookup: ClassVar[str] = "order__section_id"
    view_permission: ClassVar[str] = "view_tickets"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    description = models.CharField(
        max_length=400, help_text="The seat or area, in words. Example: Stalls, row 2, seat 4"
    )
    price_category = models.CharField(
        max_length=100, help_text="The price category that it was bought in. Example: Stalls"
    )
    full_minor = models.BigIntegerField()
    price_minor = models.BigIntegerField()
    tax_rate = models.DecimalField(
        max_digits=5, decimal_places=2, help_text="The tax in the price, in percent. Example: 7.00"
    )
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
    """The right to one place at one performance. Anybody who shows `code` first is let in."""

    section_lookup: ClassVar[str] = "line__order__section_id"
    view_permission: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"code"})
    chance: ClassVar[frozenset[str]] = frozenset({"code"})

    line = models.OneToOneField(OrderLine, on_delete=models.PROTECT, related_name="ticket")
    performance = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="tickets")
    seat = models.ForeignKey(Seat, null=True, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(
        max_length=24,
        unique=True,
        editable=False,
        help_text="The code to check in with, as the ticket shows it. Example: 7KQ2MX4P9RTD8H3JW5ZB",
    )
    void = models.BooleanField(
        default=False, help_text="True where the ticket checks in nobody, since its order was canceled. Example: false"
    )

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
    """Whether a payment is awaited, received, or given back."""

    AWAITED = "awaited", "awaited"
    RECEIVED = "received", "received"
    REFUNDED = "refunded", "refunded"
    DROPPED = "dropped", "no longer awaited"


class Payment(ContentModel):
    """Money for an order, through one provider (see services/payments.py)."""

    section_lookup: ClassVar[str] = "order__section_id"
    view_permission: ClassVar[str] = "view_tickets"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(
        max_length=30, help_text="Who handles the payment; `manual` is the box office itself. Example: manual"
    )
    # How it came ("cash", "card"), and what the provider calls it.
    method = models.CharField(
        max_length=30, blank=True, default="", help_text="By what it was paid; empty until then. Example: cash"
    )
    provider_key = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(
        max_length=10,
        choices=PaymentState.choices,
        default=PaymentState.AWAITED,
        help_text="Whether it is awaited, received or given back. Example: received",
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    amount = MoneyPair("amount_minor", "currency")
    received_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the money came: an instant in UTC; null until then. Example: 2027-02-01T10:00:00Z",
    )

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.provider} {self.amount} {self.state}"

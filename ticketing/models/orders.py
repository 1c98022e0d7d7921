"""Orders with their lines, tickets and payments."""

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
    """The state of an order."""

    PENDING = "pending", "waiting for payment"
    PAID = "paid", "paid"
    CANCELED = "canceled", "canceled"
    EXPIRED = "expired", "not paid in time"


class Order(ContentModel):
    """A purchase. Anybody who has its secret `reference` can read it.

    `source` is the blind index of the network address that placed an order without a price, where a limit applies.
    """

    view_permission: ClassVar[str] = "view_tickets"
    personal: ClassVar[frozenset[str]] = frozenset({"reference", "buyer_name", "buyer_email", "email_index", "source"})
    # `pay_by` differs between two runs of the same action, since it depends on the instant.
    chance: ClassVar[frozenset[str]] = frozenset({"reference", "pay_by"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(
        max_length=40,
        unique=True,
        editable=False,
        help_text="The secret reference, with which anybody can read the order. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s",
    )
    state = models.CharField(
        max_length=10,
        choices=OrderState.choices,
        default=OrderState.PENDING,
        help_text="Whether it waits for payment, is paid, was canceled, or expired unpaid. Example: paid",
    )
    buyer_name = EncryptedTextField(
        one_line=True,
        validators=[MaxLengthValidator(200)],
        help_text="The name of the buyer. Example: Bea Buyer",
    )
    buyer_email = EncryptedTextField(
        one_line=True,
        validators=[EmailValidator(), MaxLengthValidator(254)],
        help_text="The e-mail address to which the tickets are sent. Example: bea@home.example",
    )
    email_index = BlindIndexField("buyer_email", db_index=True)
    source = models.CharField(max_length=64, blank=True, default="", editable=False)
    promotion = models.ForeignKey(
        Promotion,
        null=True,
        on_delete=models.PROTECT,
        related_name="orders",
        help_text="Id of the promotion that it used; null without one. Example: 3",
    )
    total_minor = models.BigIntegerField(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    total = MoneyPair("total_minor", "currency")
    pay_by = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Until when the seats of an unpaid order are kept: an instant in UTC. After that, others can buy them."
        " Null if nothing is to be paid. Example: 2027-02-02T10:00:00Z",
    )
    needs_return = models.BooleanField(
        default=False,
        editable=False,
        help_text="Whether the money must be returned because the performance was canceled. Example: false",
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
    """The blind index of a word in a buyer's name, by which the box office finds orders. The name itself is encrypted."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="name_words")
    word = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "order"], name="buyer_name_word_once")]

    def __str__(self) -> str:
        return f"order {self.order_id}"


class OrderLine(ContentModel):
    """One position of an order, as it was sold. Later changes of prices, taxes or names do not change it.

    `full_minor` is the price of the price category, `price_minor` the price after the discount, both with tax. `tax_minor`
    is the tax in `price_minor`, at `tax_rate` percent.
    """

    section_lookup: ClassVar[str] = "order__section_id"
    view_permission: ClassVar[str] = "view_tickets"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    description = models.CharField(
        max_length=400, help_text="The seat or area, in words. Example: Stalls, row 2, seat 4"
    )
    price_category = models.CharField(max_length=100, help_text="The name of its price category. Example: Stalls")
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
                violation_error_message="The tax cannot exceed the price, nor the price the full price.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.description}: {self.price}"


class Ticket(ContentModel):
    """A ticket for one seat, or for an area, at one performance. Its `code` can be checked in once."""

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
        help_text="The code for check-in, as the ticket shows it. Example: 7KQ2MX4P9RTD8H3JW5ZB",
    )
    void = models.BooleanField(
        default=False,
        help_text="True if the ticket is not valid because its order was canceled or expired. Example: false",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="ticket_for_seat_or_area",
                condition=Q(seat__isnull=True) ^ Q(area__isnull=True),
                violation_error_message="A ticket needs either a seat or an area.",
            )
        ]

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class PaymentState(models.TextChoices):
    """The state of a payment."""

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
        max_length=30, help_text="The payment provider; `manual` is the box office itself. Example: manual"
    )
    method = models.CharField(
        max_length=30, blank=True, default="", help_text="How it was paid; empty until then. Example: cash"
    )
    # The provider's id of the payment.
    provider_key = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(
        max_length=10,
        choices=PaymentState.choices,
        default=PaymentState.AWAITED,
        help_text="Whether it is awaited, received, refunded, or no longer awaited. Example: received",
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    amount = MoneyPair("amount_minor", "currency")
    received_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When it was received: an instant in UTC; null until then. Example: 2027-02-01T10:00:00Z",
    )

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.provider} {self.amount} {self.state}"

"""Performances on sale, and their prices."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from scheduling.models import Occurrence
from theater_site.core.models import ContentModel
from theater_site.core.money import CURRENCY_CHOICES, MoneyPair
from ticketing.models.charts import SeatingChart


class Sale(ContentModel):
    """The sale of a performance, from `opens_at` (None: at once) to `closes_at` (None: no end).

    Prices include tax; `tax_rate` is in percent. The chart and the prices are cached by `terms_key`: an action that changes them
    sets a new one.
    """

    section_lookup: ClassVar[str] = "performance__section_id"
    view_permission: ClassVar[str] = "view_tickets"
    chance: ClassVar[frozenset[str]] = frozenset({"terms_key"})

    performance = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="sale")
    chart = models.ForeignKey(SeatingChart, on_delete=models.PROTECT, related_name="sales")
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    tax_rate = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="The tax in the prices, in percent. Example: 7.00",
    )
    opens_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the sale starts: an instant in UTC; null is at once. Example: 2027-01-15T09:00:00Z",
    )
    closes_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the sale ends: an instant in UTC; null is without an end. Example: 2027-03-14T19:00:00Z",
    )
    payment_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(525_600)],
        help_text="Minutes until an unpaid order expires; null is the setting PAYMENT_MINUTES. Example: 1440",
    )

    terms_key = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="sale_closes_after_opening",
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gte=models.F("opens_at")),
                violation_error_message="The sale cannot close before it opens.",
                violation_error_code="ends_before_start",
            ),
        ]

    def __str__(self) -> str:
        return f"sale of {self.performance_id}"


class PriceCategory(ContentModel):
    """The price of the seats and areas of one category at a performance. A category without a price is not sold."""

    section_lookup: ClassVar[str] = "sale__performance__section_id"
    view_permission: ClassVar[str] = "view_tickets"

    sale = models.ForeignKey(Sale, on_delete=models.CASCADE, related_name="price_categories", db_index=False)
    category = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    price_minor = models.BigIntegerField(validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    price = MoneyPair("price_minor", "currency")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["sale", "category"],
                name="price_category_once_a_category",
                violation_error_message="A category can have only one price. Remove one of the two.",
                violation_error_code="category_repeated",
            ),
            models.CheckConstraint(
                name="price_category_price_not_negative",
                condition=Q(price_minor__gte=0),
                violation_error_message="A price cannot be negative. Enter 0 or more.",
                violation_error_code="negative_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.price}"

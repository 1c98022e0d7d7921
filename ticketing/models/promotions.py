"""Promotions: discounts with a code, or for every order."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from theater_site.core.models import ContentModel
from theater_site.core.money import CURRENCY_CHOICES, MoneyPair


class DiscountKind(models.TextChoices):
    """The kind of a discount: a percentage or an amount."""

    PERCENT = "percent", "percent of each price"
    AMOUNT = "amount", "an amount off the order"


class Promotion(ContentModel):
    """A discount on performances of `section` and below, from `starts_at` (included) to `ends_at` (excluded).

    With a `code` (in capitals) it is for orders with the code, without one for every order. `uses` is counted only with a
    `uses_limit`, since orders would wait for each other's update of the counter.
    """

    view_permission: ClassVar[str] = "view_promotions"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="promotions")
    name = models.CharField(max_length=200, help_text="The name that buyers see. Example: Students")
    code = models.CharField(
        max_length=40,
        null=True,
        blank=True,
        unique=True,
        help_text="The code that buyers enter, in any letter case; null if it needs no code. Example: SPRING27",
    )
    kind = models.CharField(
        max_length=10,
        choices=DiscountKind.choices,
        help_text="Whether the discount is a percentage or an amount. Example: percent",
    )
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="The percentage off each ticket, from 0 to 100; null if it is an amount. Example: 20.00",
    )
    amount_minor = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES, blank=True, default="")
    amount = MoneyPair("amount_minor", "currency")
    starts_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it becomes valid: an instant in UTC; null is at once. Example: 2027-01-01T00:00:00Z",
    )
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it ends: an instant in UTC; null is without an end. Example: 2027-03-01T00:00:00Z",
    )
    uses_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The number of orders that can use it; null is without a limit. Example: 100",
    )
    uses = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="The number of orders that used it, counted if there is a limit. Example: 17",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="promotion_within_limit",
                condition=Q(uses_limit=None) | Q(uses__lte=F("uses_limit")),
                violation_error_message="This promotion is used up.",
                violation_error_code="promotion_used_up",
            ),
            models.CheckConstraint(
                name="promotion_one_discount",
                condition=(
                    Q(kind=DiscountKind.PERCENT, percent__isnull=False, amount_minor=None)
                    | Q(kind=DiscountKind.AMOUNT, percent=None, amount_minor__isnull=False) & ~Q(currency="")
                ),
                violation_error_message="Give either a percentage or an amount with its currency.",
                violation_error_code="one_discount",
            ),
            models.CheckConstraint(
                name="promotion_ends_after_start",
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                violation_error_message="The end must be after the start.",
                violation_error_code="ends_before_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

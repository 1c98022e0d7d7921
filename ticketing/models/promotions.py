"""Discounts: by a code, or for everybody."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from theater_site.core.models import ContentModel
from theater_site.core.money import CURRENCY_CHOICES, MoneyPair


class DiscountKind(models.TextChoices):
    """What a promotion takes off: a percentage or an amount."""

    PERCENT = "percent", "percent of each price"
    AMOUNT = "amount", "an amount off the order"


class Promotion(ContentModel):
    """A discount on performances of `section` and below, from `starts_at` (included) to `ends_at` (excluded).

    With a `code` (kept in capitals) for everybody who gives it, without one for everybody. `uses` is counted only
    where `uses_limit` says how many orders may have it, since a counter makes orders wait for each other.
    """

    view_permission: ClassVar[str] = "view_promotions"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="promotions")
    name = models.CharField(max_length=200, help_text="What buyers are told about it. Example: Students")
    code = models.CharField(
        max_length=40,
        null=True,
        blank=True,
        unique=True,
        help_text="What buyers type for it, whatever its case; null where it needs no code. Example: SPRING27",
    )
    kind = models.CharField(
        max_length=10,
        choices=DiscountKind.choices,
        help_text="Whether it takes off a percentage or an amount. Example: percent",
    )
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="Percent off each ticket, above 0 and at most 100; null where it is an amount. Example: 20.00",
    )
    amount_minor = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES, blank=True, default="")
    amount = MoneyPair("amount_minor", "currency")
    starts_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From when it can be used: an instant in UTC; null is at once. Example: 2027-01-01T00:00:00Z",
    )
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until when it can be used: an instant in UTC; null is without an end. Example: 2027-03-01T00:00:00Z",
    )
    uses_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many orders can use it; null sets no limit. Example: 100",
    )
    uses = models.PositiveIntegerField(
        default=0, editable=False, help_text="How many orders used it, counted where there is a limit. Example: 17"
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
                violation_error_message="A promotion has a percentage, or an amount with its currency.",
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

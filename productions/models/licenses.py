"""The right to play a work."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from productions.models.fields import PartialDateField
from productions.models.productions import Production
from theater_site.core.models import ContentModel


class License(ContentModel):
    """What a license house allows a production: when, where, how often, and what must be printed. Never public.

    What is empty sets no limit: no venues means anywhere. A production with two licenses (the play, the music) keeps both.
    """

    section_lookup: ClassVar[str] = "production__section_id"

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="licenses", db_index=False)
    house = models.CharField(max_length=200)
    number = models.CharField(max_length=100, blank=True, default="")
    starts_on = PartialDateField()
    ends_on = PartialDateField()
    # By name, since venues belong to an app above.
    venues = models.JSONField(blank=True, default=list)
    max_performances = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    billing = models.TextField(blank=True, default="", max_length=2_000)
    recording_allowed = models.BooleanField(default=False)
    streaming_allowed = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="", max_length=5_000)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["production", "house", "number"],
                name="license_once_a_production",
                violation_error_message="This production has a license of this house and number already. Change that one.",
                violation_error_code="license_repeated",
            ),
            models.CheckConstraint(
                name="license_allows_a_performance",
                condition=Q(max_performances=None) | Q(max_performances__gte=1),
                violation_error_message="A license allows one performance at least.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.house} {self.number}".strip()

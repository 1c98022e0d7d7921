"""Licenses to perform a work."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from productions.models.fields import PartialDateField
from productions.models.productions import Production
from theater_site.core.fields import MarkdownField
from theater_site.core.models import ContentModel


class License(ContentModel):
    """A license of a production: when, where, how often, and which billing is required. Never public.

    Empty fields set no limit: no venues means anywhere. A production with two licenses (play, music) must keep both.
    """

    section_lookup: ClassVar[str] = "production__section_id"

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="licenses", db_index=False)
    house = models.CharField(max_length=200, help_text="Who gave the license. Example: Concord Theatricals")
    number = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="The number that the license house gave it; empty where it has none. Example: 2027-10432",
    )
    starts_on = PartialDateField(
        help_text="The first day on which it may be played, partial dates too; empty sets no limit. Example: 2027-03-01"
    )
    ends_on = PartialDateField(
        help_text="The last day on which it may be played, partial dates too; empty sets no limit. Example: 2027-06"
    )
    # By name, since venues are models of an app above.
    venues = models.JSONField(
        blank=True,
        default=list,
        help_text="The names of the venues where it may be played; an empty list allows all. Example: "
        '["Lantern Theater"]',
    )
    max_performances = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many performances are licensed; null sets no limit. Example: 12",
    )
    billing = MarkdownField(
        blank=True,
        default="",
        max_length=2_000,
        help_text="How the license house wants the authors and itself to be named, to the letter; Markdown. "
        "Example: Presented by arrangement with Concord Theatricals",
    )
    recording_allowed = models.BooleanField(default=False, help_text="Whether performances may be recorded.")
    streaming_allowed = models.BooleanField(default=False, help_text="Whether performances may be streamed.")
    note = MarkdownField(
        blank=True,
        default="",
        max_length=5_000,
        help_text="What else was agreed, for those who work on the production.",
    )

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

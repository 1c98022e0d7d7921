"""What a theater sets as the defaults of its kinds of events."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from scheduling.models.occurrences import LONGEST_BUFFER, Category, Visibility
from scheduling.models.venues import EVERYTHING
from scheduling.rules.spans import LONGEST_MINUTES
from theater_site.core.models import ContentModel


class CategoryDefaults(ContentModel):
    """The defaults of events of one category, instead of those in `rules/category_defaults.py`."""

    view_permission: ClassVar[str] = "view_schedule"
    public_when: ClassVar[Q | None] = EVERYTHING

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(
        max_length=20, choices=Category.choices, unique=True, help_text="The category. Example: rehearsal"
    )
    duration_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)],
        help_text="Minutes of an event for which nothing else is given; null is none. Example: 180",
    )
    setup_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
        help_text="Minutes before the start for which the space is booked too. Example: 30",
    )
    strike_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
        help_text="Minutes after the end for which the space is booked too. Example: 15",
    )
    visibility = models.CharField(
        max_length=10,
        choices=Visibility.choices,
        default=Visibility.INTERNAL,
        help_text="Whether such an event can be published, if nothing else is given. Example: internal",
    )
    color = models.CharField(
        max_length=7,
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z", "Write a color as #1d4ed8.", code="bad_color")],
        help_text="The color on calendars. Example: #1d4ed8",
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "category defaults"

    def __str__(self) -> str:
        return self.category

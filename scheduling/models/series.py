"""Events that repeat."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import Section
from productions.models import Production
from scheduling.models.fields import RuleField, ZoneField
from scheduling.models.occurrences import Category
from scheduling.models.venues import Space
from scheduling.rules.spans import LONGEST_MINUTES
from theater_site.core.models import ContentModel


class EventSeries(ContentModel):
    """The plan behind a repeated event: a rule in wall time, with dates skipped and added ("2026-12-24", wall times as
    "2026-12-23T19:00"). What takes place is its occurrences: each is a row that goes its own way once it is made.
    """

    view_right: ClassVar[str] = "view_schedule"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="event_series"
    )
    space = models.ForeignKey(Space, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=300, blank=True, default="")
    category = models.CharField(max_length=20, choices=Category.choices, default=Category.REHEARSAL)
    rrule: Any = RuleField()
    first_date = models.DateField()
    start_time = models.TimeField()
    duration_minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)]
    )
    timezone = ZoneField(blank=False)
    skipped = models.JSONField(blank=True, default=list)
    added = models.JSONField(blank=True, default=list)
    internal = models.BooleanField(default=True)
    canceled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        verbose_name = "series"

    def __str__(self) -> str:
        return self.title

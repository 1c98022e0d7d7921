"""A run: a production at a venue for a span, where no single performance is known."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from productions.models import PartialDateField, Production
from scheduling.models.venues import Venue
from theater_site.core.models import ContentModel


class RunKind(models.TextChoices):
    HOME = "home", "at home"
    TOUR = "tour", "on tour"


class Run(ContentModel):
    """What archives know of older shows: played here, from then to then. Public with its production."""

    section_lookup: ClassVar[str] = "production__section_id"
    view_right: ClassVar[str] = "view_schedule"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="runs")
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=4, choices=RunKind.choices, blank=True, default="")
    starts_on = PartialDateField()
    ends_on = PartialDateField()
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.production_id} at {self.venue_id} from {self.starts_on}"

"""Runs: a production at a venue for a span."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from productions.models import PartialDateField, Production
from scheduling.models.venues import Venue
from theater_site.core.models import ContentModel


class RunKind(models.TextChoices):
    """Where a run plays."""

    HOME = "home", "at home"
    TOUR = "tour", "on tour"


class Run(ContentModel):
    """A production at a venue, from when to when: at home, or as one leg of a tour. Public with its production.

    For older productions, an archive often knows only the run; for later ones it groups performances under a name.
    """

    section_lookup: ClassVar[str] = "production__section_id"
    view_permission: ClassVar[str] = "view_schedule"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="runs")
    venue = models.ForeignKey(
        Venue,
        null=True,
        on_delete=models.PROTECT,
        related_name="runs",
        help_text="Id of the venue; null where an archive does not know it. Example: 3",
    )
    kind = models.CharField(
        max_length=4,
        choices=RunKind.choices,
        blank=True,
        default="",
        help_text="Whether it plays at home, on tour or as a guest; empty where nothing is said. Example: tour",
    )
    # The name of this leg, and its company if that is not the company of the production.
    label = models.CharField(
        max_length=120, blank=True, default="", help_text="What the run is called. Example: Spring tour"
    )
    company = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Who plays it there, where it is not the company of the production. Example: The Traveling Players",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Its place among the legs of a tour, the lowest first. Example: 1"
    )
    starts_on = PartialDateField(
        help_text="The first day there, partial dates too; empty where it is not known. Example: 2027-05-02"
    )
    ends_on = PartialDateField(
        help_text="The last day there, partial dates too; empty where it is not known. Example: 2027-05-09"
    )
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        where = self.venue_id if self.venue_id is not None else "an unknown venue"
        return f"{self.production_id} at {where} from {self.starts_on}"

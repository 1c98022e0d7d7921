"""A show: what is played, in which season, and whether the public knows of it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from productions.models.seasons import Season
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class ProductionStatus(models.TextChoices):
    """The life of a production, from a thought to the archive."""

    IDEA = "idea", "idea"
    PLANNED = "planned", "planned"
    ANNOUNCED = "announced", "announced"
    ON_SALE = "on_sale", "on sale"
    RUNNING = "running", "running"
    CLOSED = "closed", "closed"
    ARCHIVED = "archived", "archived"
    CANCELED = "canceled", "canceled"


class Production(ContentModel):
    """A play, musical or program as this theater puts it on. Published ones are for everybody to see."""

    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="productions")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=500)
    subtitle = models.CharField(max_length=300, blank=True, default="")
    title_folded = FoldedField(sources=("title", "subtitle"))
    slug = models.SlugField(max_length=120, unique=True)
    status = models.CharField(max_length=12, choices=ProductionStatus.choices, default=ProductionStatus.PLANNED)
    authors = models.JSONField(blank=True, default=list)
    company = models.CharField(max_length=300, blank=True, default="")
    strands = models.JSONField(blank=True, default=list)
    genre = models.CharField(max_length=60, blank=True, default="")
    language = models.CharField(max_length=35, blank=True, default="")
    age_guidance = models.CharField(max_length=60, blank=True, default="")
    content_advisories = models.TextField(blank=True, default="", max_length=2_000)
    running_minutes = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(24 * 60)])
    intermissions = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(9)])
    short_synopsis = models.CharField(max_length=500, blank=True, default="")
    synopsis = models.TextField(blank=True, default="", max_length=20_000)
    opens_on = PartialDateField()
    closes_on = PartialDateField()
    published_at = models.DateTimeField(null=True, editable=False)
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["-opens_on", "-id"], name="production_by_opening"),
            models.Index(fields=["title", "id"], name="production_by_title"),
        ]

    def __str__(self) -> str:
        return self.title

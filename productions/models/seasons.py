"""A year of work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from theater_site.core.models import ContentModel


class Season(ContentModel):
    """What a theater plays between one summer and the next. Its section holds those of its productions."""

    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=100, unique=True)
    starts_on = PartialDateField()
    ends_on = PartialDateField()
    summary = models.TextField(blank=True, default="", max_length=5_000)
    published_at = models.DateTimeField(null=True, editable=False)
    # Where an imported row came from: "<archive>:<its id there>". Null, not "", since only what was imported is unique.
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["-starts_on", "-id"], name="season_by_start")]

    def __str__(self) -> str:
        return self.name

"""Seasons."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from theater_site.core.fields import MarkdownField
from theater_site.core.models import ContentModel


class Season(ContentModel):
    """A theater's work between one summer and the next. Its section is the parent of its productions' sections."""

    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, help_text="What the season is called. Example: Season 2026/27")
    slug = models.SlugField(
        max_length=100,
        unique=True,
        help_text="Its part of the website's address: small letters, digits, hyphens; made of the name. Example: 2026-27",
    )
    starts_on = PartialDateField(
        help_text="Its first day, partial dates too; empty where it is not known. Example: 2026-09"
    )
    ends_on = PartialDateField(
        help_text="Its last day, partial dates too; empty where it is not known. Example: 2027-06-30"
    )
    summary = MarkdownField(
        blank=True, default="", max_length=5_000, help_text="What the website says about the season; Markdown."
    )
    published_at = models.DateTimeField(null=True, editable=False)
    # Where an imported row came from: "<archive>:<its id there>". Null, not "", since only what was imported is unique.
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["-starts_on", "-id"], name="season_by_start")]

    def __str__(self) -> str:
        return self.name

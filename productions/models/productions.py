"""A show: what is played, in which season, and whether the public knows of it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from productions.models.seasons import Season
from productions.rules.life import CANCELED, STEPS
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class ProductionStatus(models.TextChoices):
    """The life of a production, from a thought to the archive; what follows what is told by rules/life.py."""

    IDEA = "idea", "idea"
    PLANNED = "planned", "planned"
    ANNOUNCED = "announced", "announced"
    ON_SALE = "on_sale", "on sale"
    RUNNING = "running", "running"
    CLOSED = "closed", "closed"
    ARCHIVED = "archived", "archived"
    CANCELED = "canceled", "canceled"


assert (*STEPS, CANCELED) == tuple(ProductionStatus.values)


class PremiereKind(models.TextChoices):
    """Where the work had not been seen before."""

    WORLD = "world", "world premiere"
    NATIONAL = "national", "national premiere"
    REGIONAL = "regional", "regional premiere"
    LOCAL = "local", "local premiere"
    REVIVAL = "revival", "revival"


class AccessibilityService(models.TextChoices):
    """What some or all performances offer to those who see, hear or move otherwise."""

    AUDIO_DESCRIPTION = "audio_description", "audio description"
    TOUCH_TOUR = "touch_tour", "touch tour"
    SIGN_LANGUAGE = "sign_language", "sign-language interpretation"
    OPEN_CAPTIONING = "open_captioning", "open captioning"
    CLOSED_CAPTIONING = "closed_captioning", "closed captioning"
    ASSISTIVE_LISTENING = "assistive_listening", "assistive listening"
    RELAXED = "relaxed", "relaxed performance"
    WHEELCHAIR = "wheelchair", "wheelchair places"
    LARGE_PRINT = "large_print", "large-print program"
    SURTITLES = "surtitles", "surtitles"


class Production(ContentModel):
    """A play, musical or program as this theater puts it on. Published ones are for everybody to see.

    The shape of the entries of `partners`, `links`, `quotes` and `awards` is that of rules/entries.py.
    """

    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="productions")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=500)
    subtitle = models.CharField(max_length=300, blank=True, default="")
    title_folded = FoldedField(sources=("title", "subtitle"))
    # Made of the title where it is not given.
    slug = models.SlugField(max_length=120, unique=True, blank=True)
    status = models.CharField(max_length=12, choices=ProductionStatus.choices, default=ProductionStatus.PLANNED)
    cancel_reason = models.CharField(max_length=1_000, blank=True, default="", editable=False)
    authors = models.JSONField(blank=True, default=list)
    adaptors = models.JSONField(blank=True, default=list)
    translators = models.JSONField(blank=True, default=list)
    composers = models.JSONField(blank=True, default=list)
    lyricists = models.JSONField(blank=True, default=list)
    choreographers = models.JSONField(blank=True, default=list)
    # How the license house wants the authors and itself to be named; shown with the production.
    billing = models.TextField(blank=True, default="", max_length=2_000)
    company = models.CharField(max_length=300, blank=True, default="")
    partners = models.JSONField(blank=True, default=list)
    strands = models.JSONField(blank=True, default=list)
    genre = models.CharField(max_length=60, blank=True, default="")
    language = models.CharField(max_length=35, blank=True, default="")
    premiere = models.CharField(max_length=10, choices=PremiereKind.choices, blank=True, default="")
    age_guidance = models.CharField(max_length=60, blank=True, default="")
    content_advisories = models.TextField(blank=True, default="", max_length=2_000)
    accessibility = models.JSONField(blank=True, default=list)
    running_minutes = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(24 * 60)])
    intermissions = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(9)])
    short_synopsis = models.CharField(max_length=500, blank=True, default="")
    synopsis = models.TextField(blank=True, default="", max_length=20_000)
    quotes = models.JSONField(blank=True, default=list)
    awards = models.JSONField(blank=True, default=list)
    links = models.JSONField(blank=True, default=list)
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


class FormerAddress(ContentModel):
    """A slug that a production had and that still leads to it. Nothing else may take it, but the production again."""

    section_lookup: ClassVar[str] = "production__section_id"

    production = models.ForeignKey(Production, on_delete=models.CASCADE, related_name="former_addresses")
    slug = models.SlugField(max_length=120, unique=True)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.slug

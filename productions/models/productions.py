"""Productions: what is played, in which season, and whether it is public."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from productions.models.seasons import Season
from productions.rules.life import CANCELED, STEPS
from theater_site.core.fields import FoldedField, MarkdownField
from theater_site.core.models import ContentModel


class ProductionStatus(models.TextChoices):
    """The status of a production, from an idea to the archive, in this order; it can be canceled before it is closed."""

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
    """Where the work had its first performance with this production."""

    WORLD = "world", "world premiere"
    NATIONAL = "national", "national premiere"
    REGIONAL = "regional", "regional premiere"
    LOCAL = "local", "local premiere"
    REVIVAL = "revival", "revival"


class AccessibilityService(models.TextChoices):
    """Services that some or all performances offer for accessibility."""

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
    """A play, musical or program as this theater performs it. Published productions are public.

    The entries of `partners`, `links`, `quotes` and `awards` have the keys in rules/entries.py.
    """

    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="productions")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=500, help_text="The work's title as posters print it. Example: The Seagull")
    subtitle = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="The line below the title; empty if there is none. Example: A comedy in four acts",
    )
    title_folded = FoldedField(sources=("title", "subtitle"))
    # Derived from the title if it is not given.
    slug = models.SlugField(
        max_length=120,
        unique=True,
        blank=True,
        help_text="Its part of the website's address: small letters, digits, hyphens; made of the title if you send "
        "none. Former ones go on leading there. Example: the-seagull",
    )
    status = models.CharField(
        max_length=12,
        choices=ProductionStatus.choices,
        default=ProductionStatus.PLANNED,
        help_text="Its status, from an idea to the archive. Example: announced",
    )
    cancel_reason = models.CharField(
        max_length=1_000,
        blank=True,
        default="",
        editable=False,
        help_text="Why it was canceled, for those who work on it; empty where it is not. Example: The hall is flooded.",
    )
    authors = models.JSONField(
        blank=True, default=list, help_text='Who wrote it, in the order of the billing. Example: ["Anton Chekhov"]'
    )
    adaptors = models.JSONField(
        blank=True, default=list, help_text='Who adapted it for this production or version. Example: ["Ann Lee"]'
    )
    translators = models.JSONField(blank=True, default=list, help_text='Who translated it. Example: ["Michael Frayn"]')
    composers = models.JSONField(blank=True, default=list, help_text='Who wrote the music. Example: ["Kurt Weill"]')
    lyricists = models.JSONField(
        blank=True, default=list, help_text='Who wrote the words of the songs. Example: ["Bertolt Brecht"]'
    )
    choreographers = models.JSONField(
        blank=True,
        default=list,
        help_text='Who choreographed the original, where that is billed. Example: ["Agnes de Mille"]',
    )
    # The billing that the license house requires; shown with the production.
    billing = MarkdownField(
        blank=True,
        default="",
        max_length=2_000,
        help_text="How the license house wants the authors and itself to be named; Markdown, shown with the production.",
    )
    company = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="Who plays, where it is not this theater itself. Example: The Traveling Players",
    )
    partners = models.JSONField(
        blank=True, default=list, help_text="Who puts it on together with this theater: co-producers, sponsors."
    )
    strands = models.JSONField(
        blank=True,
        default=list,
        help_text='The lines of programming that it belongs to, by their names. Example: ["New writing"]',
    )
    genre = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="What kind of play it is, in the theater's own words. Example: Comedy",
    )
    language = models.CharField(
        max_length=35,
        blank=True,
        default="",
        help_text="BCP 47 tag of the language that it is played in; empty where it is not known. Example: en",
    )
    premiere = models.CharField(
        max_length=10,
        choices=PremiereKind.choices,
        blank=True,
        default="",
        help_text="Where the work had not been seen before; empty if it is not a premiere. Example: national",
    )
    age_guidance = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="From which age it is fit, in the words of the website. Example: 12+",
    )
    content_advisories = MarkdownField(
        blank=True,
        default="",
        max_length=2_000,
        help_text="What an audience should know before it comes; Markdown. Example: Strobe lights, a gunshot in Act 4.",
    )
    accessibility = models.JSONField(
        blank=True, default=list, help_text='What some or all performances offer. Example: ["surtitles", "relaxed"]'
    )
    running_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(24 * 60)],
        help_text="How long it plays, intermissions included, in minutes, at most 1440; null where it is not known. Example: 150",
    )
    intermissions = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(9)],
        help_text="How many intermissions it has, at most 9; null where it is not known. Example: 1",
    )
    short_synopsis = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="What it is about, in one or two sentences for lists; plain text, at most 500 characters.",
    )
    synopsis = MarkdownField(
        blank=True, default="", max_length=20_000, help_text="What it is about, for its own page; Markdown."
    )
    quotes = models.JSONField(blank=True, default=list, help_text="What the press wrote.")
    awards = models.JSONField(blank=True, default=list, help_text="What it was honored with or nominated for.")
    links = models.JSONField(blank=True, default=list, help_text="Where more can be read or seen.")
    opens_on = PartialDateField(
        help_text="The day of the first performance, partial dates too; empty where it is not known. Example: 2027-03-14"
    )
    closes_on = PartialDateField(
        help_text="The day of the last performance, partial dates too; empty where it is not known. Example: 2027-04"
    )
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
    """A former slug of a production, which still leads to it. Only the same production can take it again."""

    section_lookup: ClassVar[str] = "production__section_id"

    production = models.ForeignKey(Production, on_delete=models.CASCADE, related_name="former_addresses")
    slug = models.SlugField(max_length=120, unique=True)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.slug

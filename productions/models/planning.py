"""The plan of a season: its strands, and the slots that productions fill."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Section
from productions.models.fields import PartialDateField
from productions.models.productions import Production
from productions.models.seasons import Season
from theater_site.core.actors import Actor
from theater_site.core.fields import MarkdownField
from theater_site.core.models import ContentModel


class StrandKind(models.TextChoices):
    """A line of programming, or a series with its own name."""

    STRAND = "strand", "programming strand"
    SERIES = "series", "series"


class Strand(ContentModel):
    """A line of programming that seasons share: "New writing", "Family series". Public once a public season has it."""

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        max_length=6,
        choices=StrandKind.choices,
        default=StrandKind.STRAND,
        help_text="Whether it is a line of programming or a series with a name of its own. Example: strand",
    )
    name = models.CharField(
        max_length=120,
        help_text="What the line of programming is called; the organization uses each name once. Example: New writing",
    )
    summary = MarkdownField(
        blank=True,
        default="",
        max_length=2_000,
        help_text="What it is about, as the website shows it; Markdown. Example: First plays by local authors.",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="strand_named_once",
                violation_error_message="There is a strand of this name already. Use that one, or choose another name.",
                violation_error_code="strand_name_taken",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(Exists(SeasonStrand.objects.filter(strand=OuterRef("pk"), season__published_at__isnull=False)))


class SeasonStrand(ContentModel):
    """A strand of a season."""

    section_lookup: ClassVar[str] = "season__section_id"

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="strand_links", db_index=False)
    strand = models.ForeignKey(Strand, on_delete=models.PROTECT, related_name="season_links")

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["season", "strand"], name="strand_once_a_season")]

    def __str__(self) -> str:
        return f"{self.strand_id} in {self.season_id}"


class SlotStatus(models.TextChoices):
    """How certain a slot of a season's plan is."""

    OPEN = "open", "open"
    PENCILED = "penciled", "penciled in"
    CONFIRMED = "confirmed", "confirmed"
    DROPPED = "dropped", "dropped"


class SeasonSlot(ContentModel):
    """A slot in a season's plan: what might be played, when, and which production fills it. Never public."""

    section_lookup: ClassVar[str] = "season__section_id"

    season = models.ForeignKey(Season, on_delete=models.CASCADE, related_name="slots", db_index=False)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Its place in the season's plan, the lowest first. Example: 2"
    )
    idea = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="What might be played, in a few words; for those who plan. Example: A comedy with six players",
    )
    strand = models.ForeignKey(Strand, null=True, blank=True, on_delete=models.PROTECT, related_name="slots")
    starts_on = PartialDateField(
        help_text="When it might open, partial dates too; empty where it is not known. Example: 2027-03"
    )
    ends_on = PartialDateField(
        help_text="When it might close, partial dates too; empty where it is not known. Example: 2027-04"
    )
    status = models.CharField(
        max_length=9, choices=SlotStatus.choices, default=SlotStatus.OPEN, help_text="How sure it is. Example: penciled"
    )
    production = models.OneToOneField(
        Production, null=True, blank=True, on_delete=models.SET_NULL, related_name="slot", editable=False
    )
    note = MarkdownField(blank=True, default="", max_length=2_000, help_text="What those who plan should know.")

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["season", "position", "id"], name="slot_by_place")]

    def __str__(self) -> str:
        return self.idea or f"slot {self.position} of {self.season_id}"

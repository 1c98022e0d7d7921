"""Venues, and their spaces that can be booked."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from accounts.models import Section
from scheduling.models.fields import ZoneField
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel

# Not Q(): Django drops an empty Q in an OR, and nothing would be public.
EVERYTHING = ~Q(pk__in=())


class Venue(ContentModel):
    """A venue of the theater or of a tour. Its zone is the default of its events; "" if an archive does not know it."""

    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = EVERYTHING

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300, help_text="What the house is called. Example: Lantern Theater")
    folded = FoldedField(sources=("name", "city", "location"))
    address = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="Street and number, as visitors need them. Example: 5 Mill Lane",
    )
    city = models.CharField(max_length=200, blank=True, default="", help_text="The town. Example: Leeds")
    country = models.CharField(
        max_length=100, blank=True, default="", help_text="The country, in words. Example: United Kingdom"
    )
    # Its location, as an archive prints it.
    location = models.CharField(
        max_length=500, blank=True, default="", help_text="What helps to find it. Example: Behind the station"
    )
    timezone = ZoneField(help_text="IANA time zone of the house; empty where it is not known. Example: Europe/London")
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["name", "id"], name="venue_by_name")]

    def __str__(self) -> str:
        return self.name


class SpaceKind(models.TextChoices):
    """What a space is for."""

    STAGE = "stage", "stage"
    REHEARSAL_ROOM = "rehearsal_room", "rehearsal room"
    WORKSHOP = "workshop", "workshop"
    FOYER = "foyer", "foyer"
    OUTDOORS = "outdoors", "outdoors"
    OTHER = "other", "other"


class Space(ContentModel):
    """A room, stage or area of a venue, which one event at a time can book."""

    section_lookup: ClassVar[str] = "venue__section_id"
    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = EVERYTHING

    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="spaces")
    name = models.CharField(
        max_length=200, help_text="What the room is called; each name once a venue. Example: Main stage"
    )
    kind = models.CharField(
        max_length=20,
        choices=SpaceKind.choices,
        default=SpaceKind.STAGE,
        help_text="What the room is for. Example: stage",
    )
    capacity = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text="How many people fit in; null where it is not known. Example: 200",
    )

    # A booking of this space books these too. Two spaces that exclude each other share one.
    parts = models.ManyToManyField("self", symmetrical=False, through="SpacePart", related_name="wholes")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "name"],
                name="space_named_once_in_venue",
                violation_error_message="This venue has a space of this name already. Choose another name.",
                violation_error_code="space_name_taken",
            )
        ]
        indexes = [models.Index(fields=["name", "id"], name="space_by_name")]

    def __str__(self) -> str:
        return self.name


class SpacePart(ContentModel):
    """That the space `part` is taken while `whole` is booked."""

    section_lookup: ClassVar[str] = "whole__venue__section_id"
    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = EVERYTHING

    whole = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="+", db_index=False)
    part = models.ForeignKey(Space, on_delete=models.CASCADE, related_name="+")

    class Meta:
        base_manager_name = "objects"
        constraints = [models.UniqueConstraint(fields=["whole", "part"], name="space_has_part_once")]

    def __str__(self) -> str:
        return f"{self.part_id} in {self.whole_id}"

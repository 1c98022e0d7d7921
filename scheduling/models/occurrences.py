"""Occurrences: performances, rehearsals and all other events with a date."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from productions.models import PartialDateField, Production
from productions.rules.partial_dates import PartialDate
from scheduling.models.fields import SpanField, ZoneField
from scheduling.models.venues import Space, Venue
from scheduling.rules.spans import LONGEST_MINUTES, Placing, Span
from scheduling.rules.wall_time import clock_note, valid_zone
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class Category(models.TextChoices):
    """What kind of event it is."""

    PERFORMANCE = "performance", "performance"
    REHEARSAL = "rehearsal", "rehearsal"
    READ_THROUGH = "read_through", "read-through"
    TECH = "tech", "technical rehearsal"
    DRESS_REHEARSAL = "dress_rehearsal", "dress rehearsal"
    AUDITION = "audition", "audition"
    LOAD_IN = "load_in", "load-in"
    STRIKE = "strike", "strike"
    TRAVEL = "travel", "travel"
    PHOTO_CALL = "photo_call", "photo call"
    OPEN_HOUSE = "open_house", "open house"
    MEETING = "meeting", "meeting"
    WORKSHOP = "workshop", "workshop"
    CLASS = "class", "class"
    FUNDRAISER = "fundraiser", "fundraiser"
    SPECIAL_EVENT = "special_event", "special event"
    CLOSURE = "closure", "closure"
    OTHER = "other", "other"


class Visibility(models.TextChoices):
    """Whether an event can be published, or is internal."""

    PUBLIC = "public", "public"
    INTERNAL = "internal", "internal"


class OccurrenceStatus(models.TextChoices):
    """Whether an event takes place. A tentative one may not: it is shown as such, and books no space."""

    SCHEDULED = "scheduled", "scheduled"
    TENTATIVE = "tentative", "tentative"
    CANCELED = "canceled", "canceled"
    DONE = "done", "done"


# Minutes of a day: what takes longer to set up is an event of its own.
LONGEST_BUFFER = 24 * 60
# Events that are planned, whether or not they are certain.
PLANNED = (OccurrenceStatus.SCHEDULED, OccurrenceStatus.TENTATIVE)


class Occurrence(ContentModel):
    """An event on one date; a performance has the category `performance`. It keeps its id when it is
    rescheduled.

    `date`, `start_time` and `timezone` are the source values, each as far as it is known; `starts_at`, `ends_at` and
    `sort_at` are derived on saving, also by `bulk_create`. An occurrence is visible to everybody if its visibility is
    public, it is published, and its production is public.
    """

    view_permission: ClassVar[str] = "view_schedule"
    public_when: ClassVar[Q | None] = Q(visibility=Visibility.PUBLIC, published_at__isnull=False) & (
        Q(production=None) | Q(production__published_at__isnull=False)
    )

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    # Columns without an index of their own begin one of those below.
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="occurrences", db_index=False
    )
    series = models.ForeignKey(
        "scheduling.EventSeries", null=True, blank=True, on_delete=models.PROTECT, related_name="occurrences"
    )
    # The wall time that the rule of the series gave it, "2027-03-14T19:30:00"; it never changes.
    recurrence_id = models.CharField(max_length=19, blank=True, default="", editable=False)
    venue = models.ForeignKey(
        Venue, null=True, blank=True, on_delete=models.PROTECT, related_name="occurrences", db_index=False
    )
    space = models.ForeignKey(
        Space, null=True, blank=True, on_delete=models.PROTECT, related_name="occurrences", db_index=False
    )
    title = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="What it is called; empty takes the production's title. Example: Get-in",
    )
    # A note on the kind of performance, as printed: "Gala", "relaxed performance", "Subscription Season".
    subtitle = models.CharField(
        max_length=300, blank=True, default="", help_text="The line below the title; may be empty. Example: Preview"
    )
    category = models.CharField(
        max_length=20,
        choices=Category.choices,
        default=Category.PERFORMANCE,
        help_text="What kind of event it is. Example: performance",
    )
    visibility = models.CharField(
        max_length=10,
        choices=Visibility.choices,
        default=Visibility.INTERNAL,
        help_text="Whether it can be published, or is for those who work on it only. Example: public",
    )
    date = PartialDateField(
        help_text="The day at the venue, partial dates too; empty where it is not known. Example: 2027-03-14"
    )
    start_time = models.TimeField(
        null=True,
        blank=True,
        help_text="When it starts, in wall time at the venue; null where it is not known. Example: 19:30:00",
    )
    duration_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)],
        help_text="Minutes that it takes and the space is held, from the start; null where it is not known. "
        "Example: 150",
    )
    setup_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
        help_text="Minutes before the start for which the space is booked too. Example: 30",
    )
    strike_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LONGEST_BUFFER)],
        help_text="Minutes after the end for which the space is booked too. Example: 15",
    )
    timezone = ZoneField(
        help_text="IANA time zone of the wall time; empty where it is not known. Example: Europe/London"
    )
    title_folded = FoldedField(sources=("title", "subtitle"))
    starts_at = SpanField(
        null=True,
        help_text="When it starts: an instant in UTC that follows from the wall time; null where that is "
        "not known. Example: 2027-03-14T19:30:00Z",
    )
    ends_at = SpanField(
        null=True,
        help_text="When it ends: an instant in UTC; null where that is not known. Example: 2027-03-14T22:00:00Z",
    )
    sort_at = SpanField()
    status = models.CharField(
        max_length=10,
        choices=OccurrenceStatus.choices,
        default=OccurrenceStatus.SCHEDULED,
        help_text="Whether it takes place. Example: scheduled",
    )
    # A public note on the status: "canceled because of snow".
    status_note = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="What is said about that, such as why it is canceled. Example: Illness in the cast",
    )
    published_at = models.DateTimeField(null=True, editable=False)
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["sort_at", "id"], name="occurrence_by_time"),
            models.Index(fields=["production", "sort_at", "id"], name="occurrence_by_production"),
            models.Index(fields=["venue", "sort_at", "id"], name="occurrence_by_venue"),
            models.Index(fields=["space", "sort_at", "id"], name="occurrence_by_space"),
            models.Index(fields=["category", "sort_at", "id"], name="occurrence_by_category"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "recurrence_id"],
                condition=Q(series__isnull=False),
                name="occurrence_once_in_series",
                violation_error_message="The series has an occurrence on this date already.",
                violation_error_code="already_in_series",
            ),
            models.CheckConstraint(
                name="occurrence_ends_after_start",
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                violation_error_message="The end must be after the start.",
                violation_error_code="ends_before_start",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.category} {self.date}"

    @property
    def shown_title(self) -> str:
        """Return its own title, else the title of its production."""
        return self.title or (self.production.title if self.production is not None else "")

    @property
    def placing(self) -> Placing:
        """Return when and where it is: the source values that rescheduling changes."""
        return Placing(self.date, self.start_time, self.duration_minutes, self.timezone, self.venue_id, self.space_id)

    @property
    def clock_note(self) -> str | None:
        """Explain the effect of a clock change on the start; None on other days, or if day, time or zone is open."""
        day = PartialDate.parse(self.date)
        if day is None or day.precision != "day" or self.start_time is None or not self.timezone:
            return None
        return clock_note(day.earliest, self.start_time, valid_zone(self.timezone))

    @property
    def span(self) -> Span:
        """Return the derived instants."""
        return self.placing.span

    @property
    def is_certain(self) -> bool:
        """Whether it is neither canceled nor tentative."""
        return self.status not in (OccurrenceStatus.CANCELED, OccurrenceStatus.TENTATIVE)

    @property
    def booked_from(self) -> dt.datetime | None:
        """The instant from which its space is booked, with the setup; None without a known start."""
        return self.starts_at - dt.timedelta(minutes=self.setup_minutes) if self.starts_at is not None else None

    @property
    def booked_until(self) -> dt.datetime | None:
        """The instant until which its space is booked, with the strike; None without a known end."""
        return self.ends_at + dt.timedelta(minutes=self.strike_minutes) if self.ends_at is not None else None

    @property
    def holds_space(self) -> bool:
        """Whether it books its space, or as a closure its whole venue: it is certain, and place and span are known."""
        placed = self.space_id is not None or self.closes_venue
        return self.is_certain and placed and self.span.ends_at is not None

    @property
    def closes_venue(self) -> bool:
        """Whether it closes all spaces of its venue."""
        return self.category == Category.CLOSURE and self.venue_id is not None and self.space_id is None

"""Event series."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from accounts.models import Section
from productions.models import Production
from scheduling.models.fields import RuleField, ZoneField
from scheduling.models.occurrences import Category, Occurrence
from scheduling.models.venues import Space
from scheduling.rules.spans import LONGEST_MINUTES
from theater_site.core.models import ContentModel


class EventSeries(ContentModel):
    """An event series: a rule in wall time, with dates skipped and added ("2026-12-24", wall times as
    "2026-12-23T19:00"). Each of its occurrences is a row, known by its `recurrence_id`.

    The rule gives the recurrence ids, at `planned_time`; they never change. Where an occurrence takes place follows from
    its recurrence id, `shift_days` and `start_time`, unless it was changed on its own: then it is an override, and stays so.
    """

    view_permission: ClassVar[str] = "view_schedule"
    # It has the ids of new rows, which differ in each run.
    chance: ClassVar[frozenset[str]] = frozenset({"last_change"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="event_series"
    )
    space = models.ForeignKey(Space, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="What it is called; empty takes the production's title. Example: Tuesday rehearsal",
    )
    category = models.CharField(
        max_length=20,
        choices=Category.choices,
        default=Category.REHEARSAL,
        help_text="What kind of event it is. Example: rehearsal",
    )
    rrule: Any = RuleField(
        help_text="RFC 5545 recurrence rule; without COUNT or UNTIL it has no end. Example: FREQ=WEEKLY;BYDAY=TU;COUNT=12"
    )
    first_date = models.DateField(help_text="The first day, which the rule must meet. Example: 2027-01-05")
    start_time = models.TimeField(help_text="When it starts, in wall time at the venue. Example: 18:00:00")
    # A rule without an end is stored with UNTIL at the horizon, which `services/series/horizon.py` moves on.
    endless = models.BooleanField(
        default=False, editable=False, help_text="Whether its rule has no end. Example: false"
    )
    planned_time = models.TimeField(editable=False)
    shift_days = models.SmallIntegerField(default=0, editable=False)
    duration_minutes = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)],
        help_text="Minutes that each one takes and the space is held, from the start. Example: 180",
    )
    timezone = ZoneField(
        blank=False, help_text="IANA time zone of the wall times; empty takes that of the venue. Example: Europe/London"
    )
    skipped = models.JSONField(
        blank=True, default=list, help_text='Days of the rule on which it does not take place. Example: ["2027-02-16"]'
    )
    added = models.JSONField(
        blank=True,
        default=list,
        help_text='Dates beside the rule, each with its wall time. Example: ["2027-02-18T18:00"]',
    )
    internal = models.BooleanField(
        default=True, help_text="True where it is for those who work on it only. Example: true"
    )
    split_from = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the series that it was split from; null if it was not. Example: 7",
    )
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)
    last_change = models.JSONField(null=True, editable=False)
    canceled_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the rest of it was canceled; null where it was not. Example: 2027-02-20T10:00:00Z",
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name = "series"

    def __str__(self) -> str:
        return self.title

    @property
    def shown_rule(self) -> str:
        """The rule as it was given: without the horizon where it has no end."""
        parts = str(self.rrule).split(";")
        return ";".join(part for part in parts if not (self.endless and part.startswith("UNTIL=")))

    def wall_of(self, recurrence_id: str) -> dt.datetime:
        """The wall time at which an occurrence of this recurrence id takes place, unless it is an override."""
        planned = dt.datetime.fromisoformat(recurrence_id)
        later = dt.datetime.combine(planned, self.start_time) - dt.datetime.combine(planned, self.planned_time)
        return planned + later + dt.timedelta(days=self.shift_days)

    def is_override(self, row: Occurrence) -> bool:
        """Whether an occurrence differs from what the series gives: in time, duration, space or title."""
        wall = self.wall_of(row.recurrence_id)
        mine = (wall.date().isoformat(), wall.time(), self.duration_minutes, self.space_id, self.title)
        return mine != (row.date, row.start_time, row.duration_minutes, row.space_id, row.title)

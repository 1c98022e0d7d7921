"""Alternating casts: on which days which of them plays."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from productions.models import Production
from theater_site.core.models import ContentModel


class TeamNight(ContentModel):
    """A day on which a team of a production ("Red") plays; two teams share a day of two performances."""

    section_lookup: ClassVar[str] = "production__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="team_nights", db_index=False)
    date = models.DateField(help_text="The day that belongs to it. Example: 2027-03-14")
    team = models.CharField(max_length=40, help_text="Which of several casts that alternate. Example: Red")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["production", "date", "team"],
                name="team_night_once",
                violation_error_code="team_plays_already",
                violation_error_message="This team plays that day already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.team} on {self.date}"

"""A booking of a space for a span, by one occurrence. The database itself prevents overlaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from scheduling.models.occurrences import Occurrence
from scheduling.models.venues import Space
from scheduling.rules.spans import LONGEST_DAYS
from theater_site.core.guards import AppendOnly, Guard, NoOverlap, Refuse
from theater_site.core.models import ContentModel

# The database refuses overlapping bookings with one of these; the services explain it under the same code.
SPACE_TAKEN = "space_taken"


@dataclass(frozen=True, kw_only=True)
class _Bounded(Refuse):
    """Refuse bookings longer than `LONGEST_DAYS`: the search for overlaps looks back no further."""

    # Django's arithmetic on times is not a deterministic function on SQLite, so a CHECK cannot use it.
    when: str = ""

    def _condition(self, model: type[models.Model], vendor: str) -> str:
        hours = LONGEST_DAYS * 24
        if vendor == "postgresql":
            return f"(NEW.ends_at > NEW.starts_at + interval '{hours} hours')"
        return f"(NEW.ends_at > datetime(NEW.starts_at, '+{hours} hours'))"


class Booking(ContentModel):
    """A booking of `space` from `starts_at` up to, and not including, `ends_at`. Never updated: rescheduling deletes and
    inserts.
    """

    view_permission: ClassVar[str] = "view_schedule"
    guards: ClassVar[Sequence[Guard]] = (
        NoOverlap(
            name=SPACE_TAKEN,
            message="This space was taken by somebody else a moment ago. Choose another time or another space.",
            resource="space_id",
            start="starts_at",
            end="ends_at",
            longest=LONGEST_DAYS,
        ),
        _Bounded(
            name="booking_too_long",
            message=f"A space can be taken for {LONGEST_DAYS} days at the most. Book the rest as another event.",
        ),
        AppendOnly(
            name="booking_unchanged",
            message="A booking cannot be changed. Release it and create another one.",
            erasable=True,
        ),
    )

    # The section of the occurrence, stored here too: deleting a booking is recorded without loading its occurrence.
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", db_index=False)
    # No index of its own: the one below begins with this column.
    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["space", "starts_at", "ends_at"], name="booking_by_space")]
        constraints = [
            models.CheckConstraint(
                name="booking_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="The end must be after the start.",
                violation_error_code="ends_before_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.space_id} from {self.starts_at} to {self.ends_at}"

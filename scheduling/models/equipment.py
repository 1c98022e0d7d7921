"""Equipment that events need: single items and counted stock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import Section
from scheduling.models.occurrences import Occurrence
from scheduling.models.venues import EVERYTHING, Venue
from theater_site.core.guards import AppendOnly, Guard, Refuse
from theater_site.core.models import ContentModel

# The database refuses more than the stock with this; the services explain it under the same code.
EQUIPMENT_TAKEN = "equipment_taken"
MOST = 100_000


class Equipment(ContentModel):
    """An item that events book, or several of the same kind: twelve radio microphones are one row with quantity 12."""

    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = EVERYTHING

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", db_index=False)
    venue = models.ForeignKey(
        Venue,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="equipment",
        help_text="Id of the venue where it is kept; null if it travels. Example: 1",
    )
    name = models.CharField(max_length=200, help_text="What it is called. Example: Radio microphone")
    quantity = models.PositiveIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST)],
        help_text="How many there are. Example: 12",
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "equipment"
        indexes = [models.Index(fields=["name", "id"], name="equipment_by_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["section", "name"],
                name="equipment_named_once",
                violation_error_message="There is equipment of this name already. Choose another name.",
                violation_error_code="equipment_name_taken",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.name}"


class EquipmentNeed(ContentModel):
    """That an event needs a quantity of some equipment. It stays while the event is canceled or tentative."""

    section_lookup: ClassVar[str] = "occurrence__section_id"
    view_permission: ClassVar[str] = "view_schedule"

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="equipment_needs", db_index=False)
    equipment = models.ForeignKey(Equipment, on_delete=models.PROTECT, related_name="needs")
    quantity = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MOST)], help_text="How many the event needs. Example: 2"
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence", "equipment"],
                name="equipment_needed_once",
                violation_error_message="This equipment is named twice. Add the quantities.",
                violation_error_code="equipment_repeated",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.equipment_id}"


# The sum is highest at the start of a booking. A transaction locks the row of the equipment before it inserts: on PostgreSQL
# two transactions do not see each other's bookings.
_ABOVE_STOCK = """
    EXISTS (
        SELECT 1 FROM (
            SELECT NEW.starts_at AS instant
            UNION SELECT one.starts_at FROM scheduling_equipmentbooking AS one
            WHERE one.equipment_id = NEW.equipment_id AND one.starts_at > NEW.starts_at AND one.starts_at < NEW.ends_at
        ) AS points
        WHERE NEW.quantity + (
            SELECT COALESCE(SUM(one.quantity), 0) FROM scheduling_equipmentbooking AS one
            WHERE one.equipment_id = NEW.equipment_id
                AND one.starts_at <= points.instant AND one.ends_at > points.instant
        ) > (SELECT stock.quantity FROM scheduling_equipment AS stock WHERE stock.id = NEW.equipment_id)
    )
"""


class EquipmentBooking(ContentModel):
    """A quantity of equipment from `starts_at` up to, and not including, `ends_at`. Never updated: rescheduling deletes
    and inserts."""

    view_permission: ClassVar[str] = "view_schedule"
    guards: ClassVar[Sequence[Guard]] = (
        Refuse(
            name=EQUIPMENT_TAKEN,
            message="Somebody else took this equipment a moment ago. Choose another time or a smaller quantity.",
            when=_ABOVE_STOCK,
            events=("INSERT",),
        ),
        AppendOnly(
            name="equipment_booking_unchanged",
            message="A booking cannot be changed. Release it and create another one.",
            erasable=True,
        ),
    )

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", db_index=False)
    equipment = models.ForeignKey(Equipment, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="equipment_bookings")
    quantity = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["equipment", "starts_at", "ends_at"], name="equipment_booking_by_time")]
        constraints = [
            models.CheckConstraint(
                name="equipment_booking_is_whole",
                condition=Q(ends_at__gt=F("starts_at"), quantity__gt=0),
                violation_error_message="The end must be after the start.",
                violation_error_code="ends_before_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.equipment_id} from {self.starts_at} to {self.ends_at}"

"""Who has which place at which performance: the rows that decide a race.

None of these is content. A hold lasts ten minutes, so the recorder does not record each row: the audit entry of the action
names the seats, and a sale is recorded by its Ticket, which is content.
They are written by `services/occupancy.py` alone.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from scheduling.models import Occurrence
from ticketing.models.charts import Area, Seat


class SeatState(models.TextChoices):
    """What becomes of a seat at a performance."""

    HELD = "held", "held"
    # Ordered and not paid yet.
    RESERVED = "reserved", "reserved"
    SOLD = "sold", "sold"
    BLOCKED = "blocked", "blocked"


class PerformanceSeat(models.Model):
    """The one row that owns a seat at a performance. Without a row the seat is free. So is a held or reserved seat
    whose `held_until` has passed.

    `holder` is the digest of the hold's token. `source` is the blind index of the network address that took it, where a
    limit applies. Rows appear when a seat is first taken: a sale of 300 seats starts with none.
    """

    performance = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=SeatState.choices)
    holder = models.CharField(max_length=64, blank=True, default="")
    held_until = models.DateTimeField(null=True)
    source = models.CharField(max_length=64, blank=True, default="")
    ticket = models.OneToOneField(
        "ticketing.Ticket", null=True, on_delete=models.PROTECT, related_name="performance_seat"
    )

    class Meta:
        constraints = [
            # Unconditional, whatever the state: the one truth that no code can get wrong.
            models.UniqueConstraint(
                fields=["performance", "seat"],
                name="seat_has_one_owner",
                violation_error_message="This seat was taken by somebody else a moment ago.",
                violation_error_code="seats_taken",
            ),
            models.CheckConstraint(
                name="seat_state_is_whole",
                condition=(
                    Q(state=SeatState.HELD, held_until__isnull=False, ticket=None) & ~Q(holder="")
                    | Q(state=SeatState.RESERVED, held_until__isnull=False, holder="", ticket__isnull=False)
                    | Q(state=SeatState.SOLD, held_until=None, holder="", ticket__isnull=False)
                    | Q(state=SeatState.BLOCKED, held_until=None, holder="", ticket=None)
                ),
                violation_error_message="A held seat has a holder, a reserved or sold one a ticket, a blocked one neither.",
            ),
        ]
        indexes = [
            models.Index(fields=["holder"], condition=~Q(holder=""), name="seat_by_holder"),
            models.Index(fields=["performance", "source"], condition=~Q(source=""), name="seat_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.performance_id}/{self.seat_id} {self.state}"


class PerformanceArea(models.Model):
    """How many places of an area are taken at a performance, held ones included. The database keeps it within
    its capacity."""

    performance = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    capacity = models.PositiveIntegerField()
    taken = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["performance", "area"], name="area_counted_once"),
            models.CheckConstraint(
                name="area_within_capacity",
                condition=Q(taken__gte=0, taken__lte=F("capacity")),
                violation_error_message="There are not so many places left.",
                violation_error_code="sold_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.performance_id}/{self.area_id} {self.taken} of {self.capacity}"


class AreaHold(models.Model):
    """Capacity of an area that is held, or reserved by an unpaid order, until `held_until`. The row is deleted when the
    capacity is sold or released."""

    counter = models.ForeignKey(PerformanceArea, on_delete=models.CASCADE, related_name="holds", db_index=False)
    holder = models.CharField(max_length=64, unique=True)
    quantity = models.PositiveIntegerField()
    held_until = models.DateTimeField()
    source = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["counter", "held_until"], name="area_hold_by_end")]
        constraints = [models.CheckConstraint(name="area_hold_of_something", condition=Q(quantity__gt=0))]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.counter_id}"

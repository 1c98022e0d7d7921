"""Seating charts: seats and general admission areas of a space."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from scheduling.models import Space
from theater_site.core.models import ContentModel


class SeatingChart(ContentModel):
    """An arrangement of a space: numbered seats, general admission areas, or both.

    A chart does not change, since tickets are sold for its seats. Another arrangement is another chart.
    """

    section_lookup: ClassVar[str] = "space__venue__section_id"
    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = Q()

    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="seating_charts", db_index=False)
    name = models.CharField(max_length=200, help_text="The name of the chart, unique in the space. Example: End stage")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"],
                name="chart_named_once_in_space",
                violation_error_message="Another seating chart of this space has this name. Choose a different one.",
                violation_error_code="chart_name_taken",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Seat(ContentModel):
    """A numbered seat. `x` and `y` are in units of the plan, y downward. `category` decides the price.

    `key` is the seat's name in the plan, unique in the chart. The zone and the row may be empty.
    """

    section_lookup: ClassVar[str] = "chart__space__venue__section_id"
    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = Q()

    chart = models.ForeignKey(SeatingChart, on_delete=models.CASCADE, related_name="seats", db_index=False)
    key = models.CharField(
        max_length=100, help_text="The seat's name in the plan, unique in the chart. Example: Stalls-A-12"
    )
    zone = models.CharField(
        max_length=100, blank=True, default="", help_text="The part of the hall; may be empty. Example: Stalls"
    )
    row = models.CharField(max_length=40, blank=True, default="", help_text="The row's name; may be empty. Example: A")
    number = models.CharField(max_length=40, help_text="The seat's number in its row. Example: 12")
    label = models.CharField(
        max_length=200, help_text="Zone, row and number as tickets show them. Example: Stalls, row A, seat 12"
    )
    category = models.CharField(
        max_length=100, help_text="The category that gets a price when a performance goes on sale. Example: Stalls"
    )
    x = models.FloatField(help_text="Position across the hall, in units of the plan. Example: 12.5")
    y = models.FloatField(help_text="Position along the hall, in units of the plan, downward. Example: 3")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["chart", "key"],
                name="seat_key_once_in_chart",
                violation_error_message="Two seats of this chart have the same key. Give each its own.",
                violation_error_code="seat_key_repeated",
            ),
            models.UniqueConstraint(
                fields=["chart", "zone", "row", "number"],
                name="seat_once_in_row",
                violation_error_message="Two seats of this chart have the same zone, row and number. Change one of them.",
                violation_error_code="seat_repeated",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Area(ContentModel):
    """A general admission area: a part of the chart with a capacity and without numbered seats."""

    section_lookup: ClassVar[str] = "chart__space__venue__section_id"
    view_permission: ClassVar[str] = "view_venues"
    public_when: ClassVar[Q | None] = Q()

    chart = models.ForeignKey(SeatingChart, on_delete=models.CASCADE, related_name="areas", db_index=False)
    name = models.CharField(max_length=100, help_text="The name of the area. Example: Floor")
    category = models.CharField(
        max_length=100, help_text="The category that gets a price when a performance goes on sale. Example: Floor"
    )
    capacity = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="The number of people that the area holds. Example: 120",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["chart", "name"],
                name="area_named_once_in_chart",
                violation_error_message="Two areas of this chart have the same name. Rename one of them.",
                violation_error_code="area_repeated",
            )
        ]

    def __str__(self) -> str:
        return self.name

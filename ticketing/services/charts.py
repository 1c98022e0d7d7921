"""Seating charts are made whole."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import Annotated, TypedDict

from scheduling.models import Space
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid
from ticketing.models import Area, Seat, SeatingChart
from ticketing.rules.seating_plans import MOST_SEATS, Plan, PlannedSeat


# Optional keys are in a class of their own: NotRequired is not seen where annotations are text.
class _Seat(TypedDict):
    number: Annotated[str, Doc("The seat's number, as the ticket shows it. Example: 4")]
    x: Annotated[Decimal, Doc("Its place across the hall, in units of the plan. Example: 12.5")]
    y: Annotated[Decimal, Doc("Its place along the hall, in units of the plan; 0 is at the stage. Example: 3")]


class ChartSeat(_Seat, total=False):
    """One seat. Without `key` it is called by zone, row and number; coordinates are absolute."""

    key: Annotated[
        str, Doc("A name of the seat that stays, once a chart; without it zone, row and number. Example: A-2-4")
    ]


class ChartRow(TypedDict, total=False):
    """A row of `seats`, or of `count` seats numbered from 1, one unit apart from (`x`, `y`) on.

    Without a `category` (what decides the price) it is of that named like the zone. `row` may be "".
    """

    zone: Annotated[str, Doc("The part of the hall. Example: Stalls")]
    row: Annotated[str, Doc("The row's name; may be empty. Example: 2")]
    category: Annotated[str, Doc("What decides its price; without it the zone. Example: Premium")]
    seats: Annotated[list[ChartSeat], Doc("The seats of the row one by one; instead of `count`.")]
    count: Annotated[int, Doc("How many seats it has, numbered from 1; instead of `seats`. At most 1000. Example: 20")]
    x: Annotated[
        Decimal, Doc("With `count`: where its first seat is across the hall, in units of the plan. Example: 0")
    ]
    y: Annotated[Decimal, Doc("With `count`: where the row is along the hall, in units of the plan. Example: 3")]


class _Area(TypedDict):
    name: Annotated[str, Doc("What the area is called; each name once a chart. Example: Floor")]
    capacity: Annotated[int, Doc("How many people it holds. Example: 120")]


class ChartArea(_Area, total=False):
    """So many places without numbers. Without a `category`, of that named like the area."""

    category: Annotated[str, Doc("What decides its price; without it the area's name. Example: Standing")]


@action("seating_chart.create", needs=Needs("manage_tickets", on="space"))
def create_chart(
    *,
    space: Space,
    name: Annotated[str, Doc("What the chart is called; each name once a space. Example: End stage")],
    rows: Annotated[list[ChartRow], Doc("The rows of numbered seats; may be empty where there are areas.")],
    areas: Annotated[list[ChartArea], Doc("The areas without numbered seats; may be empty where there are rows.")],
) -> SeatingChart:
    """Create a seating chart of a space. Its seats and areas are given at once and stay.

    Refused: no place at all, more than 20,000 seats, a seat key or a place twice, a row that has both or neither of
    `seats` and `count`, a name that the space has already.
    """
    planned = [seat for place, row in enumerate(rows) for seat in _planned(row, f"rows.{place}")]
    if not planned and not areas:
        raise Invalid("A chart has at least one seat or area.", code="required", field="rows")
    if len(planned) > MOST_SEATS:
        raise Invalid(f"A chart has at most {MOST_SEATS:,} seats.", code="too_many_seats", field="rows")
    chart = SeatingChart(space=space, name=name)
    chart.save()
    Seat.objects.bulk_create(
        [
            Seat(
                chart=chart, key=seat.key, zone=seat.zone, row=seat.row, number=seat.number, label=seat.label,
                category=seat.category, x=seat.x, y=seat.y,
            )
            for seat in planned
        ],
        batch_size=1000,
    )  # fmt: skip
    Area.objects.bulk_create(
        [
            Area(
                chart=chart, name=area["name"], capacity=area["capacity"], category=area.get("category") or area["name"]
            )
            for area in areas
        ]
    )
    return chart


def rows_of(plan: Plan) -> list[ChartRow]:
    """A plan as `create_chart` takes it."""
    return [
        {
            "zone": zone,
            "row": row,
            "category": category,
            "seats": [
                {"number": seat.number, "x": _decimal(seat.x), "y": _decimal(seat.y), "key": seat.key} for seat in seats
            ],
        }
        for (zone, row, category), seats in groupby(plan.seats, key=lambda seat: (seat.zone, seat.row, seat.category))
    ]


def _planned(row: ChartRow, path: str) -> list[PlannedSeat]:
    zone, name = row.get("zone", ""), row.get("row", "")
    category = row.get("category") or zone or "Seats"
    if ("seats" in row) == ("count" in row):
        raise Invalid("Give the seats of a row, or how many there are.", code="seats_or_count", field=path)
    if "seats" in row:
        listed = [(seat["number"], seat["x"], seat["y"], seat.get("key", "")) for seat in row["seats"]]
    else:
        if not 1 <= row["count"] <= 1000:
            raise Invalid("Between 1 and 1000, please.", code="out_of_range", field=f"{path}.count")
        x, y = row.get("x", Decimal(0)), row.get("y", Decimal(0))
        listed = [(str(number), x + number - 1, y, "") for number in range(1, row["count"] + 1)]
    return [
        PlannedSeat(key or f"{zone}-{name}-{number}", zone, name, number, category, float(x), float(y))
        for number, x, y, key in listed
    ]


def _decimal(value: float) -> Decimal:
    return round(Decimal(value), 4)

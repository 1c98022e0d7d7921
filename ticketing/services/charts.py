"""Create seating charts. A chart is created with all its seats and areas, and does not change."""

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


# Required keys are in a class of their own: NotRequired is ignored when annotations are strings.
class _Seat(TypedDict):
    number: Annotated[str, Doc("The seat's number, as the ticket shows it. Example: 4")]
    x: Annotated[Decimal, Doc("Its position across the hall, in units of the plan. Example: 12.5")]
    y: Annotated[Decimal, Doc("Its position along the hall, in units of the plan; 0 is at the stage. Example: 3")]


class ChartSeat(_Seat, total=False):
    """One seat. Coordinates are absolute."""

    key: Annotated[
        str,
        Doc("A permanent name of the seat, unique in the chart; the default is zone, row and number. Example: A-2-4"),
    ]


class ChartRow(TypedDict, total=False):
    """A row of listed `seats`, or of `count` seats that are numbered from 1 and one unit apart, starting at (`x`, `y`)."""

    zone: Annotated[str, Doc("The part of the hall. Example: Stalls")]
    row: Annotated[str, Doc("The row's name; may be empty. Example: 2")]
    category: Annotated[str, Doc("The category, which has a price; the default is the zone. Example: Premium")]
    seats: Annotated[list[ChartSeat], Doc("The seats of the row, instead of `count`.")]
    count: Annotated[int, Doc("The number of seats, numbered from 1, instead of `seats`; at most 1000. Example: 20")]
    x: Annotated[
        Decimal, Doc("With `count`: the position of the first seat across the hall, in units of the plan. Example: 0")
    ]
    y: Annotated[Decimal, Doc("With `count`: the position of the row along the hall, in units of the plan. Example: 3")]


class _Area(TypedDict):
    name: Annotated[str, Doc("The name of the area, unique in the chart. Example: Floor")]
    capacity: Annotated[int, Doc("The number of people that it holds. Example: 120")]


class ChartArea(_Area, total=False):
    """A general admission area: a capacity without numbered seats."""

    category: Annotated[
        str, Doc("The category, which has a price; the default is the name of the area. Example: Standing")
    ]


@action("seating_chart.create", needs=Needs("manage_tickets", on="space"))
def create_chart(
    *,
    space: Space,
    name: Annotated[str, Doc("The name of the chart, unique in the space. Example: End stage")],
    rows: Annotated[list[ChartRow], Doc("The rows of numbered seats; may be empty if there are areas.")],
    areas: Annotated[list[ChartArea], Doc("The areas without numbered seats; may be empty if there are rows.")],
) -> SeatingChart:
    """Create a seating chart of a space with all its seats and areas. They cannot be changed later.

    Errors: `required` without seats and areas; `too_many_seats` for more than 20,000; `seats_or_count` for a row with both or
    none of `seats` and `count`; `out_of_range` for a `count`; `seat_key_repeated`, `seat_repeated`, `area_repeated`;
    `chart_name_taken`.
    """
    planned = [seat for position, row in enumerate(rows) for seat in _planned(row, f"rows.{position}")]
    if not planned and not areas:
        raise Invalid("A chart needs at least one seat or area.", code="required", field="rows")
    if len(planned) > MOST_SEATS:
        raise Invalid(
            f"The chart has {len(planned):,} seats. The limit is {MOST_SEATS:,}.", code="too_many_seats", field="rows"
        )
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
    """The rows of a plan as inputs of `create_chart`."""
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
    """The seats of a row. `path` is the row's field in errors. Raises Invalid: `seats_or_count`, `out_of_range`."""
    zone, name = row.get("zone", ""), row.get("row", "")
    category = row.get("category") or zone or "Seats"
    if ("seats" in row) == ("count" in row):
        raise Invalid("Give either the seats of the row or their count.", code="seats_or_count", field=path)
    if "seats" in row:
        seats = [(seat["number"], seat["x"], seat["y"], seat.get("key", "")) for seat in row["seats"]]
    else:
        if not 1 <= row["count"] <= 1000:
            raise Invalid("Enter a number from 1 to 1000.", code="out_of_range", field=f"{path}.count")
        x, y = row.get("x", Decimal(0)), row.get("y", Decimal(0))
        seats = [(str(number), x + number - 1, y, "") for number in range(1, row["count"] + 1)]
    return [
        PlannedSeat(key or f"{zone}-{name}-{number}", zone, name, number, category, float(x), float(y))
        for number, x, y, key in seats
    ]


def _decimal(value: float) -> Decimal:
    return round(Decimal(value), 4)

"""Seating plans as data: a simple layout of rows, or a file in pretix's seating plan JSON.

What is read is what a hall needs to be sold: seats with their zone, row, number, category and coordinates.
Decorations (`areas` of that format) are left out; nothing in it reports standing room.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from theater_site.core.errors import DomainError, Invalid, all_of

MOST_SEATS = 20_000
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    """One seat of a plan; `x` and `y` are absolute, in the plan's units, y downward. `row` may be ""."""

    key: str
    zone: str
    row: str
    number: str
    category: str
    x: float
    y: float

    @property
    def label(self) -> str:
        """What a ticket says: "Stalls, row 4, seat 12"; parts that have no name are left out."""
        row = f"row {self.row}" if self.row else ""
        return ", ".join(part for part in (self.zone, row, f"seat {self.number}") if part)


@dataclass(frozen=True, slots=True)
class Plan:
    """A hall's seats, each key and each (zone, row, number) once."""

    name: str
    seats: tuple[PlannedSeat, ...]

    @property
    def categories(self) -> list[str]:
        """In the order of their first seats."""
        return list(dict.fromkeys(seat.category for seat in self.seats))


def simple_layout(*, zone: str, rows: int, seats_per_row: int, category: str = "", first_y: float = 0) -> Plan:
    """`rows` straight rows named 1, 2, ... from the stage, each of seats 1, 2, ... from the left, one unit
    apart.

    The category is the zone's name unless given. Invalid: fewer than one or more than 200 rows, 500 seats a
    row.
    """
    for count, most, field in ((rows, 200, "rows"), (seats_per_row, 500, "seats_per_row")):
        if not 1 <= count <= most:
            raise Invalid(f"Between 1 and {most}, please.", code="out_of_range", field=field)
    return Plan(
        zone,
        tuple(
            PlannedSeat(
                f"{zone}-{row}-{seat}", zone, str(row), str(seat), category or zone, seat - 1.0, first_y + row - 1.0
            )
            for row in range(1, rows + 1)
            for seat in range(1, seats_per_row + 1)
        ),
    )


def parse(text: str | bytes) -> Plan:
    """The plan that a file in pretix's seating plan JSON describes.

    Taken as they come: rows without a name ("" or "-"), negative coordinates, names in any script, places
    with coordinates and a number only. A missing guid is made of zone, row and number. Refused with one
    Invalid that lists the first faults by their path ("zones.0.rows.2.seats.5.position"): what is not JSON, a
    wrong type, a seat without number or position, coordinates that are no finite numbers, repeated guids or
    places, no seats at all, more than 20,000.
    """
    try:
        plan = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"This is not JSON: {error}.", code="not_json") from error
    faults: list[DomainError] = []
    if not isinstance(plan, Mapping):
        raise Invalid("A seating plan is a JSON object.", code="not_an_object")
    seats = tuple(_seats(plan, faults))
    if not faults:
        faults += _repeated(seats)
    if not faults and not seats:
        faults.append(Invalid("There are no seats in this plan.", code="no_seats", field="zones"))
    if len(seats) > MOST_SEATS:
        faults.append(Invalid(f"A plan has at most {MOST_SEATS:,} seats.", code="too_many_seats", field="zones"))
    all_of(faults[:_MOST_FAULTS], message="This seating plan cannot be read.")
    return Plan(_text(plan.get("name")), seats)


def _seats(plan: Mapping[str, Any], faults: list[DomainError]) -> Iterator[PlannedSeat]:
    for zone, zone_path in _objects(plan, "zones", "", faults, needed=True):
        zone_at = _point(zone, zone_path, faults, needed=False)
        name = _text(zone.get("name")).strip()
        for row, row_path in _objects(zone, "rows", zone_path, faults):
            row_at = _point(row, row_path, faults, needed=False)
            row_name = _row_name(row)
            for seat, path in _objects(row, "seats", row_path, faults):
                at = _point(seat, path, faults, needed=True)
                number = _text(seat.get("seat_number")).strip()
                if not number:
                    faults.append(Invalid("A seat needs a seat_number.", code="required", field=f"{path}.seat_number"))
                if at is None or zone_at is None or row_at is None or not number:
                    continue
                key = _text(seat.get("seat_guid")).strip() or f"{name}-{row_name}-{number}"
                category = _text(seat.get("category")).strip() or name or "Seats"
                x, y = zone_at[0] + row_at[0] + at[0], zone_at[1] + row_at[1] + at[1]
                yield PlannedSeat(key, name, row_name, number, category, x, y)


def _row_name(row: Mapping[str, Any]) -> str:
    name = _text(row.get("row_label")).strip() or _text(row.get("row_number")).strip()
    return "" if name == "-" else name


def _objects(
    parent: Mapping[str, Any], name: str, path: str, faults: list[DomainError], *, needed: bool = False
) -> Iterator[tuple[Mapping[str, Any], str]]:
    here = f"{path}.{name}" if path else name
    listed = parent.get(name)
    if listed is None and not needed:
        return
    if not isinstance(listed, list):
        faults.append(Invalid("This must be a list.", code="not_a_list", field=here))
        return
    for place, item in enumerate(listed):
        if isinstance(item, Mapping):
            yield item, f"{here}.{place}"
        else:
            faults.append(Invalid("This must be an object.", code="not_an_object", field=f"{here}.{place}"))


def _point(
    item: Mapping[str, Any], path: str, faults: list[DomainError], *, needed: bool
) -> tuple[float, float] | None:
    at = item.get("position")
    if at is None and not needed:
        return 0.0, 0.0
    if isinstance(at, Mapping) and _is_number(at.get("x")) and _is_number(at.get("y")):
        return float(at["x"]), float(at["y"])
    faults.append(Invalid('A position is {"x": number, "y": number}.', code="bad_position", field=f"{path}.position"))
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e9


def _text(value: Any) -> str:
    """Numbers are taken for text where text is meant: other writers of the format leave the quotes out."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _repeated(seats: tuple[PlannedSeat, ...]) -> Iterator[DomainError]:
    keys: set[str] = set()
    places: set[tuple[str, str, str]] = set()
    for seat in seats:
        place = (seat.zone, seat.row, seat.number)
        if seat.key in keys:
            yield Invalid(f"The seat_guid {seat.key!r} is used twice.", code="seat_key_repeated", field="zones")
        elif place in places:
            yield Invalid(f"{seat.label} is there twice.", code="seat_repeated", field="zones")
        keys.add(seat.key)
        places.add(place)

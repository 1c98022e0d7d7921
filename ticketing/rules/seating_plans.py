"""Seating plans as data: a simple layout of rows, or a file in pretix's seating plan JSON.

Seats are read with their zone, row, number, category and coordinates. The `areas` of pretix's format are decorations and
are ignored; the format has no general admission.
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
    """One seat of a plan. `x` and `y` are absolute, in units of the plan, y downward. `row` may be ""."""

    key: str
    zone: str
    row: str
    number: str
    category: str
    x: float
    y: float

    @property
    def label(self) -> str:
        """The text for tickets: "Stalls, row 4, seat 12", without empty parts."""
        row = f"row {self.row}" if self.row else ""
        return ", ".join(part for part in (self.zone, row, f"seat {self.number}") if part)


@dataclass(frozen=True, slots=True)
class Plan:
    """The seats of a hall. Keys are unique, and so are (zone, row, number)."""

    name: str
    seats: tuple[PlannedSeat, ...]

    @property
    def categories(self) -> list[str]:
        """The categories, in the order of their first seats."""
        return list(dict.fromkeys(seat.category for seat in self.seats))


def simple_layout(*, zone: str, rows: int, seats_per_row: int, category: str = "", first_y: float = 0) -> Plan:
    """A plan of straight rows 1, 2, ... from the stage, with seats 1, 2, ... from the left, one unit apart.

    The default category is the zone. Raises Invalid `out_of_range` for more than 200 rows or 500 seats per row.
    """
    for count, limit, field in ((rows, 200, "rows"), (seats_per_row, 500, "seats_per_row")):
        if not 1 <= count <= limit:
            raise Invalid(f"Enter a number from 1 to {limit}.", code="out_of_range", field=field)
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
    """The plan in a file of pretix's seating plan JSON.

    Rows may be without a name ("" or "-"), coordinates negative, names in any script. A missing guid is made of zone, row and
    number.

    Raises Invalid, with the first 20 faults by path ("zones.0.rows.2.seats.5.position"): `not_json`, `not_an_object`,
    `not_a_list`, `required` for a seat without a number, `bad_position`, `seat_key_repeated`, `seat_repeated`, `no_seats`,
    `too_many_seats` for more than 20,000.
    """
    try:
        plan = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"This is not JSON: {error}.", code="not_json") from error
    faults: list[DomainError] = []
    if not isinstance(plan, Mapping):
        raise Invalid("A seating plan must be a JSON object.", code="not_an_object")
    seats = tuple(_seats(plan, faults))
    if not faults:
        faults += _repetitions(seats)
    if not faults and not seats:
        faults.append(Invalid("This plan has no seats.", code="no_seats", field="zones"))
    if len(seats) > MOST_SEATS:
        message = f"The plan has {len(seats):,} seats. The limit is {MOST_SEATS:,}."
        faults.append(Invalid(message, code="too_many_seats", field="zones"))
    all_of(faults[:_MOST_FAULTS], message="This seating plan has errors. Fix each of them.")
    return Plan(_text(plan.get("name")), seats)


def _seats(plan: Mapping[str, Any], faults: list[DomainError]) -> Iterator[PlannedSeat]:
    """The correct seats of the plan. Adds errors to `faults`."""
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
    """The objects in the list `name` of `parent`, with their paths."""
    list_path = f"{path}.{name}" if path else name
    items = parent.get(name)
    if items is None and not needed:
        return
    if not isinstance(items, list):
        faults.append(Invalid("This must be a list.", code="not_a_list", field=list_path))
        return
    for position, item in enumerate(items):
        if isinstance(item, Mapping):
            yield item, f"{list_path}.{position}"
        else:
            faults.append(Invalid("This must be an object.", code="not_an_object", field=f"{list_path}.{position}"))


def _point(
    item: Mapping[str, Any], path: str, faults: list[DomainError], *, needed: bool
) -> tuple[float, float] | None:
    """The `position` of `item`; (0, 0) if it is absent and not needed; None if it is wrong."""
    position = item.get("position")
    if position is None and not needed:
        return 0.0, 0.0
    if isinstance(position, Mapping) and _is_number(position.get("x")) and _is_number(position.get("y")):
        return float(position["x"]), float(position["y"])
    message = 'A position must be {"x": number, "y": number}.'
    faults.append(Invalid(message, code="bad_position", field=f"{path}.position"))
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e9


def _text(value: Any) -> str:
    """`value` as text. Some programs write numbers instead of texts, so numbers are accepted."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _repetitions(seats: tuple[PlannedSeat, ...]) -> Iterator[DomainError]:
    keys: set[str] = set()
    names: set[tuple[str, str, str]] = set()
    for seat in seats:
        name = (seat.zone, seat.row, seat.number)
        if seat.key in keys:
            yield Invalid(f"Two seats have the seat_guid {seat.key!r}.", code="seat_key_repeated", field="zones")
        elif name in names:
            yield Invalid(f"Two seats are {seat.label}.", code="seat_repeated", field="zones")
        keys.add(seat.key)
        names.add(name)

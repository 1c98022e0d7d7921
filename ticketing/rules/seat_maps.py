"""The seat map of a performance as data, and as lines of text. `seat_map_drawing` draws it as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import dist
from typing import NamedTuple

# The states in the order of the legend, with their word and their character in the text map.
STATES: dict[str, tuple[str, str]] = {
    "free": ("free", "o"),
    "own": ("yours", "@"),
    "held": ("held", "h"),
    "sold": ("sold", "x"),
    "blocked": ("blocked", "#"),
    "not_for_sale": ("not for sale", "-"),
}


class MapSeat(NamedTuple):
    """A seat of the map. `price` is a position in `SeatMap.prices`; None if the seat is not sold."""

    id: int
    zone: str
    row: str
    number: str
    x: float
    y: float
    price: int | None
    state: str


class MapArea(NamedTuple):
    """A general admission area with its free capacity. `price` is as in `MapSeat`."""

    name: str
    capacity: int
    left: int
    price: int | None


class MapPrice(NamedTuple):
    """A price category: its name, and its price as text: "25.00 EUR"."""

    name: str
    price: str


@dataclass(frozen=True, slots=True)
class SeatMap:
    """What is drawn. The seats of a row follow each other."""

    title: str
    subtitle: str
    prices: Sequence[MapPrice]
    seats: Sequence[MapSeat]
    areas: Sequence[MapArea]

    @property
    def counts(self) -> Counter[str]:
        """The number of seats in each state."""
        return Counter(seat.state for seat in self.seats)

    @property
    def summary(self) -> str:
        """The number of free seats and of free capacity, as one sentence."""
        parts = []
        if self.seats:
            parts.append(f"{self.counts['free']} of {counted(len(self.seats), 'seat')} free")
        parts += [f"{area.left} of {area.capacity} left in {area.name}" for area in self.areas]
        return ", ".join(parts)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@lru_cache(maxsize=64)
def pitch(points: tuple[tuple[float, float], ...]) -> float:
    """The usual distance between neighboring seats, in units of the plan: a lower quantile, so that few symbols overlap.

    1 where there is none, as with a single seat. Cached, since a chart does not change.
    """
    ordered = sorted(set(points))
    nearest = [float("inf")] * len(ordered)
    for index, (x, y) in enumerate(ordered):
        for other in range(index + 1, len(ordered)):
            across = ordered[other][0] - x
            if across >= nearest[index]:
                break
            apart = dist((x, y), ordered[other])
            nearest[index], nearest[other] = min(nearest[index], apart), min(nearest[other], apart)
    known = sorted(apart for apart in nearest if apart != float("inf"))
    return known[len(known) // 10] if known else 1.0


def rows_of(seats: Iterable[MapSeat]) -> list[tuple[str, str, list[MapSeat]]]:
    """The zone, the name and the seats of each row, in the order of the plan."""
    return [(zone, row, list(group)) for (zone, row), group in groupby(seats, key=lambda seat: (seat.zone, seat.row))]


def as_text(seat_map: SeatMap) -> str:
    """The map as lines: a character for each seat, a gap where the row has one, then the areas, the prices and a legend."""
    lines = [seat_map.title, seat_map.subtitle, seat_map.summary]
    usual = pitch(tuple((seat.x, seat.y) for seat in seat_map.seats))
    rows = rows_of(seat_map.seats)
    width = max((len(row) for _, row, _ in rows), default=0)
    left = min((seat.x for seat in seat_map.seats), default=0.0)
    for zone, of_zone in groupby(rows, key=lambda row: row[0]):
        lines += ["", zone] if zone else [""]
        for _, row, seats in of_zone:
            lines.append(f"  {row:>{width}}  {_row(seats, left, usual)}".rstrip())
    if seat_map.areas:
        lines.append("")
    lines += [f"{area.name}: {area.left} of {area.capacity} left" for area in seat_map.areas]
    lines += ["", *(f"{price.name}: {price.price}" for price in seat_map.prices)]
    counts = seat_map.counts
    legend = [f"{sign} {word} ({counts[state]})" for state, (word, sign) in STATES.items() if counts[state]]
    return "\n".join([*lines, "  ".join(legend)]).rstrip() + "\n"


def _row(seats: list[MapSeat], left: float, usual: float) -> str:
    """The signs of a row, two columns for each seat where the row is straight, one otherwise."""
    signs = [(seat.x, STATES[seat.state][1]) for seat in seats]
    xs = [x for x, _ in signs]
    straight = xs == sorted(xs) and max(seat.y for seat in seats) - min(seat.y for seat in seats) < usual / 2
    if not straight or (xs[-1] - left) / usual > 200:
        return " ".join(sign for _, sign in signs)
    line = ""
    for x, sign in signs:
        column = 2 * round((x - left) / usual)
        line = (line.ljust(column) if column > len(line) else line + " " if line else line) + sign
    return line

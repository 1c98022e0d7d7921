"""Draw a seat map as SVG.

It is readable without color: the shape of a seat is its price category, what is in the shape is its state (a number,
stripes, a cross, a bar). Assistive programs read a label for each seat, row, section and area. The colors follow the
reader's light or dark scheme.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import groupby
from math import dist, hypot
from typing import NamedTuple

from ticketing.rules.seat_maps import STATES, MapArea, MapSeat, SeatMap, counted, pitch, rows_of

# The distance of neighboring seats, in units of the drawing. All other sizes are relative to it.
_CELL = 24.0
_LEAST_WIDTH = 480.0
# What XML 1.0 does not allow, escaped or not.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A shape for each price category; more categories than shapes begin again, in another color.
_SHAPES = (
    '<circle r="10"/>',
    '<rect x="-9" y="-9" width="18" height="18" rx="2"/>',
    '<path d="M0-11 11 0 0 11-11 0Z"/>',
    '<path d="M-5-10H5L11 0 5 10H-5L-11 0Z"/>',
    '<path d="M-10-8H10L6 9H-6Z"/>',
    '<path d="M-9-3 0-11 9-3V9H-9Z"/>',
)
# Fill and text of free seats, in the light and the dark scheme; each pair has a contrast of at least 4.5.
_COLORS = (
    ("#0b5cad", "#fff", "#8cc4ff", "#111"),
    ("#9a4a00", "#fff", "#ffbe7d", "#111"),
    ("#00694f", "#fff", "#6fdcb8", "#111"),
    ("#8b2475", "#fff", "#f3a6e0", "#111"),
    ("#5d4b00", "#fff", "#e8d66b", "#111"),
    ("#444c9c", "#fff", "#b9bfff", "#111"),
    ("#a3243b", "#fff", "#ff9dac", "#111"),
)
_STYLE = """
svg{--ground:#fff;--ink:#1a1a1a;--pale:#d9d9d9;--line:#5f5f5f;background:var(--ground);
font-family:system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
text{fill:var(--ink);text-anchor:middle}
.name{paint-order:stroke;stroke:var(--ground);stroke-width:4px;stroke-linejoin:round}
.section{font-weight:600}
.seat,.key{stroke:var(--line);stroke-width:1.5}
.seat text,.key text{font-size:9px;stroke:none}
.free{fill:var(--fill);stroke:var(--fill)}
.free text{fill:var(--on)}
.held{fill:url(#stripes)}
.sold{fill:var(--pale)}
.blocked{fill:var(--pale)}
.not_for_sale{fill:none;stroke-dasharray:2 3}
.own{fill:var(--ground);stroke:var(--ink);stroke-width:4}
.mark{fill:none;stroke:var(--ink);stroke-width:2.5;stroke-dasharray:none}
.room{fill:var(--ground);stroke:var(--line);stroke-width:1.5}
.taken{fill:url(#stripes);stroke:none}
.stripe{stroke:var(--line);stroke-width:2}
.left{text-anchor:start}
"""
_DARK = "svg{--ground:#141414;--ink:#f2f2f2;--pale:#4a4a4a;--line:#a8a8a8}"
# What is drawn over the shape of a seat, by state.
_MARKS = {
    "sold": '<path class="mark" d="M-5-5 5 5M5-5-5 5"/>',
    "blocked": '<path class="mark" d="M-7 0H7"/>',
    "own": '<path class="mark" d="M-5 0-1 4 5-4"/>',
}


class _Place(NamedTuple):
    """A seat with its position in the drawing."""

    seat: MapSeat
    x: float
    y: float

    @property
    def at(self) -> tuple[float, float]:
        return self.x, self.y


def draw(seat_map: SeatMap) -> str:
    """The map as an SVG document. Every text of it is escaped."""
    size = _pitch_of(seat_map.seats)
    left = min((seat.x for seat in seat_map.seats), default=0.0)
    top = min((seat.y for seat in seat_map.seats), default=0.0)
    span = max((seat.x for seat in seat_map.seats), default=0.0) - left
    width = max(span / size * _CELL + 6 * _CELL, _LEAST_WIDTH)
    font = width / 36
    margin = (width - span / size * _CELL) / 2
    seats_top = 3.6 * font + 2.5 * _CELL

    def place(seat: MapSeat) -> _Place:
        return _Place(seat, (seat.x - left) / size * _CELL + margin, (seat.y - top) / size * _CELL + seats_top)

    places = [place(seat) for seat in seat_map.seats]
    y = max((one.y for one in places), default=3.6 * font) + 2 * _CELL
    parts = [_text(width / 2, 1.5 * font, seat_map.title, 1.2 * font, "section")]
    parts.append(_text(width / 2, 2.8 * font, seat_map.subtitle, 0.9 * font))
    parts += _sections(seat_map, places)
    for area in seat_map.areas:
        parts.append(_area(seat_map, area, y, width, font))
        y += 4.4 * font
    legend, height = _legend(seat_map, y, width, font)
    return "".join([_head(seat_map, width, height), *parts, legend, "</svg>\n"])


def _pitch_of(seats: Iterable[MapSeat]) -> float:
    return pitch(tuple((seat.x, seat.y) for seat in seats))


def _head(seat_map: SeatMap, width: float, height: float) -> str:
    shapes = "".join(f'<g id="s{number}">{shape}</g>' for number, shape in enumerate(_SHAPES))
    light, dark = _STYLE, _DARK
    for number, (fill, on, dark_fill, dark_on) in enumerate(_COLORS):
        light += f".c{number}{{--fill:{fill};--on:{on}}}"
        dark += f".c{number}{{--fill:{dark_fill};--on:{dark_on}}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" role="graphics-document document"'
        f' aria-roledescription="seat map" aria-labelledby="title summary">'
        f'<title id="title">{_escaped(f"{seat_map.title}, {seat_map.subtitle}")}</title>'
        f'<desc id="summary">{_escaped(seat_map.summary)}</desc>'
        f"<style>{light}@media (prefers-color-scheme:dark){{{dark}}}</style>"
        '<defs><pattern id="stripes" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<path class="stripe" d="M0 0V5"/></pattern>{shapes}</defs>'
    )


# --- Seats ------------------------------------------------------------------------------------------------------


def _sections(seat_map: SeatMap, places: list[_Place]) -> Iterator[str]:
    """Each section with its rows and seats, then its name, so that no seat covers it."""
    label = _labels(seat_map)
    start = 0
    for zone, rows in groupby(rows_of(seat_map.seats), key=lambda row: row[0]):
        in_zone: list[_Place] = []
        name = f' aria-label="{_escaped(zone)}"' if zone else ""
        yield f'<g role="group"{name}>'
        names: list[_Name] = []
        for _, row, seats in rows:
            of_row = places[start : start + len(seats)]
            start += len(seats)
            in_zone += of_row
            yield f'<g role="group" aria-label="Row {_escaped(row)}">' if row else "<g>"
            yield from (_seat(one, label(one.seat)) for one in of_row)
            yield "</g>"
            if row:
                names += _row_names(row, of_row)
        yield from (_text(one.x, one.y + one.size / 3, one.words, one.size, "name", hidden=True) for one in names)
        if zone:
            # Above the seats nearest to the top: the middle of a section that is bent is in another one.
            top = min(one.y for one in in_zone)
            highest = [one.x for one in in_zone if one.y < top + _CELL / 2]
            y = min([top, *(one.y for one in names)]) - 0.9 * _CELL
            yield _text((min(highest) + max(highest)) / 2, y, zone, 16, "name section", hidden=True)
        yield "</g>"


def _labels(seat_map: SeatMap) -> Callable[[MapSeat], str]:
    """A function that returns the label of a seat, escaped: its place, its state and, where it has one, its price."""
    prices = [_escaped(f", {price.name}, {price.price}") for price in seat_map.prices]

    def label(seat: MapSeat) -> str:
        zone = f"{_escaped(seat.zone)}, " if seat.zone else ""
        row = f"row {_escaped(seat.row)}, " if seat.row else ""
        price = prices[seat.price] if seat.price is not None else ""
        return f"{zone}{row}seat {_escaped(seat.number)}: {STATES[seat.state][0]}{price}"

    return label


def _seat(one: _Place, label: str) -> str:
    seat = one.seat
    number = f'<text y="3">{_escaped(seat.number)}</text>' if seat.state == "free" and len(seat.number) < 4 else ""
    return (
        f'<g role="img" aria-label="{label}" class="seat {seat.state} {_color(seat.price)}" data-seat="{seat.id}"'
        f' transform="translate({_n(one.x)} {_n(one.y)})"><title>{label}</title>{_symbol(seat.price, seat.state)}{number}</g>'
    )


def _symbol(price: int | None, state: str) -> str:
    return f'<use href="#s{(price or 0) % len(_SHAPES)}"/>{_MARKS.get(state, "")}'


def _color(price: int | None) -> str:
    return f"c{(price or 0) % len(_COLORS)}"


class _Name(NamedTuple):
    """The name of a row with the middle of its text."""

    words: str
    x: float
    y: float
    size: float = 12


def _row_names(name: str, row: list[_Place]) -> list[_Name]:
    """The name of a row: beyond both of its ends, or in the middle of seats around a table, as small as it must be."""
    first, last = row[0], row[-1]
    longest = max(dist(first.at, one.at) for one in row)
    if len(row) > 2 and dist(first.at, last.at) < 0.75 * longest:
        x, y = sum(one.x for one in row) / len(row), sum(one.y for one in row) / len(row)
        room = 2 * (min(dist((x, y), one.at) for one in row) - _CELL / 2)
        return [_Name(name, x, y, min(12.0, max(6.0, room / (0.6 * len(name)))))]
    if len(row) == 1:
        return [_Name(name, first.x - _CELL, first.y)]
    return [_Name(name, *_beyond(first, row[1])), _Name(name, *_beyond(last, row[-2]))]


def _beyond(end: _Place, neighbor: _Place) -> tuple[float, float]:
    across, along = end.x - neighbor.x, end.y - neighbor.y
    far = hypot(across, along) or 1.0
    return end.x + across / far * 0.95 * _CELL, end.y + along / far * 0.95 * _CELL


# --- Areas and legend ---------------------------------------------------------------------------------------


def _area(seat_map: SeatMap, area: MapArea, y: float, width: float, font: float) -> str:
    """A box with the name of the area. Its striped part is the taken capacity."""
    across = width - 4 * _CELL
    taken = across * (1 - area.left / area.capacity) if area.capacity else across
    price = seat_map.prices[area.price] if area.price is not None else None
    words = f"{area.left} of {area.capacity} left, {price.name}, {price.price}" if price else "not for sale"
    box = f'x="{_n(2 * _CELL)}" height="{_n(0.7 * font)}" rx="3"'
    return (
        f'<g role="img" aria-label="{_escaped(f"{area.name}: {words}")}">'
        + _text(width / 2, y + font, area.name, font, "section")
        + _text(width / 2, y + 2.1 * font, words, 0.85 * font)
        + f'<rect class="room" {box} y="{_n(y + 2.6 * font)}" width="{_n(across)}"/>'
        + f'<rect class="taken" {box} y="{_n(y + 2.6 * font)}" width="{_n(taken)}"/></g>'
    )


def _legend(seat_map: SeatMap, y: float, width: float, font: float) -> tuple[str, float]:
    """The legend below `y`, and the height of the whole drawing."""
    counts = seat_map.counts
    items = []
    for number, price in enumerate(seat_map.prices):
        free = sum(1 for seat in seat_map.seats if seat.price == number and seat.state == "free")
        seats = f" ({counted(free, 'seat')} free)" if any(seat.price == number for seat in seat_map.seats) else ""
        items.append((_key(number, "free"), f"{price.name}: {price.price}{seats}"))
    for state, (word, _) in STATES.items():
        if counts[state] and state != "free":
            items.append((_key(0, state), f"{word} ({counts[state]})"))
    columns = 2 if max((len(words) for _, words in items), default=0) < 30 else 1
    parts = ['<g role="group" aria-label="Legend">', _text(_CELL, y + font, "Legend", font, "section left")]
    for position, (symbol, words) in enumerate(items):
        x = _CELL + position % columns * width / 2
        line = y + (2.7 + position // columns * 1.7) * font
        scale = font / 18
        parts.append(
            f'<g transform="translate({_n(x + 0.6 * font)} {_n(line - 0.35 * font)}) scale({_n(scale)})">{symbol}</g>'
        )
        parts.append(_text(x + 1.6 * font, line, words, 0.9 * font, "left"))
    height = y + (2.7 + -(-len(items) // columns) * 1.7) * font
    return "".join([*parts, "</g>"]), height


def _key(price: int, state: str) -> str:
    return f'<g class="key {state} {_color(price)}" aria-hidden="true">{_symbol(price, state)}</g>'


# --- Text -----------------------------------------------------------------------------------------------------


def _text(x: float, y: float, words: str, size: float, kind: str = "", *, hidden: bool = False) -> str:
    """A text. `hidden` is one that a label repeats, for programs that read aloud."""
    named = f' class="{kind}"' if kind else ""
    aria = ' aria-hidden="true"' if hidden else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{named}{aria}>{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    return escape(_FORBIDDEN.sub("", words))


def _n(value: float) -> str:
    """A number of the drawing, with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")

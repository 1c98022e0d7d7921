"""The seat map as SVG and as text: what is drawn, that it is well-formed, and that no text leaves its place."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from math import cos, pi, sin

from hypothesis import given
from hypothesis import strategies as st

from ticketing.rules.seat_map_drawing import draw
from ticketing.rules.seat_maps import STATES, MapArea, MapPrice, MapSeat, SeatMap, as_text, pitch

SVG = "{http://www.w3.org/2000/svg}"
PRICES = [MapPrice("Stalls", "25.00 EUR"), MapPrice("Balcony", "12.50 EUR")]


def plan(seats=(), areas=(), **given):
    values = {"title": "The Seagull", "subtitle": "2027-03-14 19:30, Main stage", "prices": PRICES}
    return SeatMap(seats=list(seats), areas=list(areas), **{**values, **given})


def seat(key=1, **given):
    values = {
        "id": key, "zone": "Stalls", "row": "A", "number": str(key), "x": key - 1.0, "y": 0.0, "price": 0,
        "state": "free",
    }  # fmt: skip
    return MapSeat(**{**values, **given})


def read(drawn):
    return ET.fromstring(drawn)


def symbols(root):
    """The shapes and marks of each seat, by the id of the seat."""
    return {
        one.get("data-seat"): ET.tostring(one.find(f"{SVG}use")) + b"".join(map(ET.tostring, one.findall(f"{SVG}path")))
        for one in root.iter(f"{SVG}g")
        if one.get("data-seat")
    }


def test_each_seat_row_section_and_area_has_a_label():
    seats = [seat(1), seat(2, state="sold"), seat(3, zone="Balcony", row="", state="not_for_sale", price=None)]
    root = read(draw(plan(seats, [MapArea("Floor", 10, 4, 1), MapArea("Pit", 5, 0, None)])))
    labels = [one.get("aria-label") for one in root.iter() if one.get("aria-label")]
    assert labels == [
        "Stalls", "Row A", "Stalls, row A, seat 1: free, Stalls, 25.00 EUR", "Stalls, row A, seat 2: sold, Stalls, 25.00 EUR",
        "Balcony", "Balcony, seat 3: not for sale", "Floor: 4 of 10 left, Balcony, 12.50 EUR", "Pit: not for sale", "Legend",
    ]  # fmt: skip
    assert root.find(f"{SVG}title").text == "The Seagull, 2027-03-14 19:30, Main stage"
    assert root.find(f"{SVG}desc").text == "1 of 3 seats free, 4 of 10 left in Floor, 0 of 5 left in Pit"
    assert {root.get("aria-labelledby")} == {"title summary"}
    assert "prefers-color-scheme:dark" in root.find(f"{SVG}style").text


def test_states_and_prices_differ_without_color():
    seats = [seat(n, state=state) for n, state in enumerate(STATES, start=1)]
    root = read(draw(plan([*seats, seat(10, price=1)])))
    drawn = symbols(root)
    style = root.find(f"{SVG}style").text
    # Stripes, and a dashed outline without a filling, are of the style; the others have a mark or a number.
    assert ".held{fill:url(#stripes)}" in style
    assert "stroke-dasharray:2 3" in style
    assert len({drawn[str(number)] for number in (2, 4, 5)}) == 3
    assert drawn["1"] != drawn["10"]
    legend = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "left"]
    assert legend == [
        "Stalls: 25.00 EUR (1 seat free)", "Balcony: 12.50 EUR (1 seat free)", "yours (1)", "held (1)", "sold (1)",
        "blocked (1)", "not for sale (1)",
    ]  # fmt: skip


def test_row_names_are_at_both_ends_and_in_the_middle_of_a_table():
    def names(seats):
        texts = read(draw(plan(seats))).iter(f"{SVG}text")
        return [(one.text, float(one.get("x"))) for one in texts if one.get("class") == "name"]

    straight = names([seat(1), seat(2), seat(3)])
    assert [name for name, _ in straight] == ["A", "A"]
    assert straight[1][1] - straight[0][1] > 3 * 24
    around = [seat(n, x=cos(n * pi / 4), y=sin(n * pi / 4), row="Table 1") for n in range(8)]
    assert len(names(around)) == 1
    assert len(names([seat(1)])) == 1
    assert names([seat(1, row=""), seat(2, row="")]) == []


def test_the_drawing_has_the_same_size_in_every_unit():
    near, far = ([seat(n, x=n * unit + 7) for n in range(1, 9)] for unit in (0.01, 1000.0))
    assert draw(plan(near)) == draw(plan(far))
    assert pitch(()) == pitch(((1.0, 1.0),)) == pitch(((1.0, 1.0), (1.0, 1.0))) == 1.0
    assert pitch(tuple((float(x), float(y)) for x in range(40) for y in range(50))) == 1.0


texts = st.text(max_size=30)


@given(title=texts, zone=texts, row=texts, number=texts, area=texts, price=texts)
def test_no_text_becomes_markup(title, zone, row, number, area, price):
    drawn = draw(
        plan(
            [seat(1, zone=zone, row=row, number=number)],
            [MapArea(area, 3, 1, 0)],
            title=title,
            prices=[MapPrice(price, "1.00 EUR")],
        )
    )
    plain = draw(plan([seat(1)], [MapArea("Floor", 3, 1, 0)], title="x", prices=[MapPrice("x", "1.00 EUR")]))
    known = Counter(one.tag for one in read(plain).iter())
    found = Counter(one.tag for one in read(drawn).iter())
    assert found.keys() == known.keys()
    assert found - known == Counter()


def test_markup_in_a_name_is_shown_as_text():
    evil = '"/><script>alert(1)</script>'
    drawn = draw(plan([seat(1, zone=evil, row=evil)], [MapArea(evil, 1, 1, 0)], title=evil))
    assert "<script" not in drawn
    assert read(drawn).find(f"{SVG}title").text.startswith(evil)


def test_a_chart_without_seats_is_drawn():
    assert read(draw(plan(areas=[MapArea("Floor", 100, 100, 0)]))).find(f"{SVG}desc").text == "100 of 100 left in Floor"
    assert read(draw(plan())) is not None
    assert as_text(plan()).startswith("The Seagull\n")


def test_text_keeps_gaps_and_explains_its_signs():
    seats = [seat(1), seat(2, state="sold"), seat(3, x=4.0, state="held")]
    seats += [seat(n, id=n + 10, row="B", y=1.0, x=n - 0.5) for n in (1, 2)]
    seats += [seat(n, id=n + 20, row="C", y=2.0 + n, x=-n) for n in (1, 2)]
    shown = as_text(plan(seats, [MapArea("Floor", 10, 4, 1)]))
    assert "\n  A    o x     h\n" in shown or re.search(r"A +o x {5}h\n", shown)
    assert re.search(r"  C  o o\n", shown)
    assert "Floor: 4 of 10 left" in shown
    assert "Stalls: 25.00 EUR" in shown
    assert shown.endswith("o free (5)  h held (1)  x sold (1)\n")

"""A seating plan is read as it is, and what cannot be sold from is named."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from theater_site.core.errors import Invalid
from ticketing.rules.seating_plans import PlannedSeat, parse, simple_layout


def plan(*seats, **zone):
    rows = [{"row_number": "1", "position": {"x": 10, "y": 20}, "seats": list(seats)}]
    return {
        "name": "Hall",
        "zones": [{"name": "Stalls", "position": {"x": 1, "y": 2}, "rows": rows, "areas": [], **zone}],
    }


def seat(number="1", **fields):
    return {
        "seat_guid": f"g{number}",
        "seat_number": number,
        "position": {"x": 100, "y": 200},
        "category": "A",
        **fields,
    }


def read(data):
    return parse(orjson.dumps(data))


def faults_of(data) -> list[tuple[str, str | None]]:
    with pytest.raises(Invalid) as refusal:
        read(data)
    found = refusal.value.problems or (refusal.value,)
    return [(fault.code, fault.field) for fault in found]


def test_positions_of_zones_rows_and_seats_are_added():
    read_plan = read(plan(seat()))
    assert read_plan.name == "Hall"
    assert read_plan.seats == (PlannedSeat("g1", "Stalls", "1", "1", "A", 111.0, 222.0),)
    assert read_plan.seats[0].label == "Stalls, row 1, seat 1"


def test_names_guids_and_categories_are_optional():
    data = plan({"seat_number": 7, "position": {"x": 0, "y": -5.5}})
    data["zones"][0]["rows"][0] |= {"row_number": "", "position": None}
    (only,) = read(data).seats
    assert only == PlannedSeat("Stalls--7", "Stalls", "", "7", "Stalls", 1.0, -3.5)
    assert only.label == "Stalls, seat 7"


def test_a_row_label_precedes_its_number():
    data = plan(seat())
    data["zones"][0]["rows"][0]["row_label"] = "AA"
    assert read(data).seats[0].row == "AA"


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ([], [("not_an_object", None)]),
        ({}, [("not_a_list", "zones")]),
        ({"zones": [7]}, [("not_an_object", "zones.0")]),
        ({"zones": []}, [("no_seats", "zones")]),
        (plan(), [("no_seats", "zones")]),
        (plan(rows={}), [("not_a_list", "zones.0.rows")]),
        (plan(seat(), position={"x": "1", "y": 0}), [("bad_position", "zones.0.position")]),
        (plan(seat(position=None)), [("bad_position", "zones.0.rows.0.seats.0.position")]),
        (plan(seat(position={"x": True, "y": 0})), [("bad_position", "zones.0.rows.0.seats.0.position")]),
        (plan(seat(position={"x": 1e300, "y": 0})), [("bad_position", "zones.0.rows.0.seats.0.position")]),
        (plan(seat(seat_number=" ")), [("required", "zones.0.rows.0.seats.0.seat_number")]),
        (plan(seat(), seat("2", seat_guid="g1")), [("seat_key_repeated", "zones")]),
        (plan(seat(), seat(seat_guid="other")), [("seat_repeated", "zones")]),
        (
            plan(seat(position=None), seat("2", seat_number=None)),
            [("bad_position", "zones.0.rows.0.seats.0.position"), ("required", "zones.0.rows.0.seats.1.seat_number")],
        ),
    ],
)
def test_errors_are_reported_by_path(data, faults):
    assert faults_of(data) == faults


def test_invalid_json_is_refused():
    with pytest.raises(Invalid) as refusal:
        parse("{")
    assert refusal.value.code == "not_json"


def test_the_number_of_reported_errors_is_limited():
    assert len(faults_of(plan(*(seat(str(n), position=None) for n in range(100))))) == 20


def test_the_size_of_a_plan_is_limited():
    assert faults_of(plan(*(seat(str(n)) for n in range(20_001)))) == [("too_many_seats", "zones")]


def test_a_real_hall_is_read(shared_data):
    hall = parse((shared_data / "plans" / "ticketland-demo-hall.pretix-schema.json").read_bytes())
    assert len(hall.seats) == len({s.key for s in hall.seats}) == 1115
    assert sorted(Counter(s.zone for s in hall.seats).values()) == [32, 35, 36, 40, 72, 900]
    assert sum(s.row == "" for s in hall.seats) == 900
    assert len(hall.categories) == 6


def test_a_simple_layout_creates_its_seats():
    made = simple_layout(zone="Stalls", rows=2, seats_per_row=3)
    assert [(s.row, s.number, s.x, s.y) for s in made.seats] == [
        ("1", "1", 0, 0), ("1", "2", 1, 0), ("1", "3", 2, 0), ("2", "1", 0, 1), ("2", "2", 1, 1), ("2", "3", 2, 1),
    ]  # fmt: skip
    assert made.categories == ["Stalls"]
    assert simple_layout(zone="Z", rows=1, seats_per_row=1, category="A").categories == ["A"]


@pytest.mark.parametrize(
    ("rows", "seats", "field"), [(0, 1, "rows"), (201, 1, "rows"), (1, 0, "seats_per_row"), (1, 501, "seats_per_row")]
)
def test_the_size_of_a_layout_is_limited(rows, seats, field):
    with pytest.raises(Invalid) as refusal:
        simple_layout(zone="Stalls", rows=rows, seats_per_row=seats)
    assert refusal.value.field == field

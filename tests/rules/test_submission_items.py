"""What items may weigh, and how they may name each other's results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.approvals.rules.submission_items import (
    DEEPEST,
    LONGEST_ALL,
    LONGEST_TEXT,
    MOST_ITEMS,
    faults_of_names,
    faults_of_size,
    references,
    result_named,
)


def item(name: str = "", *wants: str, **inputs: Any) -> dict[str, Any]:
    named = {f"of_{n}": {"$result": want} for n, want in enumerate(wants)}
    return {"action": "x.y", "name": name, "inputs": {**named, **inputs}}


def codes(*items: dict[str, Any]) -> dict[str, str]:
    return {fault.path: fault.code for fault in faults_of_names(items)}


def test_references_to_results_are_recognized() -> None:
    assert result_named({"$result": "a"}) == "a"
    for other in ("a", None, 3, [], {}, {"$result": 3}, {"$result": "a", "more": 1}, {"result": "a"}):
        assert result_named(other) is None
    deep = {"fields": {"list": [1, {"$result": "a"}]}, "b": {"$result": "b"}}
    assert list(references(deep, "p")) == [("p.fields.list.1", "a"), ("p.b", "b")]


def test_earlier_results_can_be_named() -> None:
    assert codes(item("a"), item("b", "a"), item("", "a", "b")) == {}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([item("", "nobody")], {"items.0.inputs.of_0": "unknown_result"}),
        ([item("", "b"), item("b")], {"items.0.inputs.of_0": "forward_reference"}),
        ([item("a", "a")], {"items.0.inputs.of_0": "circular_reference"}),
        (
            [item("a", "b"), item("b", "a")],
            {"items.0.inputs.of_0": "circular_reference", "items.1.inputs.of_0": "circular_reference"},
        ),
        (
            [item("a", "c"), item("b", "a"), item("c", "b")],
            {f"items.{n}.inputs.of_0": "circular_reference" for n in range(3)},
        ),
        ([item("a"), item("a")], {"items.1.name": "name_taken"}),
        ([item("1st")], {"items.0.name": "bad_name"}),
        ([item("a b")], {"items.0.name": "bad_name"}),
        ([item("a" * 41)], {"items.0.name": "bad_name"}),
    ],
)
def test_invalid_references_are_refused(items: list[dict[str, Any]], expected: dict[str, str]) -> None:
    assert codes(*items) == expected


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=6))
def test_references_can_be_run_in_order_or_are_reported(wants: list[list[int]]) -> None:
    """The oracle: running in order works exactly where each named item is before; and a fault is circular exactly where
    the named item leads back, by depth-first search."""
    count = len(wants)
    items = [item(f"n{n}", *[f"n{want}" for want in wanted]) for n, wanted in enumerate(wants)]
    found = codes(*items)
    edges = {n: {want for want in wanted if want < count} for n, wanted in enumerate(wants)}

    def leads_to(start: int, goal: int, seen: frozenset[int] = frozenset()) -> bool:
        return start == goal or any(
            leads_to(then, goal, seen | {start}) for then in edges[start] if then not in seen | {start}
        )

    for n, wanted in enumerate(wants):
        for place, want in enumerate(wanted):
            code = found.get(f"items.{n}.inputs.of_{place}")
            if want >= count:
                assert code == "unknown_result"
            elif leads_to(want, n):
                assert code == "circular_reference"
            else:
                assert code == ("forward_reference" if want > n else None)


def sizes(*items: dict[str, Any]) -> dict[str, str]:
    return {fault.path: fault.code for fault in faults_of_size(items)}


def test_the_size_of_items_is_limited() -> None:
    assert sizes(*[item()] * MOST_ITEMS) == {}
    assert sizes(*[item()] * (MOST_ITEMS + 1)) == {"items": "too_many_items"}
    assert sizes(item(fields={"text": "x" * LONGEST_TEXT})) == {}
    assert sizes(item(fields={"text": ["", "x" * 1_000_000]})) == {"items.0.inputs.fields.text.1": "text_too_long"}
    each = {"text": "x" * LONGEST_TEXT}
    assert sizes(*[item(fields=each)] * (LONGEST_ALL // LONGEST_TEXT + 1)) == {"items": "too_much_text"}
    # Not only texts weigh.
    assert sizes(item(fields=[[]] * 100_000)) == {"items": "too_much_text"}
    deep: Any = 1
    for _ in range(DEEPEST + 2):
        deep = {"a": deep}
    assert list(sizes(item(fields=deep)).values()) == ["too_deep"]

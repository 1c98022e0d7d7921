"""Differences of texts and lists: put together again they are both sides, and they say no more than is different."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from time import perf_counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.approvals.rules.differences import DELETE, EQUAL, INSERT, MOST_PIECES, list_difference, text_difference

WORDS = st.lists(st.sampled_from(["Puck", "flies", ",", " ", "  ", "\n", "é", "ß", "日本", "."]), max_size=40).map(
    "".join
)
TEXTS = st.one_of(WORDS, st.text(max_size=60))


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [tuple(segment) for segment in text_difference(before, after)]


@given(TEXTS, TEXTS)
@example("a b", "b a")
@example("", "")
def test_a_difference_contains_both_texts(before: str, after: str) -> None:
    segments = text_difference(before, after)
    assert "".join(text for kind, text in segments if kind != INSERT) == before
    assert "".join(text for kind, text in segments if kind != DELETE) == after
    assert all(text for _, text in segments)
    kinds = [kind for kind, _ in segments]
    assert all(one != other for one, other in pairwise(kinds))
    assert (INSERT, DELETE) not in set(pairwise(kinds)), "what went is told before what came"
    assert (kinds in ([EQUAL], [])) == (before == after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("Same.", "Same.", [(EQUAL, "Same.")]),
        ("", "New", [(INSERT, "New")]),
        ("Old", "", [(DELETE, "Old")]),
        ("The old king", "The young king", [(EQUAL, "The "), (DELETE, "old"), (INSERT, "young"), (EQUAL, " king")]),
        ("A king.", "A king!", [(EQUAL, "A king"), (DELETE, "."), (INSERT, "!")]),
        ("kings", "king", [(DELETE, "kings"), (INSERT, "king")]),
    ],
)
def test_texts_are_compared_by_word(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert told(before, after) == expected


def test_long_texts_are_compared_by_paragraph_and_the_longest_are_not_compared() -> None:
    paragraph = "word " * 40 + "\n"
    before = "a\n" + paragraph * 200 + "b\n"
    after = "c\n" + paragraph * 200 + "d\n"
    assert told(before, after) == [
        (DELETE, "a\n"), (INSERT, "c\n"), (EQUAL, paragraph * 200), (DELETE, "b"), (INSERT, "d"), (EQUAL, "\n")
    ]  # fmt: skip
    lines = [f"{n}\n" for n in range(MOST_PIECES + 1)]
    one, other = "a\n" + "".join(lines), "".join(reversed(lines)) + "b\n"
    assert [kind for kind, _ in told(one, other)] == [DELETE, INSERT, EQUAL]


@pytest.mark.parametrize("size", [1_000, 20_000, 100_000])
def test_the_time_for_a_difference_is_bounded(size: int) -> None:
    """The worst there is: few different words, all of them everywhere."""
    before, after = "x y " * (size // 4), "y x x " * (size // 6)
    start = perf_counter()
    assert "".join(text for kind, text in text_difference(before, after) if kind != DELETE) == after
    assert perf_counter() - start < 10


ENTRIES = st.lists(st.one_of(st.sampled_from(["a", "b", "c"]), st.integers(0, 2), st.booleans()), max_size=8)


@given(ENTRIES, ENTRIES)
def test_any_list_difference_is_complete(before: list[Any], after: list[Any]) -> None:
    added, removed, moved = list_difference(before, after)

    def bag(entries: list[Any]) -> Counter[tuple[str, Any]]:
        return Counter((type(entry).__name__, entry) for entry in entries)

    assert bag(before) - bag(removed) + bag(added) == bag(after)
    assert not bag(added) & bag(removed), "what only moved neither came nor went"
    assert not bag(moved) - bag(before)
    assert not bag(moved) - bag(after)
    if before == after and [type(e) for e in before] == [type(e) for e in after]:
        assert (added, removed, moved) == ([], [], [])


def test_list_differences_return_added_removed_and_moved_items() -> None:
    assert list_difference(["Ann", "Bob", "Cid"], ["Cid", "Ann", "Dan"]) == (["Dan"], ["Bob"], ["Cid"])
    assert list_difference(["Ann"], ["Ann", "Ann"]) == (["Ann"], [], [])
    assert list_difference([{"a": 1, "b": 2}], [{"b": 2, "a": 1}]) == ([], [], [])
    assert list_difference([1], [True]) == ([True], [1], [])

"""The brand guidelines as rules, against plain definitions of the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from productions.rules import brand
from theater_site.core.errors import Invalid
from theater_site.core.text import fold

LIMIT = st.none() | st.integers(0, 40)


def rules(faults):
    return [fault.rule for fault in faults]


@given(st.text(max_size=45), LIMIT, LIMIT)
def test_lengths_are_limited(text, shortest, longest):
    expected = []
    if longest is not None and len(text) > longest:
        expected.append("synopsis_too_long")
    if text and shortest is not None and len(text) < shortest:
        expected.append("synopsis_too_short")
    found = list(brand.faults_of_length("synopsis", text, shortest=shortest, longest=longest))
    assert rules(found) == expected
    assert {fault.field for fault in found} <= {"synopsis"}


def test_the_hint_says_how_many_characters_to_remove():
    (fault,) = brand.faults_of_length("title", "x" * 45, shortest=None, longest=40)
    assert fault.hint == "Shorten it by 5."


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("A FREE evening", "free", True),
        ("Freedom", "free", False),
        ("carefree", "free", False),
        ("free-for-all", "free", True),
        ("sugarfree, free!", "free", True),
        ("Une première", "PREMIERE", True),
        ("world   class\nacting", "world class", True),
        ("C++ on stage", "c++", True),
        ("It costs a.b", "a.b", True),
        ("It costs axb", "a.b", False),
        ("Łódź", "lodz", True),
        ("anything", " ", False),
        ("", "free", False),
    ],
)
def test_forbidden_words_match_whole_words_only(text, word, found):
    assert bool(list(brand.faults_of_words("title", text, [word]))) is found


@given(st.lists(st.sampled_from(["best", "bester", "thebest", "Bést", "show"]), max_size=6))
def test_a_word_between_spaces_is_found(words):
    found = bool(list(brand.faults_of_words("title", " ".join(words), ["best"])))
    assert found is ("best" in [fold(word) for word in words])


def test_zero_is_a_value_and_an_empty_text_is_none():
    values = {"intermissions": 0, "authors": [], "genre": "", "running_minutes": None}
    missing = [fault.field for fault in brand.faults_of_gaps(values, values)]
    assert missing == ["authors", "genre", "running_minutes"]
    assert set(brand.REQUIRABLE) >= set(values)


def test_credits_are_compared_without_case_and_accents():
    found = list(brand.faults_of_credits({"Directór"}, ["director", "Designer"]))
    assert rules(found) == ["credit_missing"]
    assert "Designer" in found[0].message


@given(st.integers(1, 16_000), st.integers(1, 16_000), st.integers(0, 50))
def test_an_aspect_ratio_within_the_tolerance_passes(width, height, tolerance):
    found = list(brand.faults_of_picture(width, height, shapes=["16:9"], tolerance_percent=tolerance, narrowest=None))
    # In whole numbers: |w/h * 9/16 - 1| * 100 <= t
    exact = abs(9 * width - 16 * height) * 100
    bound = tolerance * 16 * height
    if exact != bound:
        assert bool(found) is (exact > bound)


def test_without_aspect_ratios_any_picture_passes():
    assert rules(brand.faults_of_picture(7, 900, shapes=[], tolerance_percent=0, narrowest=None)) == []
    assert rules(brand.faults_of_picture(7, 900, shapes=["1:1"], tolerance_percent=0, narrowest=8)) == [
        "picture_shape",
        "picture_too_small",
    ]


@pytest.mark.parametrize("shape", ["", "16", "16:0", "0:9", "16:9:1", "-1:2", "16:9 ", "１:1", "99999:1", "a:b"])
def test_an_invalid_aspect_ratio_is_refused(shape):
    with pytest.raises(Invalid) as refused:
        brand.ratio_of(shape)
    assert refused.value.code == "bad_shape"


def test_every_finding_names_a_known_rule():
    found = [
        *brand.faults_of_length("title", "x" * 9, shortest=None, longest=1),
        *brand.faults_of_length("subtitle", "x" * 9, shortest=None, longest=1),
        *brand.faults_of_length("synopsis", "x" * 9, shortest=10, longest=1),
        *brand.faults_of_length("short_synopsis", "x" * 9, shortest=10, longest=1),
        *brand.faults_of_words("title", "x", ["x"]),
        *brand.faults_of_gaps({}, ["genre"]),
        *brand.faults_of_credits([], ["Director"]),
        *brand.faults_of_picture(1, 9, shapes=["9:1"], tolerance_percent=0, narrowest=2),
    ]
    assert set(rules(found)) == set(brand.RULES)

"""Who goes on: the rule of precedence by itself, and whether two credits surely meet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.holdings import Holding, collisions, last_holders, stands, surely_together, who_plays
from productions.rules.partial_dates import PartialDate

_ids = count(1)


@dataclass(frozen=True)
class Credit:
    id: int
    holding: str = ""
    team: str = ""
    in_place_of_id: int | None = None
    starts_on: str = ""
    ends_on: str = ""
    character_id: int | None = 1


def credit(holding: str = "", **said: object) -> Credit:
    return Credit(next(_ids), holding, **said)


def test_a_plain_credit_plays():
    one = credit()
    assert who_plays([one], group=False) == [one]


@pytest.mark.parametrize("holding", ["understudy", "swing", "standby", "alternate"])
def test_a_standby_does_not_play(holding):
    star, behind = credit("principal"), credit(holding)
    assert who_plays([behind, star], group=False) == [star]
    assert who_plays([behind], group=False) == []


def test_a_cover_of_the_night_has_precedence():
    star, twin, cover = credit("principal", team="Red"), credit("replacement"), credit("cover")
    assert who_plays([star, twin, cover], group=False) == [cover]
    assert who_plays([star, twin, cover], group=False, covers=False) == [star]


def test_a_cover_of_one_holder_leaves_the_other_on():
    one, other = credit("principal"), credit("principal")
    cover = credit("cover", in_place_of_id=one.id)
    assert who_plays([one, other, cover], group=False) == [other, cover]


def test_a_cover_of_somebody_who_left_still_goes_on():
    gone, new = credit("principal"), credit("replacement")
    cover = credit("cover", in_place_of_id=gone.id)
    assert who_plays([new, cover], group=False) == [cover]


def test_the_team_of_the_night_precedes_credits_without_a_team():
    star, child = credit("principal"), credit("alternate", team="Matinee")
    assert who_plays([star, child], group=False) == [child]


def test_a_group_plays_with_everybody_and_a_cover_replaces_one():
    one, two, swing = credit(), credit("replacement"), credit("swing")
    cover = credit("cover", in_place_of_id=two.id)
    assert who_plays([one, two, swing, cover], group=True) == [one, cover]
    assert who_plays([one, two, swing], group=True) == [one, two]


_DATES = st.one_of(
    st.just(""),
    st.integers(2024, 2026).map(str),
    st.builds("{}-{:02}".format, st.integers(2024, 2026), st.integers(1, 12)),
    st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31)).map(str),
)


@given(_DATES, _DATES, st.dates(dt.date(2023, 12, 1), dt.date(2027, 1, 31)))
def test_a_credit_is_valid_on_the_dates_of_its_text(start, end, on):
    """The comparison of texts by which the database finds the credits of a day is that of the dates."""
    day = on.isoformat()
    by_text = start <= day and (end == "" or end >= day or end in (day[:7], day[:4]))
    assert stands(credit(starts_on=start, ends_on=end), on) == by_text


def _readings(text: str, unknown: dt.date) -> list[dt.date]:
    known = PartialDate.parse(text)
    return [unknown] if known is None else [known.earliest, known.latest]


@given(_DATES, _DATES, _DATES, _DATES)
def test_two_credits_surely_overlap_only_if_every_reading_does(start, end, then, until):
    low, high = dt.date(1990, 1, 1), dt.date(2090, 1, 1)
    always = all(
        max(a, c) <= min(b, d)
        for a in _readings(start, low) for b in _readings(end, high)
        for c in _readings(then, low) for d in _readings(until, high)
    )  # fmt: skip
    assert surely_together(credit(starts_on=start, ends_on=end), credit(starts_on=then, ends_on=until)) == always


def test_conflicting_holdings_are_found():
    def pairs(*held: Credit) -> int:
        return len(collisions(held))

    october = {"starts_on": "2026-10-02", "ends_on": "2026-10-31"}
    assert pairs(credit("principal", **october), credit("replacement", starts_on="2026-10-31")) == 1
    assert pairs(credit("principal", **october), credit("replacement", starts_on="2026-11-01")) == 0
    # In October some time: it may have been the day after.
    assert pairs(credit("principal", ends_on="2026-10"), credit("replacement", starts_on="2026-10")) == 0
    assert pairs(credit("principal"), credit("understudy"), credit("swing"), credit("alternate")) == 0
    assert pairs(credit("principal", team="Red"), credit("principal", team="Blue")) == 0
    assert pairs(credit("principal", team="Red"), credit("principal", team="Red")) == 1
    assert pairs(credit("principal"), credit("cover", **october)) == 0
    assert pairs(credit("cover", **october), credit("cover", **october)) == 1
    assert pairs(credit("cover", in_place_of_id=1, **october), credit("cover", in_place_of_id=2, **october)) == 0
    assert pairs(credit("cover", in_place_of_id=1, **october), credit("cover", in_place_of_id=1, **october)) == 1
    assert pairs(credit("cover", in_place_of_id=1, **october), credit("cover", **october)) == 1
    assert pairs(credit("cover", **october), credit("cover", in_place_of_id=1, **october)) == 1


def test_the_last_of_consecutive_holders_remains():
    def left(*held: Credit) -> list[int]:
        return [held.index(one) for one in last_holders(held)]

    first, then = {"ends_on": "2026-10-31"}, {"starts_on": "2026-11"}
    assert left(credit("principal", **first), credit("", **then)) == [1]
    assert left(credit("", **then), credit("principal", **first)) == [0]
    assert left(credit(ends_on="2026-10-09"), credit(starts_on="2026-10-10", **first), credit(**then)) == [2]
    # The days of which meet, or may: they share it.
    assert left(credit(ends_on="2026-11"), credit(**then)) == [0, 1]
    assert left(credit(), credit()) == [0, 1]
    # Printed the wrong way round.
    assert left(credit(starts_on="2026", ends_on="2025"), credit(starts_on="2027", ends_on="2024")) == [0, 1]
    # In another team, in another way, of another part, of none.
    assert left(credit(team="Red", **first), credit(team="Blue", **then)) == [0, 1]
    assert left(credit("understudy", **first), credit(**then)) == [0, 1]
    assert left(credit(character_id=2, **first), credit(**then)) == [0, 1]
    assert left(credit(character_id=None, **first), credit(character_id=None, **then)) == [0, 1]


def test_every_holding_has_a_rank():
    assert {holding.value for holding in Holding} == {
        "", "principal", "alternate", "understudy", "swing", "standby", "cover", "replacement"
    }  # fmt: skip

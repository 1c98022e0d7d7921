"""A date is kept as imprecise as it was given."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from productions.rules.partial_dates import PartialDate, check_span
from theater_site.core.errors import Invalid

days = st.dates()
partial_dates = st.builds(
    lambda day, parts: PartialDate(*(day.year, day.month, day.day)[:parts]), days, st.integers(1, 3)
)


def read(text: str) -> PartialDate:
    date = PartialDate.parse(text)
    assert date is not None
    return date


@pytest.mark.parametrize(
    ("text", "precision", "earliest", "latest"),
    [
        ("1998", "year", "1998-01-01", "1998-12-31"),
        ("2001-06", "month", "2001-06-01", "2001-06-30"),
        ("2000-02", "month", "2000-02-01", "2000-02-29"),
        ("1900-02", "month", "1900-02-01", "1900-02-28"),
        ("2001-06-14", "day", "2001-06-14", "2001-06-14"),
        ("9999", "year", "9999-01-01", "9999-12-31"),
    ],
)
def test_a_partial_date_means_all_its_possible_days(text, precision, earliest, latest):
    date = read(text)
    assert (date.precision, str(date.earliest), str(date.latest)) == (precision, earliest, latest)
    assert str(date) == text


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_text_is_not_a_date(nothing):
    assert PartialDate.parse(nothing) is None


@pytest.mark.parametrize(
    "text",
    ["98", "0000", "2001-13", "2001-00", "2001-06-00", "2001-6", "2001-02-29", "2001-06-14T19:00", "1998-",
     " 1998", "1998\n", "c. 1998", "2001-06-31", "-1998", "\u0661\u0669\u0669\u0668", "19980614"],
)  # fmt: skip
def test_other_texts_are_refused_by_field(text):
    with pytest.raises(Invalid) as refusal:
        PartialDate.parse(text, field="date_start")
    assert (refusal.value.field, refusal.value.code) == ("date_start", "bad_date")
    assert "2001-06-14" in refusal.value.message


@pytest.mark.parametrize("parts", [(2001, 0, 5), (2001, 13, 0), (2001, 2, 30), (0, 1, 1), (10000, 0, 0), (2001, -1, 0)])
def test_an_impossible_date_is_refused(parts):
    with pytest.raises(Invalid):
        PartialDate(*parts)


def test_a_year_sorts_before_its_months_and_a_month_before_its_days():
    printed = ["1997-12-31", "1998", "1998-01", "1998-01-01", "1998-01-02", "1998-02", "1998-12-31", "1999"]
    assert [str(date) for date in sorted(map(read, reversed(printed)))] == printed


@given(partial_dates)
def test_the_text_is_parsed_back_to_the_same_date(date):
    assert PartialDate.parse(str(date)) == date
    assert date.earliest <= date.latest


@given(days)
def test_a_known_day_is_itself(day):
    date = PartialDate.of(day)
    assert date.earliest == date.latest == day
    assert str(date) == day.isoformat()


@given(partial_dates, partial_dates)
def test_the_order_is_by_the_first_possible_day_then_by_precision(one, other):
    rank = {"year": 0, "month": 1, "day": 2}
    key = lambda date: (date.earliest, rank[date.precision])  # noqa: E731
    assert (one < other) == (key(one) < key(other))


@given(partial_dates, partial_dates)
def test_a_span_is_refused_only_if_no_two_days_fit(start, end):
    possible = start.earliest <= end.latest
    assert check_span(start, end) is possible
    assert all((check_span(start, None), check_span(None, end), check_span(start, start)))


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2001-06-14", "2001", True),
        ("2001-06-14", "2001-06", True),
        ("2001-06-14", "2001-05", False),
        ("2001-06-14", "2001-06-13", False),
        ("2001", "2000-12-31", False),
        ("2001", "2001-01-01", True),
    ],
)
def test_a_partial_span_is_accepted_if_any_days_fit(start, end, holds):
    assert check_span(read(start), read(end)) is holds


def test_a_date_is_immutable():
    with pytest.raises(AttributeError):
        PartialDate(1998).year = 1999  # type: ignore[misc]
    assert len({PartialDate(1998), PartialDate(1998), PartialDate.of(dt.date(1998, 1, 1))}) == 2

"""Money is exact, keeps its currency, and rounds only where it says so."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theater_site.core.errors import Invalid
from theater_site.core.money import CURRENCIES, Money, MoneyPair

currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(-(10**12), 10**12)


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [("EUR", 1250, "12.50 EUR"), ("JPY", 1250, "1250 JPY"), ("KWD", 1250, "1.250 KWD"), ("USD", -5, "-0.05 USD")],
)
def test_a_currency_has_its_own_decimals(currency, minor, text):
    assert str(Money.of_minor(minor, currency)) == text
    assert Money.of_minor(minor, currency).minor == minor


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0.005", "EUR", "bad_amount"),
        ("0.5", "JPY", "bad_amount"),
        ("0.0001", "KWD", "bad_amount"),
        ("NaN", "EUR", "bad_amount"),
        ("Infinity", "EUR", "bad_amount"),
        ("1E+30", "EUR", "bad_amount"),
        ("1", "eur", "unknown_currency"),
        ("1", "XXX", "unknown_currency"),
        ("1", "", "unknown_currency"),
    ],
)
def test_invalid_amounts_are_refused(amount, currency, code):
    with pytest.raises(Invalid) as refusal:
        Money(Decimal(amount), currency)
    assert refusal.value.code == code


def test_equal_amounts_are_equal_in_any_spelling():
    assert euro("5") == euro("5.00") == Money.of_minor(500, "EUR")
    assert hash(euro("5")) == hash(euro("5.00"))
    assert str(euro("-0")) == "0.00 EUR"
    assert euro("5") != Money(Decimal(5), "USD")


def test_an_amount_is_never_a_float():
    with pytest.raises(TypeError):
        Money(1.5, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        euro("1") * 0.5  # type: ignore[operator]
    with pytest.raises(TypeError):
        euro("1") + 1  # type: ignore[operator]


@pytest.mark.parametrize(
    "mix",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: Money.total([a, b], "EUR"),
    ],
    ids=["add", "subtract", "less", "at most", "more", "at least", "total"],
)
def test_currencies_do_not_mix(mix):
    with pytest.raises(Invalid) as refusal:
        mix(euro("1"), Money(Decimal(1), "USD"))
    assert refusal.value.code == "mixed_currencies"


@given(currencies, minors, minors, st.integers(-50, 50))
def test_arithmetic_is_exact_in_minor_units(currency, one, two, times):
    a, b = Money.of_minor(one, currency), Money.of_minor(two, currency)
    assert (a + b).minor == one + two
    assert (a - b).minor == one - two
    assert (a * times).minor == (times * a).minor == one * times
    assert (-a).minor == -one
    assert bool(a) == bool(one)
    assert (a < b, a <= b, a > b, a >= b) == (one < two, one <= two, one > two, one >= two)
    assert Money.total([a, b, a], currency).minor == 2 * one + two


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.125", "0.13"), ("-0.125", "-0.13"), ("0.124999", "0.12"), ("0.12", "0.12"), ("2.675", "2.68")],
)
def test_rounding_goes_half_up_away_from_zero(exact, rounded):
    assert Money.rounded(Decimal(exact), "EUR") == euro(rounded)


def test_a_share_is_rounded():
    assert euro("0.20").share(Decimal("12.5")) == euro("0.03")
    assert Money(Decimal(99), "JPY").share(Decimal(50)) == Money(Decimal(50), "JPY")


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [("11.90", "19", "1.90"), ("10.00", "7", "0.65"), ("10.00", "0", "0.00"), ("1.00", "5.5", "0.05")],
)
def test_the_tax_part_of_a_gross_price(gross, rate, tax):
    assert euro(gross).tax_part(Decimal(rate)) == euro(tax)


def test_a_negative_tax_rate_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        euro("1").tax_part(Decimal(-1))


@given(currencies, st.integers(0, 10**9), st.decimals(0, 100, places=3))
def test_tax_is_the_nearest_amount_to_the_exact_part(currency, minor, rate):
    tax = Money.of_minor(minor, currency).tax_part(rate)
    exact = Fraction(minor) * Fraction(rate) / (100 + Fraction(rate))
    assert abs(tax.minor - exact) <= Fraction(1, 2)


@given(currencies, minors, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_add_up_and_differ_by_less_than_a_minor_unit(currency, minor, weights):
    parts = Money.of_minor(minor, currency).allocate(weights)
    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1


def test_the_remainder_goes_to_the_first_of_equal_parts():
    assert euro("0.10").allocate([1, 1, 1]) == [euro("0.04"), euro("0.03"), euro("0.03")]
    assert euro("10").allocate([0, 1]) == [euro("0"), euro("10")]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_invalid_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        euro("1").allocate(weights)


def test_an_amount_and_currency_column_are_read_and_written_as_money():
    class Row(SimpleNamespace):
        price = MoneyPair("price_minor", "currency")

    row = Row(price_minor=None, currency="EUR")
    assert row.price is None
    row.price = Money(Decimal("1.250"), "KWD")
    assert (row.price_minor, row.currency) == (1250, "KWD")
    assert row.price == Money(Decimal("1.25"), "KWD")
    assert isinstance(Row.price, MoneyPair)

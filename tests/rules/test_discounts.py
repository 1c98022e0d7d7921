"""Discounts are exact: what is taken off adds up, and never more than there is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theater_site.core.errors import Invalid
from theater_site.core.money import Money
from ticketing.rules.discounts import amount_off, percent_off
from ticketing.rules.secrets import new_ticket_code, typed_ticket_code

prices = st.lists(st.integers(0, 100_000).map(lambda minor: Money.of_minor(minor, "EUR")), min_size=1, max_size=20)


def test_a_percentage_is_rounded_for_each_line():
    euro = [Money(Decimal(text), "EUR") for text in ("10.05", "0.01", "0")]
    assert [str(off.amount) for off in percent_off(euro, Decimal(10))] == ["1.01", "0.00", "0.00"]


@given(prices, st.decimals(0, 100, places=2))
def test_a_percentage_stays_within_each_price(lines, percent):
    for price, off in zip(lines, percent_off(lines, percent), strict=True):
        assert Money.zero("EUR") <= off <= price


@given(prices, st.integers(1, 10**7))
def test_an_amount_adds_up_and_stays_within_each_price(lines, minor):
    taken = amount_off(lines, Money.of_minor(minor, "EUR"))
    assert sum(off.minor for off in taken) == min(minor, sum(price.minor for price in lines))
    for price, off in zip(lines, taken, strict=True):
        assert Money.zero("EUR") <= off <= price


def test_an_amount_of_another_currency_is_refused():
    with pytest.raises(Invalid) as refusal:
        amount_off([Money.of_minor(100, "EUR")], Money.of_minor(100, "USD"))
    assert refusal.value.code == "mixed_currencies"


def test_a_typed_ticket_code_is_recognized():
    code = new_ticket_code()
    assert len(code) == 20
    assert not set(code) & set("ILOU")
    typed = f" {code[:4].lower()}-{code[4:]} ".replace("1", "I").replace("0", "o")
    assert typed_ticket_code(typed) == code

"""Exact discounts for each line of an order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from theater_site.core.money import Money


def percent_off(prices: Sequence[Money], percent: Decimal) -> list[Money]:
    """The discount on each price: `percent` of it, each rounded half up, so that a single line can be returned."""
    return [price.share(percent) for price in prices]


def amount_off(prices: Sequence[Money], amount: Money) -> list[Money]:
    """The discount on each price if `amount`, at most the total, is allocated in proportion to the prices.

    The discounts add up exactly. Raises Invalid `mixed_currencies` for an amount of another currency.
    """
    total = Money.total(prices, amount.currency)
    if not total:
        return [Money.zero(amount.currency) for _ in prices]
    return min(amount, total).allocate([price.minor for price in prices])

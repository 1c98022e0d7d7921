"""What a discount takes off, line by line, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from theater_site.core.money import Money


def percent_off(prices: Sequence[Money], percent: Decimal) -> list[Money]:
    """What is taken off each price: `percent` of it, rounded half up on its own, so that a line can be
    returned alone."""
    return [price.share(percent) for price in prices]


def amount_off(prices: Sequence[Money], amount: Money) -> list[Money]:
    """`amount` off the whole, shared out in proportion to the prices and adding up exactly; never more than
    they come to.

    Invalid (`mixed_currencies`) where the amount is of another currency.
    """
    whole = Money.total(prices, amount.currency)
    if not whole:
        return [Money.zero(amount.currency) for _ in prices]
    return min(amount, whole).allocate([price.minor for price in prices])

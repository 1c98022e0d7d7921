"""Create and end promotions, and apply them to orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypedDict

from django.db.models import F

from accounts.models import Section
from productions.models import Production, Season
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.money import Money
from ticketing.models import DiscountKind, Promotion
from ticketing.rules.discounts import amount_off, percent_off
from ticketing.selectors.promotions import normal_code, valid_for


class PromotionFields(TypedDict, total=False):
    """A discount of `percent` of each price, or of an `amount` off the order in a `currency`.

    It is valid from `starts_at` (included) to `ends_at` (excluded), for orders with its `code`, or for all without one.
    """

    name: str
    code: str | None
    percent: Decimal | None
    amount: Annotated[
        Decimal | None,
        Doc("The amount off the order, with the decimals of the currency; null for a percentage. Example: 5.00"),
    ]
    currency: Annotated[str, Doc("ISO 4217 code of the currency of `amount`. Example: EUR")]
    starts_at: datetime | None
    ends_at: datetime | None
    uses_limit: int | None
    production: Annotated[
        Production | None, Doc("Id of the production that it is for; null for the whole season. Example: 12")
    ]


@action("promotion.create", needs=Needs("publish_promotions", on="season"), submittable=True)
def create_promotion(*, season: Season, fields: PromotionFields) -> Promotion:
    """Create a promotion. It is valid at once, within its dates.

    Errors: `other_season` for a production of another season; `one_discount` for both or none of percent and amount;
    `bad_amount`; `code_taken` for the code of another promotion; `ends_before_start`; and the codes of the fields.
    """
    production = fields.get("production")
    if production is not None and production.season_id != season.pk:
        raise Invalid(
            "The production belongs to another season. Choose one of this season.",
            code="other_season",
            field="production",
        )
    percent, amount = fields.get("percent"), fields.get("amount")
    if (percent is None) == (amount is None):
        raise Invalid("Give either a percentage or an amount with its currency.", code="one_discount", field="percent")
    promotion = Promotion(
        section=production.section if production is not None else season.section,
        name=fields.get("name", ""),
        code=normal_code(fields.get("code") or "") or None,
        kind=DiscountKind.PERCENT if percent is not None else DiscountKind.AMOUNT,
        percent=percent,
        starts_at=fields.get("starts_at"),
        ends_at=fields.get("ends_at"),
        uses_limit=fields.get("uses_limit"),
    )
    if amount is not None:
        promotion.amount = Money(amount, fields.get("currency", ""))
    promotion.save()
    return promotion


@action("promotion.end", needs=Needs("publish_promotions", on="promotion"), subject="promotion", submittable=True)
def end_promotion(*, promotion: Promotion) -> Promotion:
    """End a promotion. Orders that used it keep their prices. Errors: `promotion_ended`."""
    now = current().instant
    if promotion.ends_at is not None and promotion.ends_at <= now:
        raise Conflict("This promotion has already ended.", code="promotion_ended")
    if promotion.starts_at is not None and promotion.starts_at > now:
        promotion.starts_at = now
    promotion.ends_at = now
    promotion.save()
    return promotion


def redeem(section: Section, prices: Sequence[Money], code: str) -> tuple[Promotion | None, list[Money]]:
    """The promotion for an order in `section`, and its discount on each price; None and zeros without a promotion.

    An order has at most one promotion: that of `code`, else the one without a code that has the largest discount, the
    oldest of equal ones. The use of a limited promotion is counted.

    Raises: Conflict `code_not_valid` for a code that is unknown, not valid now or here, or used up.
    """
    currency = prices[0].currency
    valid = valid_for(section, current().instant)
    if normalized := normal_code(code):
        chosen = valid.filter(code=normalized).first()
        if chosen is None or not _has_currency(chosen, currency):
            raise Conflict(
                "This code is not valid for this order. Check it, or leave it out.",
                code="code_not_valid",
                field="promotion_code",
            )
        if not _count_use(chosen):
            raise Conflict("This code is used up. Leave it out.", code="code_not_valid", field="promotion_code")
        return chosen, _discounts(chosen, prices)
    candidates = [
        (_discounts(promotion, prices), promotion)
        for promotion in valid.filter(code=None)
        if _has_currency(promotion, currency)
    ]
    for discounts, promotion in sorted(candidates, key=lambda pair: -Money.total(pair[0], currency).minor):
        if _count_use(promotion):
            return promotion, discounts
    return None, [Money.zero(currency) for _ in prices]


def give_back(promotion: Promotion) -> None:
    """Uncount the use of a limited promotion, after its order was canceled."""
    Promotion.objects.filter(pk=promotion.pk, uses_limit__isnull=False, uses__gt=0).update(uses=F("uses") - 1)


def _has_currency(promotion: Promotion, currency: str) -> bool:
    return promotion.kind == DiscountKind.PERCENT or promotion.currency == currency


def _discounts(promotion: Promotion, prices: Sequence[Money]) -> list[Money]:
    if promotion.percent is not None:
        return percent_off(prices, promotion.percent)
    return amount_off(prices, promotion.amount)


def _count_use(promotion: Promotion) -> bool:
    """Count a use of a limited promotion. False if it is used up, also by orders that were committed meanwhile."""
    if promotion.uses_limit is None:
        return True
    available = Promotion.objects.filter(pk=promotion.pk, uses__lt=F("uses_limit"))
    return available.update(uses=F("uses") + 1) == 1

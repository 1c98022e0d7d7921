"""Promotions are submitted, made and ended, and taken off at the sale."""

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
    """`percent` of each price, or an `amount` off the order with its `currency`. With a `code` for everybody who
    gives it, without one for everybody; from `starts_at` (included) to `ends_at` (excluded); for `uses_limit`
    orders. For one `production` of the season, or for all of it."""

    name: str
    code: str | None
    percent: Decimal | None
    amount: Annotated[
        Decimal | None,
        Doc(
            "The amount off each ticket, with the decimals of the currency; null where it is a "
            "percentage. Example: 5.00"
        ),
    ]
    currency: Annotated[str, Doc("ISO 4217 code of the currency of `amount`. Example: EUR")]
    starts_at: datetime | None
    ends_at: datetime | None
    uses_limit: int | None
    production: Annotated[
        Production | None, Doc("Id of the production that it is for; null is the whole season. Example: 12")
    ]


@action("promotion.create", needs=Needs("publish_promotions", on="season"), submittable=True)
def create_promotion(*, season: Season, fields: PromotionFields) -> Promotion:
    """Create a promotion, valid at once within its dates.

    Refused: no name, both or neither of percent and amount, a percentage beyond 0 to 100, an amount that the currency
    has not, a code that another promotion has, an end before the start, a production of another season.
    """
    production = fields.get("production")
    if production is not None and production.season_id != season.pk:
        raise Invalid("This production is of another season.", code="other_season", field="production")
    percent, amount = fields.get("percent"), fields.get("amount")
    if (percent is None) == (amount is None):
        raise Invalid("Give a percentage, or an amount with its currency.", code="one_discount", field="percent")
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
    """End a promotion; orders that had it keep it. Refused where it has ended."""
    now = current().instant
    if promotion.ends_at is not None and promotion.ends_at <= now:
        raise Conflict("This promotion has ended.", code="promotion_ended")
    if promotion.starts_at is not None and promotion.starts_at > now:
        promotion.starts_at = now
    promotion.ends_at = now
    promotion.save()
    return promotion


def redeem(section: Section, prices: Sequence[Money], code: str) -> tuple[Promotion | None, list[Money]]:
    """The promotion of an order of something of `section`, and what it takes off each price. One an order:
    that of `code`, else the automatic one that takes off most, of equal ones the oldest.

    Conflict (`code_not_valid`) where the code is not known, not valid now or here, or used up.
    """
    currency = prices[0].currency
    known = valid_for(section, current().instant)
    if wanted := normal_code(code):
        chosen = known.filter(code=wanted).first()
        if chosen is None or not _fits(chosen, currency):
            raise Conflict("This code is not valid for this order.", code="code_not_valid", field="promotion_code")
        if not _counted(chosen):
            raise Conflict("This code is used up.", code="code_not_valid", field="promotion_code")
        return chosen, _off(chosen, prices)
    offers = [
        (_off(promotion, prices), promotion) for promotion in known.filter(code=None) if _fits(promotion, currency)
    ]
    for off, promotion in sorted(offers, key=lambda offer: -Money.total(offer[0], currency).minor):
        if _counted(promotion):
            return promotion, off
    return None, [Money.zero(currency) for _ in prices]


def give_back(promotion: Promotion) -> None:
    """An order that had it is canceled: a limited one may be used once more."""
    Promotion.objects.filter(pk=promotion.pk, uses_limit__isnull=False, uses__gt=0).update(uses=F("uses") - 1)


def _fits(promotion: Promotion, currency: str) -> bool:
    return promotion.kind == DiscountKind.PERCENT or promotion.currency == currency


def _off(promotion: Promotion, prices: Sequence[Money]) -> list[Money]:
    if promotion.percent is not None:
        return percent_off(prices, promotion.percent)
    return amount_off(prices, promotion.amount)


def _counted(promotion: Promotion) -> bool:
    """Count a limited one, unless others were faster; the update waits for them and looks again."""
    if promotion.uses_limit is None:
        return True
    free = Promotion.objects.filter(pk=promotion.pk, uses__lt=F("uses_limit"))
    return free.update(uses=F("uses") + 1) == 1

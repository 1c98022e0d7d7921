"""The seat map of a performance, with the states at an instant."""

from __future__ import annotations

from datetime import datetime

from productions.rules.partial_dates import PartialDate
from scheduling.models import Occurrence
from scheduling.rules.wall_time import valid_zone
from theater_site.core.money import Money
from ticketing.models import PerformanceSeat
from ticketing.rules.seat_maps import MapArea, MapPrice, MapSeat, SeatMap
from ticketing.rules.secrets import digest_of
from ticketing.selectors.availability import seat_list
from ticketing.selectors.sale_terms import price_categories_of, sale_of


def seat_map(performance: Occurrence, at: datetime, *, hold: str = "") -> SeatMap:
    """The map of `performance` at the instant `at`. The seats of the hold with the token `hold` are marked as `own`.

    Raises: Conflict `not_on_sale`.
    """
    listed = seat_list(performance.pk, at)
    positions = {one["id"]: number for number, one in enumerate(listed["price_categories"])}
    prices = {one.pk: one.price for one in price_categories_of(sale_of(performance.pk)).values()}
    own = _held_by(performance.pk, hold, at) if hold else frozenset()
    return SeatMap(
        title=performance.shown_title or performance.get_category_display(),
        subtitle=", ".join(part for part in (_when(performance), _where(performance)) if part),
        prices=[MapPrice(one["name"], _shown(prices[one["id"]])) for one in listed["price_categories"]],
        seats=[
            MapSeat(
                seat["id"], seat["zone"], seat["row"], seat["number"], seat["x"], seat["y"],
                positions.get(seat["price_category"]), "own" if seat["id"] in own else seat["state"],
            )
            for seat in listed["seats"]
        ],
        areas=[
            MapArea(area["name"], area["capacity"], area["left"], positions.get(area["price_category"]))
            for area in listed["areas"]
        ],
    )  # fmt: skip


def _held_by(performance_id: int, hold: str, at: datetime) -> frozenset[int]:
    """The seats of this hold, if it has not expired. The token is a secret, so nobody sees another buyer's hold."""
    rows = PerformanceSeat.objects.filter(performance_id=performance_id, holder=digest_of(hold), held_until__gt=at)
    return frozenset(rows.values_list("seat_id", flat=True))


def _shown(price: Money) -> str:
    return f"{price.amount} {price.currency}"


def _when(performance: Occurrence) -> str:
    """The date and the wall time at the venue, in ISO form, which every reader understands alike."""
    if performance.starts_at is not None and performance.timezone:
        return f"{performance.starts_at.astimezone(valid_zone(performance.timezone)):%Y-%m-%d %H:%M}"
    return str(PartialDate.parse(performance.date) or "")


def _where(performance: Occurrence) -> str:
    places = (performance.space.name if performance.space else "", performance.venue.name if performance.venue else "")
    return ", ".join(place for place in places if place)

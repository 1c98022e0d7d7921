"""Holds: a buyer's seats are kept for some minutes until the order. Blocked seats are kept by the box office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from django.conf import settings

from scheduling.models import Occurrence
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.money import Money
from ticketing.models import Area, SeatState
from ticketing.rules.secrets import digest_of, new_hold_token
from ticketing.selectors.sale_terms import Place, place_in_area, sale_of, sale_open, seats_on_sale
from ticketing.services import occupancy, waiting_list
from ticketing.services.limits import limit_address
from ticketing.signals import seats_freed

# A larger party asks the box office.
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Hold:
    """Seats kept for the bearer of `token` until `expires_at`. `total` is their full price, before discounts."""

    token: str
    performance_id: int
    expires_at: datetime
    places: list[Place]
    total: Money


@action("hold.take", open_to=OpenTo.PUBLIC)
def take_hold(
    *,
    performance: Occurrence,
    seats: Annotated[
        list[int] | None,
        Doc("Ids of the seats to hold, at most 20, from `GET seats/`; null where it is an area. Example: [41, 42]"),
    ],
    area: Annotated[Area | None, Doc("Id of the area to hold places in; null where it is seats. Example: 2")],
    quantity: Annotated[int | None, Doc("How many places of the area, at most 20; null where it is seats. Example: 2")],
) -> Hold:
    """Hold these seats, or a quantity of an area, for HOLD_MINUTES (10): all of them or none.

    Errors: `seats_taken` names the seats that others have; `sold_out` says how many are left; `too_many_unpaid_seats`
    above the limit for one network address (staff are exempt); the errors of a performance that is not on sale now;
    `unknown_seats` of another chart; `seat_repeated`; `out_of_range` for none or more than 20; `seats_or_area`. Also
    `production_canceled`.
    """
    run = current()
    token = new_hold_token()
    until = run.instant + timedelta(minutes=settings.HOLD_MINUTES)
    if seats and area is None and quantity is None:
        _refuse_count(len(seats), "seats")
        sale = sale_open(performance.pk, run.instant)
        places = seats_on_sale(sale, seats)
        if len(places) < len(seats):
            raise Invalid("A seat is named twice.", code="seat_repeated", field="seats")
        source = _source(performance, len(seats))
        occupancy.take_seats(
            performance.pk, places, state=SeatState.HELD, holder=digest_of(token), until=until, source=source
        )
    elif area is not None and quantity is not None and not seats:
        _refuse_count(quantity, "quantity")
        sale = sale_open(performance.pk, run.instant)
        places = [place_in_area(sale, area)] * quantity
        source = _source(performance, quantity)
        occupancy.take_places(performance.pk, area, quantity, holder=digest_of(token), until=until, source=source)
    else:
        missing = (
            "quantity" if area is not None and not seats else "area" if quantity is not None and not seats else "seats"
        )
        raise Invalid("Name either seats, or an area and a quantity.", code="seats_or_area", field=missing)
    return Hold(token, performance.pk, until, places, Money.total((place.price for place in places), sale.currency))


@action("hold.release", open_to=OpenTo.PUBLIC)
def release_hold(*, token: Annotated[str, Doc("The secret of the hold, from its making.")]) -> None:
    """Release the seats of a hold before its end. Error: `hold_gone` where this token holds nothing any more."""
    performance_id = occupancy.let_go(digest_of(token))
    if performance_id is None:
        raise Conflict("This hold has ended, or its seats were bought.", code="hold_gone")
    # Somebody on the waiting list who gives an offer back has left the list.
    waiting_list.served(digest_of(token))
    seats_freed.announce(performance_ids=[performance_id])


@action("performance.block_seats", needs=Needs("manage_tickets", on="performance"))
def block_seats(
    *,
    performance: Occurrence,
    seats: Annotated[list[int], Doc("Ids of the seats that are not to be sold. Example: [1, 2]")],
) -> None:
    """Keep these seats from being sold until they are freed. Error: `seats_taken` where somebody has one of them."""
    places = seats_on_sale(sale_of(performance.pk), _some(seats))
    occupancy.take_seats(performance.pk, places, state=SeatState.BLOCKED)


@action("performance.free_seats", needs=Needs("manage_tickets", on="performance"))
def free_seats(
    *,
    performance: Occurrence,
    seats: Annotated[list[int], Doc("Ids of the blocked seats that can be sold again. Example: [1, 2]")],
) -> None:
    """Sell blocked seats again. Error: `not_blocked` where one of them is not blocked."""
    if occupancy.unblock(performance.pk, _some(seats)) < len(set(seats)):
        raise Conflict("Not all of these seats are blocked. Nothing was freed.", code="not_blocked")
    seats_freed.announce(performance_ids=[performance.pk])


def _source(performance: Occurrence, quantity: int) -> str:
    run = current()
    if run.actor.holds("edit_tickets", performance, run.instant):
        return ""
    return limit_address(performance.pk, quantity, run.instant)


def _refuse_count(places: int, field: str) -> None:
    if not 1 <= places <= MOST_PLACES:
        raise Invalid(
            f"Choose between 1 and {MOST_PLACES}. For more, ask the box office.", code="out_of_range", field=field
        )


def _some(seats: list[int]) -> list[int]:
    if not seats:
        raise Invalid("Name at least one seat.", code="required", field="seats")
    return seats

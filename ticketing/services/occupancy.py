"""The only writer of who has which seat at which performance. Called inside actions; registers none.

Seats are taken by one statement: the unique constraint decides who is first, the condition of the update who may take
over. A check before the insert would sell a seat twice; a lock on the performance would make all buyers wait in line.
Rows are written in the order of seat ids, so that two buyers of the same seats do not deadlock. The capacity of an area is
counted in one row. Every function locks that row before it locks a hold: in another order, releasing and ordering the
same hold at once would lower the counter of sold seats.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from theater_site.core.actions import current
from theater_site.core.errors import Conflict
from ticketing.models import Area, AreaHold, Order, PerformanceArea, PerformanceSeat, SeatState, Ticket
from ticketing.selectors.sale_terms import Place

# The seats are one parameter, since SQLite limits the number of parameters of a statement.
_SEATS = {"postgresql": "unnest(%s::bigint[]) AS one(value)", "sqlite": "json_each(%s) AS one"}
_TAKE = """
    INSERT INTO "ticketing_performanceseat" AS mine ("performance_id", "seat_id", "state", "holder", "held_until", "source")
    SELECT %s, one.value, %s, %s, %s, %s FROM {seats} WHERE true ORDER BY one.value
    ON CONFLICT ("performance_id", "seat_id")
    DO UPDATE SET "state" = excluded."state", "holder" = excluded."holder", "held_until" = excluded."held_until",
        "source" = excluded."source", "ticket_id" = NULL
    WHERE mine."state" IN ('held', 'reserved') AND mine."held_until" <= %s
    RETURNING "seat_id"
"""


def take_seats(
    performance_id: int,
    places: Sequence[Place],
    *,
    state: SeatState,
    holder: str = "",
    until: datetime | None = None,
    source: str = "",
) -> None:
    """Take all these seats, or raise Conflict (`seats_taken`, with the missing seats) so that the action is rolled back.

    A seat is free without an owner, and when a hold or unpaid order on it ended by the action's instant. No job is needed.
    """
    now = connection.ops.adapt_datetimefield_value(current().instant)
    end = connection.ops.adapt_datetimefield_value(until) if until is not None else None
    labels = {place.seat_id: place.label for place in places}
    ordered = sorted(seat for seat in labels if seat is not None)
    seats = ordered if connection.vendor == "postgresql" else json.dumps(ordered)
    sql = _TAKE.format(seats=_SEATS[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(sql, [performance_id, state.value, holder, end, source, seats, now])
        taken = {seat for (seat,) in cursor.fetchall()}
    record_places(performance=performance_id, seats=ordered)
    if missing := [seat for seat in ordered if seat not in taken]:
        raise Conflict(
            "Somebody else has some of these seats. Choose others; none of yours was taken.",
            code="seats_taken",
            data={"seats": [{"id": seat, "label": labels[seat]} for seat in missing]},
        )


def take_places(
    performance_id: int, area: Area, quantity: int, *, holder: str, until: datetime, source: str = ""
) -> None:
    """Hold `quantity` of an area, or raise Conflict (`sold_out`, with how many are `left`)."""
    counter = PerformanceArea.objects.select_for_update().filter(performance_id=performance_id, area=area).first()
    if counter is None:
        raise Conflict("This area is not sold.", code="area_not_sold")
    # Locked before they are summed: one of them may be paid for at this moment.
    expired = list(counter.holds.select_for_update().filter(held_until__lte=current().instant))
    taken = counter.taken - sum(hold.quantity for hold in expired)
    if taken + quantity > counter.capacity:
        left = counter.capacity - taken
        raise Conflict(
            f"There are {left} places left." if left else "This is sold out. There is a waiting list.",
            code="sold_out",
            data={"left": left},
        )
    AreaHold.objects.filter(pk__in=[hold.pk for hold in expired]).delete()
    PerformanceArea.objects.filter(pk=counter.pk).update(taken=taken + quantity)
    AreaHold.objects.create(counter=counter, holder=holder, quantity=quantity, held_until=until, source=source)
    record_places(performance=performance_id, area=area.pk, quantity=quantity)


def held_by(holder: str) -> tuple[list[PerformanceSeat], AreaHold | None]:
    """What this holder has, expired or not, locked until the end of the action."""
    seats = list(PerformanceSeat.objects.select_for_update().filter(holder=holder).order_by("seat_id"))
    return (seats, None) if seats else ([], _locked_hold(holder))


def reserve(
    seats: Sequence[PerformanceSeat], hold: AreaHold | None, tickets: Sequence[Ticket], order: Order, until: datetime
) -> None:
    """Keep held seats, locked by `held_by`, for an unpaid order until its deadline. One ticket per seat, in order."""
    if hold is not None:
        hold.holder, hold.held_until = _holder_of(order), until
        hold.save()
    _give_to_tickets(seats, tickets, SeatState.RESERVED, until)


def sell(seats: Sequence[PerformanceSeat], hold: AreaHold | None, tickets: Sequence[Ticket]) -> None:
    """Sell held seats, locked by `held_by`. One ticket per seat, in order. An area's capacity stays counted."""
    if hold is not None:
        hold.delete()
    _give_to_tickets(seats, tickets, SeatState.SOLD, None)


def confirm(order: Order, tickets: Sequence[Ticket]) -> None:
    """Sell what an unpaid order reserved. Conflict (`seats_lost`): the deadline passed and others took some of it."""
    numbered = [ticket.pk for ticket in tickets if ticket.seat_id is not None]
    reserved = PerformanceSeat.objects.filter(ticket_id__in=numbered, state=SeatState.RESERVED)
    kept = reserved.update(state=SeatState.SOLD, held_until=None, source="") == len(numbered)
    if kept and len(numbered) < len(tickets):
        hold = _locked_hold(_holder_of(order))
        kept = hold is not None
        if hold is not None:
            hold.delete()
    if not kept:
        raise Conflict(
            "The deadline of this order has passed, and others have some of its seats. Cancel it and place a new order.",
            code="seats_lost",
        )


def keep_until(order: Order, tickets: Sequence[Ticket], until: datetime) -> None:
    """Move the deadline of an unpaid order's seats. Conflict (`seats_lost`) where others have some of them."""
    numbered = [ticket.pk for ticket in tickets if ticket.seat_id is not None]
    reserved = PerformanceSeat.objects.filter(ticket_id__in=numbered, state=SeatState.RESERVED)
    kept = reserved.update(held_until=until) == len(numbered)
    if kept and len(numbered) < len(tickets):
        hold = _locked_hold(_holder_of(order))
        kept = hold is not None
        if hold is not None:
            hold.held_until = until
            hold.save()
    if not kept:
        raise Conflict("Others have some of the seats of this order by now. Place a new order.", code="seats_lost")


def release_unpaid(order: Order, tickets: Sequence[Ticket]) -> None:
    """Free what an unpaid order still reserves. What others took after its deadline stays theirs."""
    PerformanceSeat.objects.filter(ticket__in=tickets).delete()
    let_go(_holder_of(order))


def let_go(holder: str) -> int | None:
    """Release what a holder has. The performance's id; None where the holder has nothing."""
    rows = PerformanceSeat.objects.filter(holder=holder, state=SeatState.HELD)
    performance_id = rows.values_list("performance_id", flat=True).first()
    if performance_id is not None and rows.delete()[0]:
        return performance_id
    hold = _locked_hold(holder)
    if hold is None:
        return None
    PerformanceArea.objects.filter(pk=hold.counter_id).update(taken=F("taken") - hold.quantity)
    hold.delete()
    return hold.counter.performance_id


def take_back(tickets: Sequence[Ticket]) -> None:
    """Free the seats of sold tickets."""
    PerformanceSeat.objects.filter(ticket__in=tickets).delete()
    quantities: dict[tuple[int, int], int] = {}
    for ticket in tickets:
        if ticket.area_id is not None:
            key = (ticket.performance_id, ticket.area_id)
            quantities[key] = quantities.get(key, 0) + 1
    for (performance_id, area_id), quantity in sorted(quantities.items()):
        counter = PerformanceArea.objects.filter(performance_id=performance_id, area_id=area_id)
        counter.update(taken=F("taken") - quantity)


def _holder_of(order: Order) -> str:
    # Not a digest, so that no hold token releases it.
    return f"order:{order.pk}"


def _locked_hold(holder: str) -> AreaHold | None:
    counter_id = AreaHold.objects.filter(holder=holder).values_list("counter", flat=True).first()
    if counter_id is None:
        return None
    PerformanceArea.objects.select_for_update().get(pk=counter_id)
    # Read again behind the lock: somebody may have released or bought it meanwhile.
    holds = AreaHold.objects.select_for_update(of=("self",)).select_related("counter__area")
    return holds.filter(holder=holder).first()


def _give_to_tickets(
    seats: Sequence[PerformanceSeat], tickets: Sequence[Ticket], state: SeatState, until: datetime | None
) -> None:
    for row, ticket in zip(seats, tickets if seats else (), strict=True):
        row.state, row.holder, row.held_until, row.ticket = state, "", until, ticket
        row.source = row.source if until is not None else ""
    PerformanceSeat.objects.bulk_update(seats, ["state", "holder", "held_until", "ticket", "source"])


def unblock(performance_id: int, seat_ids: Collection[int]) -> int:
    """Free blocked seats, and leave others unchanged. Returns how many."""
    blocked = PerformanceSeat.objects.filter(
        performance_id=performance_id, seat_id__in=seat_ids, state=SeatState.BLOCKED
    )
    record_places(performance=performance_id, seats=sorted(seat_ids))
    return blocked.delete()[0]


def record_places(**places: Any) -> None:
    """Name the seats in the audit entry of the action, since the recorder does not see their rows."""
    current().note.update(places)

"""The only writer of who has which place at which performance. Called inside actions, never registered
itself.

Seats are taken by one statement: the unique constraint decides who is first, the condition of the update who
may take over. Asking first whether a seat is free and then writing would sell it twice; a lock on the
performance would let all buyers wait in one line. Rows are written in the order of seat ids, so that two
buyers of the same seats never wait for each other in a circle. Places without numbers are counted in one row,
which is locked; everything else of a hold comes before that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from theater_site.core.actions import current
from theater_site.core.errors import Conflict
from ticketing.models import Area, AreaHold, PerformanceArea, PerformanceSeat, Seat, SeatState, Ticket

_TABLE = PerformanceSeat._meta.db_table
_COLUMNS = '"performance_id", "seat_id", "state", "holder", "held_until"'
_TAKE_OVER = f"""
    ON CONFLICT ("performance_id", "seat_id")
    DO UPDATE SET "state" = excluded."state", "holder" = excluded."holder", "held_until" = excluded."held_until"
    WHERE "{_TABLE}"."state" = '{SeatState.HELD.value}' AND "{_TABLE}"."held_until" <= %s
    RETURNING "seat_id"
"""


def take_seats(
    performance_id: int, seat_ids: Collection[int], *, state: SeatState, holder: str = "", until: datetime | None = None
) -> None:
    """Take all these seats, or raise Conflict (`seats_taken`, naming who is in the way) and let the action be
    undone.

    A seat is free if nobody has it, or only a hold that has ended by the action's instant: no job need sweep
    it.
    """
    now = connection.ops.adapt_datetimefield_value(current().instant)
    end = connection.ops.adapt_datetimefield_value(until) if until is not None else None
    ordered = sorted(set(seat_ids))
    values: list[Any] = [value for seat in ordered for value in (performance_id, seat, state.value, holder, end)]
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(ordered))
    with connection.cursor() as cursor:
        # Nothing in it comes from outside: names of ours and placeholders.
        cursor.execute(f'INSERT INTO "{_TABLE}" ({_COLUMNS}) VALUES {rows} {_TAKE_OVER}', [*values, now])  # noqa: S608
        taken = {seat for (seat,) in cursor.fetchall()}
    record_places(performance=performance_id, seats=ordered)
    if missing := [seat for seat in ordered if seat not in taken]:
        labels = Seat.objects.filter(pk__in=missing).order_by("pk").values("id", "label")
        raise Conflict(
            "Somebody else has some of these seats. Choose others; none of yours was taken.",
            code="seats_taken",
            data={"seats": list(labels)},
        )


def take_places(performance_id: int, area: Area, quantity: int, *, holder: str, until: datetime) -> None:
    """Hold so many places of `area`, or raise Conflict (`sold_out`, with how many are `left`)."""
    counter = PerformanceArea.objects.select_for_update().filter(performance_id=performance_id, area=area).first()
    if counter is None:
        raise Conflict("This area is not sold.", code="area_not_sold")
    # Locked before they are summed: one of them may just now be bought, and is then no longer here.
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
    AreaHold.objects.create(counter=counter, holder=holder, quantity=quantity, held_until=until)
    record_places(performance=performance_id, area=area.pk, quantity=quantity)


def held_by(holder: str) -> tuple[list[PerformanceSeat], AreaHold | None]:
    """What a holder has, expired or not, locked until the end of the action."""
    seats = list(PerformanceSeat.objects.select_for_update().filter(holder=holder).order_by("seat_id"))
    if seats:
        return seats, None
    return [], AreaHold.objects.select_for_update(of=("self",)).select_related("counter__area").filter(
        holder=holder
    ).first()


def sell_seats(seats: Sequence[PerformanceSeat], tickets: Sequence[Ticket]) -> None:
    """Held seats, locked by `held_by`, become those of their tickets, one for one."""
    for row, ticket in zip(seats, tickets, strict=True):
        row.state, row.holder, row.held_until, row.ticket = SeatState.SOLD, "", None, ticket
    PerformanceSeat.objects.bulk_update(seats, ["state", "holder", "held_until", "ticket"])


def sell_places(hold: AreaHold) -> None:
    """Held places, locked by `held_by`, are sold: they stay counted, and the hold is gone."""
    hold.delete()


def let_go(holder: str) -> bool:
    """Give back whatever a holder has; False where there is nothing."""
    freed, _ = PerformanceSeat.objects.filter(holder=holder, state=SeatState.HELD).delete()
    if freed:
        return True
    counter_id = AreaHold.objects.filter(holder=holder).values_list("counter", flat=True).first()
    if counter_id is None:
        return False
    # The counter first, as in `take_places`.
    PerformanceArea.objects.select_for_update().get(pk=counter_id)
    hold = AreaHold.objects.filter(holder=holder).first()
    if hold is None:
        return False
    PerformanceArea.objects.filter(pk=counter_id).update(taken=F("taken") - hold.quantity)
    hold.delete()
    return True


def take_back(tickets: Sequence[Ticket]) -> None:
    """The places of these tickets can be sold again."""
    PerformanceSeat.objects.filter(ticket__in=tickets).delete()
    places: dict[tuple[int, int], int] = {}
    for ticket in tickets:
        if ticket.area_id is not None:
            key = (ticket.performance_id, ticket.area_id)
            places[key] = places.get(key, 0) + 1
    for (performance_id, area_id), quantity in sorted(places.items()):
        counter = PerformanceArea.objects.filter(performance_id=performance_id, area_id=area_id)
        counter.update(taken=F("taken") - quantity)


def unblock(performance_id: int, seat_ids: Collection[int]) -> int:
    """Seats that were blocked are free; others stay as they are. Answers how many."""
    blocked = PerformanceSeat.objects.filter(
        performance_id=performance_id, seat_id__in=seat_ids, state=SeatState.BLOCKED
    )
    record_places(performance=performance_id, seats=sorted(seat_ids))
    return blocked.delete()[0]


def record_places(**places: Any) -> None:
    """Say in the audit entry of the action which places it was about, since their rows are not recorded one
    by one."""
    current().note.update(places)

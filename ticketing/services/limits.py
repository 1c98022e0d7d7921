"""How many unpaid seats one buyer may keep from others at a performance."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from theater_site.core.errors import Conflict
from theater_site.core.locks import lock_until_commit
from theater_site.core.network import address_index
from ticketing.models import AreaHold, OrderState, PerformanceSeat, Ticket


def limit_address(performance_id: int, quantity: int, at: datetime) -> str:
    """The blind index to store with seats that the current network address takes; empty where no limit applies.

    Held and unpaid seats of an address count together. Behind a lock: without it, parallel requests would each see the
    seats of none of the others. Raises Conflict (`too_many_unpaid_seats`).
    """
    most, source = settings.UNPAID_SEATS_PER_ADDRESS, address_index()
    if not most or not source:
        return ""
    lock_until_commit(f"unpaid seats {performance_id} {source}")
    seats = PerformanceSeat.objects.filter(performance_id=performance_id, source=source, held_until__gt=at).count()
    areas = AreaHold.objects.filter(counter__performance_id=performance_id, source=source, held_until__gt=at)
    _refuse_above(most, seats + (areas.aggregate(sum=Sum("quantity"))["sum"] or 0), quantity)
    return source


def limit_email(performance_id: int, email_index: str, quantity: int, at: datetime) -> None:
    """Refuse more unpaid seats for one e-mail address than the limit. Raises Conflict (`too_many_unpaid_seats`)."""
    most = settings.UNPAID_SEATS_PER_EMAIL
    if not most:
        return
    lock_until_commit(f"unpaid seats {performance_id} {email_index}")
    unpaid = Ticket.objects.filter(
        performance_id=performance_id,
        void=False,
        line__order__email_index=email_index,
        line__order__state=OrderState.PENDING,
        line__order__pay_by__gt=at,
    )
    _refuse_above(most, unpaid.count(), quantity)


def _refuse_above(most: int, unpaid: int, quantity: int) -> None:
    if unpaid + quantity > most:
        raise Conflict(
            f"At most {most} unpaid seats are kept for one buyer or network address; {unpaid} are kept already. Pay for these,"
            " or ask the box office.",
            code="too_many_unpaid_seats",
            data={"limit": most, "unpaid": unpaid},
        )

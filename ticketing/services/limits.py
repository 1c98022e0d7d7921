"""How many unpaid or free seats one buyer may keep from others at a performance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from theater_site.core.errors import Conflict
from theater_site.core.locks import lock_until_commit
from theater_site.core.network import address_index
from ticketing.models import OrderState, Ticket


def limit_address(performance_id: int, quantity: int, at: datetime) -> str:
    """The blind index to store with seats that the current network address takes; empty where no limit applies.

    Held and unpaid seats of an address count together. Behind a lock: without it, parallel requests would each see the
    seats of none of the others. Raises Conflict (`too_many_unpaid_seats`).
    """
    most, source = settings.UNPAID_SEATS_PER_ADDRESS, address_index()
    if not most or not source:
        return ""
    lock_until_commit(f"unpaid seats {performance_id} {source}")
    unpaid = _unpaid(performance_id, source, at)
    if unpaid + quantity > most:
        raise Conflict(
            f"At most {most} unpaid seats are kept for one network address; {unpaid} are kept already. Pay for these, or ask the"
            " box office.",
            code="too_many_unpaid_seats",
            data={"limit": most, "unpaid": unpaid},
        )
    return source


# One statement, and not compiled each time: every hold of a buyer runs it while it has the lock.
_UNPAID = """
    SELECT
        (SELECT COUNT(*) FROM "ticketing_performanceseat" WHERE performance_id = %s AND source = %s AND held_until > %s)
        + (SELECT COALESCE(SUM(hold.quantity), 0) FROM "ticketing_areahold" AS hold
           JOIN "ticketing_performancearea" AS counter ON counter.id = hold.counter_id
           WHERE counter.performance_id = %s AND hold.source = %s AND hold.held_until > %s)
"""


def _unpaid(performance_id: int, source: str, at: datetime) -> int:
    mine = (performance_id, source, connection.ops.adapt_datetimefield_value(at))
    with connection.cursor() as cursor:
        cursor.execute(_UNPAID, mine + mine)
        return int(cursor.fetchone()[0])


def limit_email(performance_id: int, email_index: str, quantity: int, at: datetime) -> None:
    """Refuse more unpaid seats for one e-mail address than the limit. Raises Conflict (`too_many_unpaid_seats`)."""
    most = settings.UNPAID_SEATS_PER_EMAIL
    if not most:
        return
    lock_until_commit(f"unpaid seats {performance_id} {email_index}")
    unpaid = _tickets(performance_id, email_index=email_index, state=OrderState.PENDING, pay_by__gt=at)
    if unpaid.count() + quantity > most:
        # Without the number of unpaid seats: the caller may have typed the address of somebody else.
        raise Conflict(
            f"At most {most} unpaid seats are kept for one e-mail address. Pay for the others first, or ask the box office.",
            code="too_many_unpaid_seats",
            field="buyer_email",
            data={"limit": most},
        )


def limit_free_seats(performance_id: int, email_index: str, quantity: int) -> str:
    """The blind index to store with an order that costs nothing; empty where no limit applies.

    Such an order is paid at once and has no deadline. Without a limit of its own, one caller takes the whole house. Tickets
    without a price count for the network address and for the e-mail address, each with its limit of unpaid seats. Raises
    Conflict (`too_many_free_seats`).
    """
    source = address_index()
    limits = (
        ("source", source, settings.UNPAID_SEATS_PER_ADDRESS),
        ("email_index", email_index, settings.UNPAID_SEATS_PER_EMAIL),
    )
    for name, value, most in limits:
        if not most or not value:
            continue
        lock_until_commit(f"free seats {performance_id} {value}")
        if _tickets(performance_id, **{name: value}, total_minor=0).count() + quantity > most:
            raise Conflict(
                f"At most {most} free seats go to one buyer or network address. Ask the box office for more.",
                code="too_many_free_seats",
                data={"limit": most},
            )
    return source


def _tickets(performance_id: int, **order: Any) -> QuerySet[Ticket]:
    of_order = {f"line__order__{name}": value for name, value in order.items()}
    return Ticket.objects.filter(performance_id=performance_id, void=False, **of_order)

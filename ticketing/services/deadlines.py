"""The periodic job that marks unpaid orders as expired. Their seats are free from the deadline on, also without it."""

from __future__ import annotations

from theater_site.core import runs
from theater_site.core.actors import System
from theater_site.core.errors import Conflict
from ticketing.models import Order, OrderState
from ticketing.services.orders import expire_order

_BATCH = 200


def expire_due() -> int:
    """Expire orders whose deadline has passed, each in its own transaction. Returns their number."""
    due = Order.objects.filter(state=OrderState.PENDING, pay_by__lte=runs.instant()).order_by("pay_by", "pk")[:_BATCH]
    expired = 0
    for order in due:
        try:
            expire_order(actor=System("work"), order=order)
        except Conflict:
            # Paid, canceled or extended since the query, or expired by another worker.
            continue
        expired += 1
    return expired

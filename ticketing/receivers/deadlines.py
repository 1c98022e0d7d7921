"""Unpaid orders of a performance that begins earlier than their deadline are due at its start."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from scheduling.signals import Move
from theater_site.core.actions import current
from ticketing.models import Order, OrderState
from ticketing.services.orders import set_deadline


def shorten_deadlines(moves: list[Move], **_: Any) -> None:
    """Set the deadline of each unpaid order of these performances to the new start, where it would be later."""
    for move in moves:
        starts_at = move.occurrence.starts_at
        orders = Order.objects.filter(lines__ticket__performance=move.occurrence, state=OrderState.PENDING)
        # A move into the past is refused by a judge, after this.
        coming = starts_at is not None and starts_at > current().instant
        late = orders.filter(pay_by__gt=starts_at) if coming else orders.none()
        for order in late.distinct().order_by(F("pk")):
            set_deadline.as_consequence(order=order, pay_by=starts_at)

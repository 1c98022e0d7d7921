"""Sends buyers a mail for every step of their order, and for every change of their performance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from accounts.mails.letters import Letter
from accounts.services.outbox import put_to_address
from scheduling.models import Occurrence
from scheduling.signals import Move
from ticketing.mails import orders
from ticketing.models import Order, OrderState, Ticket


def send_order(order: Order, **_: Any) -> None:
    _send("order_placed", order, orders.order_placed)


def send_tickets(order: Order, **_: Any) -> None:
    _send("order_paid", order, orders.tickets_sent)


def send_expired(order: Order, **_: Any) -> None:
    _send("order_expired", order, orders.order_expired)


def send_canceled(order: Order, **_: Any) -> None:
    _send("order_canceled", order, orders.order_canceled)


def send_moved(moves: list[Move], **_: Any) -> None:
    """One mail per order and change, with the old and the new time."""
    before = {move.occurrence.pk: move.before for move in moves}
    for order, tickets in _orders_at([move.occurrence for move in moves]):
        _put(
            "performance_moved",
            order,
            partial(orders.performance_moved, order, tickets, before[tickets[0].performance_id]),
        )


def send_performance_canceled(occurrences: list[Occurrence], reason: str, **_: Any) -> None:
    """To paid orders: unpaid ones are canceled, which sends a mail of its own."""
    for order, tickets in _orders_at(occurrences):
        if order.state == OrderState.PAID:
            _put("performance_canceled", order, partial(orders.performance_canceled, order, tickets, reason))


def _orders_at(occurrences: list[Occurrence]) -> list[tuple[Order, list[Ticket]]]:
    tickets: dict[Order, list[Ticket]] = defaultdict(list)
    for ticket in _with_all(Ticket.objects.filter(performance__in=occurrences, void=False)):
        tickets[ticket.line.order].append(ticket)
    return list(tickets.items())


def _with_all(tickets: Any) -> Any:
    along = ("line__order", "performance__production", "performance__venue", "performance__space")
    return tickets.select_related(*along).order_by("pk")


def _send(kind: str, order: Order, letter: Callable[..., Letter]) -> None:
    _put(kind, order, partial(letter, order, list(_with_all(Ticket.objects.filter(line__order=order)))))


def _put(kind: str, order: Order, make: Callable[..., Letter]) -> None:
    put_to_address(kind, order.buyer_email, make, thread=f"order:{order.pk}", about=order)

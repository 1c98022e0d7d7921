"""Mails to buyers about their orders, and to buyers and waiting lists about changes of performances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.db.models import Q

from accounts.notifications.mails.letters import Letter
from accounts.notifications.services.outbox import put_to_address
from scheduling.models import Occurrence, OccurrenceStatus
from scheduling.signals import Move
from theater_site.core import runs
from ticketing.mails import orders, waiting_list
from ticketing.models import Order, OrderState, Ticket, WaitingListEntry

# What makes the files of a mail with tickets (mails/ticket_files.py); wiring registers it. Nothing for an unpaid order.
TICKET_FILES = "tickets"


def send_order(order: Order, **_: Any) -> None:
    _send("order_placed", order, orders.order_placed, attachments=_files_of(order))


def send_tickets(order: Order, **_: Any) -> None:
    _send("order_paid", order, orders.tickets_sent, attachments=TICKET_FILES)


def send_expired(order: Order, **_: Any) -> None:
    _send("order_expired", order, orders.order_expired)


def send_canceled(order: Order, **_: Any) -> None:
    """Except for an unpaid order of a canceled performance, whose buyer gets `performance_canceled` with the reason."""
    canceled = Ticket.objects.filter(line__order=order, performance__status=OccurrenceStatus.CANCELED)
    if order.paid_at is None and canceled.exists():
        return
    _send("order_canceled", order, orders.order_canceled)


def send_moved(moves: list[Move], **_: Any) -> None:
    """One mail per order and entry, with the old and the new time."""
    before = {move.occurrence.pk: move.before for move in moves}
    for order, tickets in _orders_at([move.occurrence for move in moves]):
        _mail(
            "performance_moved",
            order,
            partial(orders.performance_moved, order, tickets, before[tickets[0].performance_id]),
            # The printed tickets show the old time.
            attachments=_files_of(order),
        )
    for entry in _waiting_for(before):
        _mail_waiting(entry, partial(waiting_list.moved, entry, before[entry.performance_id]))


def send_performance_canceled(occurrences: list[Occurrence], reason: str, **_: Any) -> None:
    """To paid and unpaid orders and to the waiting list. Runs before the unpaid orders are canceled."""
    for order, tickets in _orders_at(occurrences):
        _mail("performance_canceled", order, partial(orders.performance_canceled, order, tickets, reason))
    for entry in _waiting_for([occurrence.pk for occurrence in occurrences]):
        _mail_waiting(entry, partial(waiting_list.canceled, entry, reason))


def send_reinstated(occurrences: list[Occurrence], **_: Any) -> None:
    """To paid orders, whose tickets are valid again, and to the waiting list."""
    for order, tickets in _orders_at(occurrences):
        _mail("performance_reinstated", order, partial(orders.performance_reinstated, order, tickets))
    for entry in _waiting_for([occurrence.pk for occurrence in occurrences]):
        _mail_waiting(entry, partial(waiting_list.reinstated, entry))


def _waiting_for(performance_ids: Iterable[int]) -> list[WaitingListEntry]:
    """The entries without an offer, or with an offer that has not lapsed."""
    entries = WaitingListEntry.objects.filter(performance__in=list(performance_ids))
    active = Q(offered_until=None) | Q(offered_until__gt=runs.instant())
    related = ("performance__production", "performance__venue", "performance__space")
    return list(entries.filter(active).select_related(*related).order_by("pk"))


def _mail_waiting(entry: WaitingListEntry, make: Callable[..., Letter]) -> None:
    put_to_address("waiting_list_changed", entry.email, make, about=entry)


def _orders_at(occurrences: list[Occurrence]) -> list[tuple[Order, list[Ticket]]]:
    """The orders with valid tickets for these performances, each with those tickets."""
    tickets: dict[Order, list[Ticket]] = defaultdict(list)
    for ticket in _with_related(Ticket.objects.filter(performance__in=occurrences, void=False)):
        tickets[ticket.line.order].append(ticket)
    return list(tickets.items())


def _files_of(order: Order) -> str:
    """The files of a mail about an order: the tickets once it is paid."""
    return TICKET_FILES if order.state == OrderState.PAID else ""


def _with_related(tickets: Any) -> Any:
    related = ("line__order", "performance__production", "performance__venue", "performance__space")
    return tickets.select_related(*related).order_by("pk")


def _send(kind: str, order: Order, letter: Callable[..., Letter], *, attachments: str = "") -> None:
    tickets = list(_with_related(Ticket.objects.filter(line__order=order)))
    _mail(kind, order, partial(letter, order, tickets), attachments=attachments)


def _mail(kind: str, order: Order, make: Callable[..., Letter], *, attachments: str = "") -> None:
    thread = f"order:{order.pk}"
    put_to_address(kind, order.buyer_email, make, thread=thread, about=order, attachments=attachments)

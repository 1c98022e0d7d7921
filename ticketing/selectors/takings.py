"""Numbers of orders and tickets, and the money received, by performance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from theater_site.core.money import Money
from theater_site.core.runs import instant
from ticketing.models import OrderState, Ticket


@dataclass(frozen=True, slots=True)
class Taken:
    """Orders and tickets of a performance that are not canceled, and the money received for them."""

    orders: int = 0
    tickets: int = 0
    paid: Money | None = None

    def __bool__(self) -> bool:
        return self.orders > 0

    def __str__(self) -> str:
        paid = f", paid {self.paid}" if self.paid is not None else ""
        return f"{_plural(self.orders, 'order')}, {_plural(self.tickets, 'ticket')}{paid}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def taken_at(performance_ids: Iterable[int]) -> dict[int, Taken]:
    """The sales of each of these performances, by id, without those that have none. One query.

    Orders that the running action canceled still count, so that a judge can report them.
    """
    counted = Q(void=False) | Q(line__order__canceled_at=instant())
    paid = Q(line__order__state=OrderState.PAID)
    rows = (
        Ticket.objects.filter(counted, performance__in=list(performance_ids))
        .values("performance_id", "line__currency")
        .annotate(
            orders=Count("line__order", distinct=True), tickets=Count("pk"), minor=Sum("line__price_minor", filter=paid)
        )
    )
    return {
        row["performance_id"]: Taken(
            row["orders"], row["tickets"], Money.of_minor(row["minor"] or 0, row["line__currency"])
        )
        for row in rows
    }

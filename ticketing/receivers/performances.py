"""The judge of changes to performances on sale, and what rescheduling and canceling do to orders."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from scheduling.models import Category, Occurrence, OccurrenceStatus
from scheduling.signals import Move
from theater_site.core import runs
from theater_site.core.actions import current
from theater_site.core.changes import CHANGED, Change
from theater_site.core.judges import Finding, Severity
from ticketing.models import Order, OrderState, Sale, Ticket
from ticketing.selectors.takings import Taken, taken_at
from ticketing.services.orders import cancel_order, set_deadline

_WHEN = frozenset({"date", "start_time", "timezone"})
_JUDGED = frozenset({"status", "category", "space_id"}) | _WHEN


def judge_performances(changes: list[Change]) -> list[Finding]:
    """Findings on performances on sale that change in a way that affects their tickets.

    - `tickets_sold`, a warning: canceled with sold tickets.
    - `on_sale`: no longer a performance. `chart_elsewhere`: moved to a space without their chart. `sold_in_the_past`: moved
      into the past.

    Two queries; none if no change can have findings.
    """
    changed = {
        change.object_id: change for change in changes if change.operation == CHANGED and _JUDGED & change.after.keys()
    }
    if not changed:
        return []
    sales = {
        sale.performance_id: sale
        for sale in Sale.objects.filter(performance__in=changed).select_related("performance", "chart")
    }
    taken = taken_at(sales)
    return [
        finding
        for performance_id, sale in sales.items()
        for finding in _findings(sale, changed[performance_id], taken.get(performance_id, Taken()))
    ]


def _findings(sale: Sale, change: Change, taken: Taken) -> list[Finding]:
    performance: Occurrence = sale.performance
    found = []
    if change.after.get("status") == OccurrenceStatus.CANCELED and taken:
        found.append(
            Finding.on(
                performance,
                rule="tickets_sold",
                severity=Severity.WARNING,
                message=f"Tickets are sold: {taken}.",
                hint="Waive this to cancel anyway. Paid orders are then marked for return, unpaid ones canceled.",
                field="status",
            )
        )
    if change.after.get("status") == OccurrenceStatus.TENTATIVE:
        found.append(_error(performance, "status", "on_sale", "A performance on sale cannot be tentative.", taken))
    if "category" in change.after and change.after["category"] != Category.PERFORMANCE:
        message = "The performance is on sale, and only performances can be."
        found.append(_error(performance, "category", "on_sale", message, taken))
    if "space_id" in change.after and performance.space_id != sale.chart.space_id:
        message = f"The performance is on sale with the seating chart {sale.chart.name!r} of another space."
        found.append(_error(performance, "space", "chart_elsewhere", message, taken))
    if _WHEN & change.after.keys() and performance.starts_at is not None and performance.starts_at <= runs.instant():
        message = "A performance on sale cannot be in the past."
        found.append(_error(performance, "date", "sold_in_the_past", message, taken))
    return found


def _error(performance: Occurrence, field: str, rule: str, message: str, taken: Taken) -> Finding:
    hint = (
        f"It has {taken}. Leave this unchanged, or cancel those orders first."
        if taken
        else "End its sale first (`end-sale`), and open it again afterwards."
    )
    return Finding.on(performance, rule=rule, severity=Severity.ERROR, message=message, hint=hint, field=field)


def close_orders(occurrences: list[Occurrence], **_: Any) -> None:
    """Mark the paid orders of canceled performances for return, and cancel the unpaid ones."""
    orders = Order.objects.filter(
        lines__ticket__performance__in=occurrences, state__in=(OrderState.PENDING, OrderState.PAID)
    )
    by_state: dict[str, list[Order]] = defaultdict(list)
    for order in orders.distinct().order_by("pk"):
        by_state[order.state].append(order)
    for order in by_state[OrderState.PENDING]:
        cancel_order.as_consequence(order=order)
    paid = [order.pk for order in by_state[OrderState.PAID]]
    if paid:
        Order.objects.filter(pk__in=paid).update(needs_return=True)


def keep_orders(occurrences: list[Occurrence], **_: Any) -> None:
    """Unmark the paid orders of reinstated performances, which need no return any more."""
    orders = Order.objects.filter(lines__ticket__performance__in=occurrences, needs_return=True)
    ids = list(orders.distinct().values_list("pk", flat=True))
    if ids:
        Order.objects.filter(pk__in=ids).update(needs_return=False)


def shorten_deadlines(moves: list[Move], **_: Any) -> None:
    """Set the deadline of each unpaid order of these performances to the new start, where it would be later.

    A move into the past is refused by a judge, after this.
    """
    starts = {move.occurrence.pk: move.occurrence.starts_at for move in moves}
    unpaid = Ticket.objects.filter(performance__in=starts, void=False, line__order__state=OrderState.PENDING)
    deadlines: dict[int, dt.datetime] = {}
    for order_id, performance_id in unpaid.values_list("line__order_id", "performance_id"):
        starts_at = starts[performance_id]
        if starts_at is not None and starts_at > current().instant:
            deadlines[order_id] = min(starts_at, deadlines.get(order_id, starts_at))
    for order in Order.objects.filter(pk__in=deadlines).order_by("pk"):
        if order.pay_by is not None and order.pay_by > deadlines[order.pk]:
            set_deadline.as_consequence(order=order, pay_by=deadlines[order.pk])

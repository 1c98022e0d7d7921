"""What a change of the calendar means for tickets: the judge of sold performances, and the orders of canceled ones."""

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
    """Findings on performances on sale that are canceled, moved to a space without their chart, moved into the past, or
    turned into something else. Two queries, and none where nothing of that changed."""
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
                hint="Waive this to cancel all the same: paid orders are marked for return, unpaid ones canceled.",
                field="status",
            )
        )
    if change.after.get("status") == OccurrenceStatus.TENTATIVE:
        found.append(_refused(performance, "status", "on_sale", "A performance on sale cannot be tentative.", taken))
    if "category" in change.after and change.after["category"] != Category.PERFORMANCE:
        found.append(_refused(performance, "category", "on_sale", "Only a performance can be on sale.", taken))
    if "space_id" in change.after and performance.space_id != sale.chart.space_id:
        text = f"It is on sale by the seating chart {sale.chart.name!r} of another space."
        found.append(_refused(performance, "space", "chart_elsewhere", text, taken))
    if _WHEN & change.after.keys() and performance.starts_at is not None and performance.starts_at <= runs.instant():
        found.append(
            _refused(performance, "date", "sold_in_the_past", "A performance on sale cannot be in the past.", taken)
        )
    return found


def _refused(performance: Occurrence, field: str, rule: str, message: str, taken: Taken) -> Finding:
    hint = (
        f"These exist: {taken}. Keep it, or cancel those orders first."
        if taken
        else "End its sale first (`end-sale`), and open it again afterwards."
    )
    return Finding.on(performance, rule=rule, severity=Severity.ERROR, message=message, hint=hint, field=field)


def close_orders(occurrences: list[Occurrence], **_: Any) -> None:
    """Performances were canceled: mark their paid orders for return, and cancel unpaid ones."""
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
    """Canceled performances were reinstated: their paid orders count again."""
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

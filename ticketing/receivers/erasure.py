"""The erasure of a person from the box office."""

from __future__ import annotations

from typing import Any

from accounts.audit.services.retention import erase_values
from accounts.privacy.rules.subjects import NAME_WITHHELD, Subject, erased_address
from accounts.privacy.selectors.personal_data import indexes
from ticketing.models import Order, Ticket, WaitingListEntry
from ticketing.services import occupancy
from ticketing.services.buyers import index_buyer
from ticketing.signals import seats_freed


def forget(subject: Subject, **_: Any) -> None:
    """Remove the buyer from their orders, and delete their waiting-list entries. Receives `person_forgotten`.

    What was sold, for how much and when is kept for the accounts, and the tickets stay valid. Seats that were offered to
    the person are offered to the next on the list.
    """
    email_indexes = indexes(subject)
    orders = Order.objects.select_for_update(of=("self",)).filter(email_index__in=email_indexes)
    for order in orders.order_by("pk"):
        order.buyer_name, order.buyer_email = NAME_WITHHELD, erased_address(order.pk)
        order.save()
        index_buyer(order)
        erase_values("ticketing.order", order.pk, {"buyer_name", "buyer_email", "email_index", "reference"})
        for ticket in Ticket.objects.filter(line__order=order).values_list("pk", flat=True):
            erase_values("ticketing.ticket", ticket, {"code"})
    waiting = WaitingListEntry.objects.filter(email_index__in=email_indexes)
    entries = list(waiting)
    for entry in entries:
        erase_values("ticketing.waitinglistentry", entry.pk, {"name", "email", "email_index"})
        occupancy.let_go(entry.offer_holder)
    waiting.delete()
    seats_freed.announce(performance_ids=sorted({entry.performance_id for entry in entries}))

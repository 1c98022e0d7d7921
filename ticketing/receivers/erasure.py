"""The box office forgets somebody."""

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
    """Orders lose their buyer and keep what was sold, for how much and when, as the accounts must; their tickets stay good
    for everybody who has them. Places on waiting lists are given up."""
    found = indexes(subject)
    for order in Order.objects.select_for_update(of=("self",)).filter(email_index__in=found).order_by("pk"):
        order.buyer_name, order.buyer_email = NAME_WITHHELD, erased_address(order.pk)
        order.save()
        index_buyer(order)
        erase_values("ticketing.order", order.pk, {"buyer_name", "buyer_email", "email_index", "reference"})
        for ticket in Ticket.objects.filter(line__order=order).values_list("pk", flat=True):
            erase_values("ticketing.ticket", ticket, {"code"})
    waiting = WaitingListEntry.objects.filter(email_index__in=found)
    entries = list(waiting)
    for entry in entries:
        erase_values("ticketing.waitinglistentry", entry.pk, {"name", "email", "email_index"})
        occupancy.let_go(entry.offer_holder)
    waiting.delete()
    # What was held for them goes to the next on the list.
    seats_freed.announce(performance_ids=sorted({entry.performance_id for entry in entries}))

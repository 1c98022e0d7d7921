"""The personal data in the box office, found by a person's e-mail addresses."""

from __future__ import annotations

from accounts.privacy.rules.subjects import Subject
from accounts.privacy.selectors.personal_data import Held, indexes, told
from ticketing.models import CheckIn, Order, Ticket, WaitingListEntry


def held_by_box_office(subject: Subject) -> Held:
    """The person's orders with their tickets, waiting-list entries, and the check-ins that they made. Answers `held_about`."""
    orders = Order.objects.filter(email_index__in=indexes(subject)).order_by("pk")
    tickets = Ticket.objects.filter(line__order__in=orders.values("pk")).select_related("line", "performance")
    user = subject.user_id if subject.user_id is not None else -1
    return {
        "ticketing.order": told(
            orders,
            *("reference", "state", "buyer_name", "buyer_email", "total_minor", "currency", "created_at", "paid_at"),
        ),
        "ticketing.ticket": told(
            tickets.order_by("pk"),
            *("code", "void"),
            performance="performance.date",
            place="line.description",
            price_minor="line.price_minor",
        ),
        "ticketing.waitinglistentry": told(
            WaitingListEntry.objects.filter(email_index__in=indexes(subject)).order_by("pk"),
            *("name", "email", "places", "created_at"),
            performance="performance_id",
        ),
        "ticketing.checkin": told(CheckIn.objects.filter(checked_in_by_id=user).order_by("pk"), "checked_in_at"),
    }

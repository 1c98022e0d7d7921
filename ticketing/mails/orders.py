"""Messages to buyers about their orders. Buyers have no account, so the texts use the installation's language and zone."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.notifications.mails.letters import Letter, Reader
from scheduling.mails.changes import at_venue, named, place, when
from scheduling.rules.spans import Placing
from ticketing.models import Order, OrderState, Ticket


def order_placed(order: Order, tickets: list[Ticket], reader: Reader) -> Letter:
    """The order was placed: its seats and the deadline for payment, or the tickets if it costs nothing."""
    if order.state == OrderState.PAID or order.pay_by is None:
        return tickets_sent(order, tickets, reader)
    text = _("Thank you for your order. Please pay %(total)s by %(until)s. After that, others can buy these seats.")
    return _letter(
        order,
        reader,
        tickets,
        _("Your order %(number)s: %(title)s"),
        text,
        until=at_venue(reader, tickets[0].performance).time(order.pay_by),
    )


def tickets_sent(order: Order, tickets: list[Ticket], reader: Reader) -> Letter:
    """The order is paid: its tickets with their codes."""
    text = _("Your order is paid. Here are your tickets. Show the code of each ticket at the door.")
    return _letter(order, reader, tickets, _("Your tickets: %(title)s"), text, codes=True)


def order_expired(order: Order, tickets: list[Ticket], reader: Reader) -> Letter:
    """The order was not paid in time."""
    text = _("Your order was not paid in time, and its seats are free again. You can place a new order.")
    return _letter(order, reader, tickets, _("Your order %(number)s has expired: %(title)s"), text)


def order_canceled(order: Order, tickets: list[Ticket], reader: Reader) -> Letter:
    """The order was canceled."""
    if order.paid_at is None:
        text = _("Your order was canceled. Its tickets are not valid. You do not have to pay anything.")
    else:
        text = _("Your order was canceled. Its tickets are no longer valid. You get your money back.")
    return _letter(order, reader, tickets, _("Your order %(number)s was canceled: %(title)s"), text)


def performance_moved(order: Order, tickets: list[Ticket], before: Placing, reader: Reader) -> Letter:
    """The performance was rescheduled. The tickets are still valid; an unpaid order has its deadline in `pay_by`."""
    if order.pay_by is None:
        text = _("Your performance was moved. The old time was %(before)s. Your tickets are valid for the new time:")
    else:
        text = _(
            "Your performance was moved. The old time was %(before)s. Your order is for the new time. Please pay %(total)s by"
            " %(until)s, or let the order expire:"
        )
    clock = at_venue(reader, tickets[0].performance)
    return _letter(
        order,
        reader,
        tickets,
        _("Your performance was moved: %(title)s"),
        text,
        before=when(before, clock),
        until=clock.time(order.pay_by) if order.pay_by is not None else "",
    )


def performance_canceled(order: Order, tickets: list[Ticket], reason: str, reader: Reader) -> Letter:
    """The performance is canceled, with the reason. Paid orders are refunded, unpaid ones canceled."""
    if order.paid_at is None:
        text = _("Your performance is canceled, and so is your order. You do not have to pay anything.")
    else:
        text = _("Your performance is canceled. The box office will return your money.")
    if reason:
        text += "\n" + _("Reason: %(reason)s")
    return _letter(order, reader, tickets, _("Your performance is canceled: %(title)s"), text, reason=reason)


def performance_reinstated(order: Order, tickets: list[Ticket], reader: Reader) -> Letter:
    """The canceled performance was reinstated. Paid tickets are valid again."""
    text = _("Your performance had been canceled, but takes place after all. Your tickets are valid:")
    return _letter(order, reader, tickets, _("Your performance takes place: %(title)s"), text)


def _letter(
    order: Order, reader: Reader, tickets: list[Ticket], subject: str, text: str, *, codes: bool = False, **values: str
) -> Letter:
    """A letter with the performance, the tickets (with `codes`, their codes too) and the link to the order.

    `values` are for the placeholders of `subject` and `text`.
    """
    performance = tickets[0].performance
    values |= {"number": str(order.pk), "title": named(performance), "total": str(order.total)}
    lines = [f"{named(performance)}: {when(performance.placing, at_venue(reader, performance))}{place(performance)}"]
    lines += [f"{ticket.line.description}{f': {ticket.code}' if codes else ''}" for ticket in tickets]
    link = settings.FRONTEND_URLS["order"].format(reference=order.reference)
    return Letter(subject % values, "\n".join([text % values, "", *lines]) + "\n\n" + _("Your order:") + f"\n{link}")

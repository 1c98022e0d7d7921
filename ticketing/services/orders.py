"""Orders: place them from a hold, record their payment, cancel and expire them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.conf import settings

from accounts.models import Section
from accounts.privacy.rules.subjects import erased_address
from scheduling.models import Occurrence, OccurrenceStatus
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotFound
from theater_site.core.money import Money
from ticketing.models import CheckIn, Order, OrderLine, OrderState, Payment, PaymentState, Ticket
from ticketing.rules.secrets import digest_of, new_reference, new_ticket_code
from ticketing.selectors.sale_terms import OpenSale, Place, place_in_area, sale_open, seats_on_sale
from ticketing.services import occupancy, waiting_list
from ticketing.services.buyers import index_buyer
from ticketing.services.limits import limit_email, limit_free_seats
from ticketing.services.payments import provider
from ticketing.services.promotions import give_back, redeem
from ticketing.signals import order_canceled, order_expired, order_paid, order_placed, seats_freed, tickets_resent


@action("order.place", open_to=OpenTo.PUBLIC)
def place_order(
    *,
    hold: Annotated[str, Doc("The secret token of the hold. Example: Xk3vQ0J7bW9xT1n5yR2mLp8sGd4hKc6Z")],
    buyer_name: Annotated[str, Doc("The name of the buyer. Example: Bea Buyer")],
    buyer_email: Annotated[str, Doc("The e-mail address to which the tickets are sent. Example: bea@home.example")],
    promotion_code: Annotated[str | None, Doc("The code of a promotion; null or empty without one. Example: SPRING27")],
    payment: Annotated[
        str | None, Doc("The payment provider; null is `manual`, the box office itself. Example: manual")
    ],
) -> Order:
    """Order the seats of a hold: one ticket per seat, at the current prices, minus at most one promotion.

    An order that costs nothing is paid at once. Any other keeps its seats until `pay_by`: for the `payment_minutes` of the
    sale, else PAYMENT_MINUTES, and at most until the performance starts. Sends the buyer a mail.

    Errors: `hold_gone`; those of a performance that is not on sale, with `production_canceled`; `code_not_valid`;
    `unknown_provider`; `too_many_unpaid_seats` above the limit per e-mail address and `too_many_free_seats` above the limit of
    seats that cost nothing, which do not apply to staff; and the codes of the fields.
    """
    run = current()
    seats, held = occupancy.held_by(digest_of(hold))
    until = seats[0].held_until if seats else held.held_until if held is not None else None
    if until is None or until <= run.instant:
        raise Conflict("This hold has ended. Choose the seats again.", code="hold_gone", field="hold")
    performance_id = seats[0].performance_id if seats else held.counter.performance_id  # type: ignore[union-attr]
    sale = sale_open(performance_id, run.instant)
    if held is None:
        places = seats_on_sale(sale, [row.seat_id for row in seats])
    else:
        places = [place_in_area(sale, held.counter.area)] * held.quantity
    section = Section.objects.get(pk=sale.section_id)
    full_prices = [place.price for place in places]
    promotion, discounts = redeem(section, full_prices, promotion_code or "")
    prices = [price - discount for price, discount in zip(full_prices, discounts, strict=True)]
    total = Money.total(prices, sale.currency)
    pay_by = _deadline(sale, run.instant) if total else None
    order = Order(
        section=section,
        reference=new_reference(),
        buyer_name=buyer_name.strip(),
        buyer_email=buyer_email.strip(),
        promotion=promotion,
        total_minor=total.minor,
        currency=sale.currency,
        state=OrderState.PENDING if total else OrderState.PAID,
        pay_by=pay_by,
        paid_at=None if total else run.instant,
    )
    order.save()
    if not run.actor.holds("edit_tickets", section, run.instant):
        _limit(order, performance_id, len(places))
    index_buyer(order)
    lines = []
    for place, price in zip(places, prices, strict=True):
        tax = price.tax_part(sale.tax_rate)
        line = OrderLine(
            order=order,
            description=place.label,
            price_category=place.price_category,
            tax_rate=sale.tax_rate,
            currency=sale.currency,
        )
        line.full_price, line.price, line.tax = place.price, price, tax
        lines.append(line)
    OrderLine.objects.bulk_create(lines)
    tickets = Ticket.objects.bulk_create(
        [_ticket(line, place, performance_id) for line, place in zip(lines, places, strict=True)]
    )
    # The insert of the tickets has locked the performance. A cancellation committed between the first check and this lock
    # did not see this order, so nothing would close it.
    sale_open(performance_id, run.instant)
    if pay_by is None:
        occupancy.sell(seats, held, tickets)
    else:
        occupancy.reserve(seats, held, tickets, order, pay_by)
        _begin_payment(order, total, payment or "manual")
    waiting_list.served(digest_of(hold))
    order_placed.announce(order=order)
    return order


def _limit(order: Order, performance_id: int, quantity: int) -> None:
    email_index = order.email_index or ""
    if order.total_minor:
        limit_email(performance_id, email_index, quantity, current().instant)
    elif source := limit_free_seats(performance_id, email_index, quantity):
        order.source = source
        order.save()


@action("order.pay", needs=Needs("edit_tickets", on="order"), subject="order")
def pay_order(
    *, order: Order, method: Annotated[str, Doc("How it was paid: cash, card or transfer. Example: cash")]
) -> Order:
    """Record the payment of an order. Sends the buyer the tickets.

    After its deadline, an order can still be paid until others take one of its seats or it is marked as expired.

    Errors: `order_paid`, `order_canceled`, `order_expired`; `performance_canceled`; `seats_lost`; `unknown_method`.
    """
    _refuse_unless_pending(order)
    tickets = _locked_tickets(order)
    _refuse_if_canceled(tickets)
    occupancy.confirm(order, tickets)
    now = current().instant
    payment = order.payments.get(state=PaymentState.AWAITED)
    provider(payment.provider).confirm(payment, method)
    payment.state, payment.method, payment.received_at = PaymentState.RECEIVED, method, now
    payment.save()
    order.state, order.paid_at, order.pay_by = OrderState.PAID, now, None
    order.save()
    order_paid.announce(order=order)
    return order


@action("order.resend", needs=Needs("edit_tickets", on="order"), subject="order")
def resend_tickets(*, order: Order) -> Order:
    """Mail the tickets of a paid order to its buyer again, with the PDF and the calendar file.

    Errors: `order_pending` if it is not paid yet; `order_canceled`, `order_expired`; `buyer_erased` if the address of the
    buyer was erased.
    """
    if order.state == OrderState.PENDING:
        raise Conflict("This order is not paid yet. Record its payment, which sends the tickets.", code="order_pending")
    if order.state != OrderState.PAID:
        raise Conflict(f"This order is already {order.state}.", code=f"order_{order.state}")
    if order.buyer_email == erased_address(order.pk):
        raise Conflict("The buyer of this order was erased, so there is no address to mail to.", code="buyer_erased")
    tickets_resent.announce(order=order)
    return order


@action("order.set_deadline", needs=Needs("edit_tickets", on="order"), subject="order")
def set_deadline(
    *,
    order: Order,
    pay_by: Annotated[dt.datetime, Doc("The new deadline: an instant. Example: 2027-02-10T18:00:00Z")],
) -> Order:
    """Set the deadline of an unpaid order, until which its seats are kept.

    Errors: `order_paid`, `order_canceled`, `order_expired`; `in_the_past`; `seats_lost` if the old deadline has passed and
    others have taken one of the seats.
    """
    _refuse_unless_pending(order)
    if pay_by <= current().instant:
        raise Invalid("This deadline is in the past. Choose a later one.", code="in_the_past", field="pay_by")
    occupancy.keep_until(order, _locked_tickets(order), pay_by)
    order.pay_by = pay_by
    order.save()
    return order


@action("order.cancel", needs=Needs("edit_tickets", on="order"), subject="order")
def cancel_order(*, order: Order) -> Order:
    """Cancel an order: void its tickets, free its seats, refund its payment. Sends the buyer a mail.

    Errors: `order_canceled`, `order_expired`; `already_checked_in` if one of its tickets is checked in.
    """
    if order.state in (OrderState.CANCELED, OrderState.EXPIRED):
        raise Conflict(f"This order is already {order.state}.", code=f"order_{order.state}")
    # Locks the tickets, so that none can be checked in until the end of the transaction.
    tickets = _locked_tickets(order)
    if CheckIn.objects.filter(ticket__in=tickets).exists():
        raise Conflict(
            "A ticket of this order is checked in. Undo the check-in first if that was a mistake.",
            code="already_checked_in",
        )
    if order.state == OrderState.PENDING:
        occupancy.release_unpaid(order, tickets)
    else:
        occupancy.take_back(tickets)
    _close(order, tickets, OrderState.CANCELED)
    order_canceled.announce(order=order)
    return order


@action("order.cancel_unpaid", open_to=OpenTo.PUBLIC)
def cancel_unpaid_order(
    *, reference: Annotated[str, Doc("The secret reference. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s")]
) -> Order:
    """Cancel an unpaid order by its secret reference, as its buyer. Frees its seats and sends the buyer a mail.

    Errors: `no_such_order`; `order_paid`, which the box office can cancel; `order_canceled`, `order_expired`.
    """
    order = Order.objects.select_for_update(of=("self",)).filter(reference=reference).first()
    if order is None:
        raise NotFound("No order has this reference. Check the link.", code="no_such_order")
    if order.state == OrderState.PAID:
        raise Conflict("This order is paid. Ask the box office to cancel it.", code="order_paid")
    canceled: Order = cancel_order.as_consequence(order=order)
    return canceled


@action("order.expire", open_to=OpenTo.SYSTEM, subject="order")
def expire_order(*, order: Order) -> Order:
    """Mark an order as expired that was not paid by its deadline: void its tickets and free its seats.

    Sends the buyer a mail. Errors: `not_due` if it is not pending, or its deadline is in the future.
    """
    if order.state != OrderState.PENDING or order.pay_by is None or order.pay_by > current().instant:
        raise Conflict("This order is not due: it is not pending, or its deadline is in the future.", code="not_due")
    tickets = _locked_tickets(order)
    occupancy.release_unpaid(order, tickets)
    _close(order, tickets, OrderState.EXPIRED)
    order_expired.announce(order=order)
    return order


def _close(order: Order, tickets: list[Ticket], state: OrderState) -> None:
    """Void the tickets, refund or drop the payments, and set the state. Announces `seats_freed`."""
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(void=True)
    for payment in order.payments.filter(state__in=(PaymentState.AWAITED, PaymentState.RECEIVED)):
        if payment.state == PaymentState.RECEIVED:
            provider(payment.provider).refund(payment)
            payment.state = PaymentState.REFUNDED
        else:
            payment.state = PaymentState.DROPPED
        payment.save()
    if order.promotion is not None:
        give_back(order.promotion)
    order.state, order.canceled_at, order.needs_return = state, current().instant, False
    order.save()
    seats_freed.announce(performance_ids=sorted({ticket.performance_id for ticket in tickets}))


def _refuse_unless_pending(order: Order) -> None:
    if order.state != OrderState.PENDING:
        raise Conflict(f"This order is already {order.state}.", code=f"order_{order.state}")


def _refuse_if_canceled(tickets: list[Ticket]) -> None:
    performances = Occurrence.objects.filter(pk__in={ticket.performance_id for ticket in tickets})
    if performances.filter(status=OccurrenceStatus.CANCELED).exists():
        raise Conflict(
            "The performance is canceled. Do not take the money; cancel this order.", code="performance_canceled"
        )


def _locked_tickets(order: Order) -> list[Ticket]:
    return list(Ticket.objects.select_for_update(of=("self",)).filter(line__order=order).order_by("pk"))


def _deadline(sale: OpenSale, at: dt.datetime) -> dt.datetime:
    until = at + dt.timedelta(minutes=sale.payment_minutes or settings.PAYMENT_MINUTES)
    return min(until, sale.starts_at) if sale.starts_at is not None and sale.starts_at > at else until


def _ticket(line: OrderLine, place: Place, performance_id: int) -> Ticket:
    return Ticket(
        line=line, performance_id=performance_id, seat_id=place.seat_id, area_id=place.area_id, code=new_ticket_code()
    )


def _begin_payment(order: Order, total: Money, name: str) -> None:
    payment = Payment(order=order, provider=name, amount_minor=total.minor, currency=total.currency)
    provider(name, field="payment").begin(payment)
    payment.save()

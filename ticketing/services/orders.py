"""What is held is bought; what was bought is paid, or given back."""

from __future__ import annotations

from typing import Annotated

from accounts.models import Section
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict
from theater_site.core.money import Money
from ticketing.models import Admission, Order, OrderLine, OrderState, Payment, PaymentState, Ticket
from ticketing.rules.secrets import digest_of, new_reference, new_ticket_code
from ticketing.selectors.availability import Place, place_in_area, sale_open, seats_on_sale
from ticketing.services import occupancy
from ticketing.services.payments import provider
from ticketing.services.promotions import give_back, redeem


@action("order.place", open_to=OpenTo.PUBLIC)
def place_order(
    *,
    hold: Annotated[str, Doc("The secret of the hold, from its making.")],
    buyer_name: Annotated[str, Doc("Who buys, as tickets name them. Example: Bea Buyer")],
    buyer_email: Annotated[str, Doc("Where the tickets are sent. Example: bea@home.example")],
    promotion_code: Annotated[
        str | None, Doc("The code of a promotion; null or empty where there is none. Example: SPRING27")
    ],
    payment: Annotated[
        str | None, Doc("Who handles the payment; null is `manual`, the box office itself. Example: manual")
    ],
) -> Order:
    """Place an order for what a hold keeps: a ticket for each place, at its price now, with at most one promotion.

    `payment` names the provider ("manual" unless said). An order that costs nothing is paid at once; any other waits
    for its payment, its places being the buyer's meanwhile. Refused: a hold that has ended (`hold_gone`), a performance
    that is no longer sold, a code that is not valid, no name, no e-mail address.
    """
    run = current()
    seats, places = occupancy.held_by(digest_of(hold))
    until = seats[0].held_until if seats else places.held_until if places is not None else None
    if until is None or until <= run.instant:
        raise Conflict("This hold has ended. Choose the places again.", code="hold_gone", field="hold")
    performance_id = seats[0].performance_id if seats else places.counter.performance_id  # type: ignore[union-attr]
    sale = sale_open(performance_id, run.instant)
    if places is None:
        bought = seats_on_sale(sale, [row.seat_id for row in seats])
    else:
        bought = [place_in_area(sale, places.counter.area)] * places.quantity
    section = Section.objects.get(pk=sale.section_id)
    full = [place.price for place in bought]
    promotion, off = redeem(section, full, promotion_code or "")
    prices = [price - less for price, less in zip(full, off, strict=True)]
    total = Money.total(prices, sale.currency)
    order = Order(
        section=section,
        reference=new_reference(),
        buyer_name=buyer_name.strip(),
        buyer_email=buyer_email.strip(),
        promotion=promotion,
        total_minor=total.minor,
        currency=sale.currency,
        state=OrderState.PENDING if total else OrderState.PAID,
        paid_at=None if total else run.instant,
    )
    order.save()
    lines = []
    for place, price in zip(bought, prices, strict=True):
        tax = price.tax_part(sale.tax_rate)
        line = OrderLine(
            order=order, description=place.label, band=place.band, tax_rate=sale.tax_rate, currency=sale.currency
        )
        line.full_price, line.price, line.tax = place.price, price, tax
        lines.append(line)
    OrderLine.objects.bulk_create(lines)
    tickets = Ticket.objects.bulk_create(
        [_ticket(line, place, performance_id) for line, place in zip(lines, bought, strict=True)]
    )
    if places is None:
        occupancy.sell_seats(seats, tickets)
    else:
        occupancy.sell_places(places)
    if total:
        _await(order, total, payment or "manual")
    return order


@action("order.pay", needs=Needs("edit_tickets", on="order"), subject="order")
def pay_order(*, order: Order, method: Annotated[str, Doc("By what it was paid. Example: cash")]) -> Order:
    """Record that an order is paid, by cash, card or transfer. Refused where the order is paid or canceled."""
    if order.state != OrderState.PENDING:
        raise Conflict(f"This order is {order.state} already.", code=f"order_{order.state}")
    now = current().instant
    payment = order.payments.get(state=PaymentState.AWAITED)
    provider(payment.provider).confirm(payment, method)
    payment.state, payment.method, payment.received_at = PaymentState.RECEIVED, method, now
    payment.save()
    order.state, order.paid_at = OrderState.PAID, now
    order.save()
    return order


@action("order.cancel", needs=Needs("edit_tickets", on="order"), subject="order")
def cancel_order(*, order: Order) -> Order:
    """Cancel an order: its tickets are void, its places can be sold again, its money goes back.

    Refused where it is canceled, or somebody was admitted with one of its tickets.
    """
    if order.state == OrderState.CANCELED:
        raise Conflict("This order is canceled already.", code="order_canceled")
    # Locked, so that nobody is let in with one of them meanwhile.
    tickets = list(Ticket.objects.select_for_update(of=("self",)).filter(line__order=order).order_by("pk"))
    if Admission.objects.filter(ticket__in=tickets).exists():
        raise Conflict("Somebody came with a ticket of this order; it stands.", code="already_admitted")
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(void=True)
    occupancy.take_back(tickets)
    for payment in order.payments.filter(state__in=(PaymentState.AWAITED, PaymentState.RECEIVED)):
        if payment.state == PaymentState.RECEIVED:
            provider(payment.provider).refund(payment)
            payment.state = PaymentState.REFUNDED
        else:
            payment.state = PaymentState.DROPPED
        payment.save()
    if order.promotion is not None:
        give_back(order.promotion)
    order.state, order.canceled_at = OrderState.CANCELED, current().instant
    order.save()
    return order


def _ticket(line: OrderLine, place: Place, performance_id: int) -> Ticket:
    return Ticket(
        line=line, performance_id=performance_id, seat_id=place.seat_id, area_id=place.area_id, code=new_ticket_code()
    )


def _await(order: Order, total: Money, name: str) -> None:
    payment = Payment(order=order, provider=name, amount_minor=total.minor, currency=total.currency)
    provider(name).begin(payment)
    payment.save()

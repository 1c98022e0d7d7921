"""Check-in at the door: each ticket checks in once."""

from __future__ import annotations

from typing import Annotated

from scheduling.models import Occurrence, OccurrenceStatus
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotFound
from ticketing.models import CheckIn, OrderState, Ticket
from ticketing.rules.secrets import typed_ticket_code


@action("ticket.check_in", needs=Needs("edit_check_in", on="performance"))
def check_in(
    *,
    performance: Occurrence,
    code: Annotated[
        str,
        Doc(
            "The scanned text of the QR code, or the typed code of the ticket; letter case, dashes and lookalike letters do "
            "not matter. "
            "Example: 7KQ2MX4P9RTD8H3JW5ZB"
        ),
    ],
) -> CheckIn:
    """Check in a ticket by its code.

    Errors: `no_such_ticket`; `performance_canceled`; `wrong_performance`, with the ticket's performance if you may see it;
    `ticket_void` for a canceled or expired order; `not_paid`; `already_checked_in`, with the time.
    """
    if not code.strip():
        raise Invalid("Scan or type the code of a ticket.", code="required", field="code")
    if performance.status == OccurrenceStatus.CANCELED:
        raise Conflict("This performance is canceled, so nobody can be checked in.", code="performance_canceled")
    tickets = Ticket.objects.select_for_update(of=("self",)).select_related("line__order")
    ticket = tickets.filter(code=typed_ticket_code(code)).first()
    if ticket is None:
        raise NotFound(
            "There is no ticket with this code. Scan or type it again, or ask the box office.", code="no_such_ticket"
        )
    if ticket.performance_id != performance.pk:
        raise _wrong_performance(ticket.performance_id)
    if ticket.void:
        raise Conflict(
            "This ticket is not valid: its order was canceled or not paid in time. Send the visitor to the box office.",
            code="ticket_void",
        )
    if ticket.line.order.state != OrderState.PAID:
        raise Conflict("This ticket is not paid. Record the payment first.", code="not_paid")
    earlier = CheckIn.objects.filter(ticket=ticket).first()
    if earlier is not None:
        when = earlier.checked_in_at.isoformat()
        raise Conflict(
            f"This ticket was already checked in at {when}.", code="already_checked_in", data={"checked_in_at": when}
        )
    run = current()
    check_in = CheckIn(ticket=ticket, checked_in_at=run.instant, checked_in_by=run.actor.user)
    check_in.save()
    return check_in


def _wrong_performance(performance_id: int) -> Conflict:
    other = (
        Occurrence.objects.visible_to(current().actor).select_related("production").filter(pk=performance_id).first()
    )
    if other is None:
        return Conflict("This ticket is for another performance.", code="wrong_performance")
    return Conflict(
        f"This ticket is for another performance: {other.shown_title}, {other.date}.",
        code="wrong_performance",
        data={"performance": other.pk, "title": other.shown_title, "date": other.date},
    )


@action("ticket.undo_check_in", needs=Needs("edit_check_in", on="performance"))
def undo_check_in(
    *, performance: Occurrence, code: Annotated[str, Doc("The code of the ticket. Example: 7KQ2MX4P9RTD8H3JW5ZB")]
) -> None:
    """Undo a check-in, so that the ticket can be checked in again. Errors: `not_checked_in`."""
    check_ins = CheckIn.objects.select_for_update(of=("self",)).filter(ticket__performance=performance)
    check_in = check_ins.filter(ticket__code=typed_ticket_code(code)).first()
    if check_in is None:
        raise Conflict(
            "No ticket with this code is checked in at this performance. Check the code.", code="not_checked_in"
        )
    check_in.delete()

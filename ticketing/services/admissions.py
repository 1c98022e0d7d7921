"""Check-in at the door: each ticket admits once."""

from __future__ import annotations

from typing import Annotated

from scheduling.models import Occurrence, OccurrenceStatus
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, NotFound
from ticketing.models import Admission, OrderState, Ticket
from ticketing.rules.secrets import typed_ticket_code


@action("ticket.admit", needs=Needs("edit_check_in", on="performance"))
def admit(
    *,
    performance: Occurrence,
    code: Annotated[
        str,
        Doc(
            "The ticket's code as it is scanned or typed; case, dashes and lookalike letters do not "
            "matter. Example: 7KQ2-MX4P-9RTD"
        ),
    ],
) -> Admission:
    """Admit the bearer of this ticket. Letter case, dashes and lookalike letters of a typed code do not matter.

    Errors: `no_such_ticket`; `performance_canceled`; `wrong_performance`, naming the other one; `ticket_void` of a canceled
    order; `not_paid`; `already_admitted`, saying when.
    """
    if performance.status == OccurrenceStatus.CANCELED:
        raise Conflict("This performance is canceled. Nobody is admitted.", code="performance_canceled")
    tickets = Ticket.objects.select_for_update(of=("self",)).select_related("performance__production", "line__order")
    ticket = tickets.filter(code=typed_ticket_code(code)).first()
    if ticket is None:
        raise NotFound(
            "There is no ticket with this code. Type it again, or ask at the box office.", code="no_such_ticket"
        )
    if ticket.performance_id != performance.pk:
        other = ticket.performance
        raise Conflict(
            f"This ticket is for another performance: {other.shown_title}, {other.date}.",
            code="wrong_performance",
            data={"performance": other.pk, "title": other.shown_title, "date": other.date},
        )
    if ticket.void:
        raise Conflict("The order of this ticket was canceled or not paid in time.", code="ticket_void")
    if ticket.line.order.state != OrderState.PAID:
        raise Conflict("This ticket is not paid yet. Take the money first.", code="not_paid")
    before = Admission.objects.filter(ticket=ticket).first()
    if before is not None:
        when = before.admitted_at.isoformat()
        raise Conflict(
            f"This ticket was admitted already, at {when}.", code="already_admitted", data={"admitted_at": when}
        )
    run = current()
    admission = Admission(ticket=ticket, admitted_at=run.instant, admitted_by=run.actor.user)
    admission.save()
    return admission


@action("ticket.undo_admission", needs=Needs("edit_check_in", on="performance"))
def undo_admission(
    *, performance: Occurrence, code: Annotated[str, Doc("The code of the ticket. Example: 7KQ2-MX4P-9RTD")]
) -> None:
    """Undo an admission made by mistake, so that the ticket admits again. Error: `not_admitted`."""
    admissions = Admission.objects.select_for_update(of=("self",)).filter(ticket__performance=performance)
    admission = admissions.filter(ticket__code=typed_ticket_code(code)).first()
    if admission is None:
        raise Conflict("Nobody was admitted to this performance with this code.", code="not_admitted")
    admission.delete()

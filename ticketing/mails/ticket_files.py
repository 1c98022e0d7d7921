"""The files of a mail with tickets: a PDF with a page for each ticket, and the performances for a calendar.

They are made when the mail is sent, so that no copy of a ticket is stored in the outbox.
"""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.notifications.mails.attachments import Attachment
from accounts.notifications.mails.letters import Reader
from accounts.permissions.selectors.sections import organization
from scheduling.mails.changes import at_venue, named, place, when
from scheduling.rules import ical
from scheduling.selectors.feeds import calendar_event
from ticketing.models import OrderState, Ticket
from ticketing.rules.ticket_pdf import PrintedTicket, write
from ticketing.selectors.ticket_keys import ticket_signers


def ticket_files(about_id: str) -> list[Attachment]:
    """The PDF and the ICS file of the order with this id. No files if it is not paid, or has no valid tickets any more."""
    related = ("line__order", "performance__production", "performance__venue", "performance__space")
    valid = Ticket.objects.filter(line__order=int(about_id), line__order__state=OrderState.PAID, void=False)
    tickets = list(valid.select_related(*related).order_by("pk"))
    if not tickets:
        return []
    order = tickets[0].line.order
    reader = Reader.of(None)
    with translation.override(reader.language):
        pages = [_page(ticket, reader) for ticket in tickets]
    pdf = write(pages, made_at=order.paid_at or order.created_at, language=reader.language)
    return [Attachment("tickets.pdf", pdf, "application/pdf"), *_calendar(tickets)]


def _page(ticket: Ticket, reader: Reader) -> PrintedTicket:
    performance = ticket.performance
    # The number of the order and not its reference: that is a secret of the buyer, and tickets are given to friends.
    facts = [
        (_("Date"), when(performance.placing, at_venue(reader, performance))),
        (_("Venue"), place(performance).removeprefix(", ")),
        (_("Seat"), ticket.line.description),
        (_("Price category"), f"{ticket.line.price_category}, {ticket.line.price}"),
        (_("Order"), str(ticket.line.order.pk)),
    ]
    signed = ticket_signers()[0].sign(ticket.code, performance.pk)
    return PrintedTicket(named(performance), [fact for fact in facts if fact[1]], ticket.code, signed)


def _calendar(tickets: list[Ticket]) -> list[Attachment]:
    """The performances, each once, with the UIDs of the public calendar; no file if none has a day yet."""
    root = organization()
    performances = {ticket.performance_id: ticket.performance for ticket in tickets}.values()
    events = [event for row in performances if (event := calendar_event(row, root.label)) is not None]
    if not events:
        return []
    return [Attachment("performance.ics", ical.write(root.name, events), "text/calendar")]

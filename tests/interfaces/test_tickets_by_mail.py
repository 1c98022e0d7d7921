"""Tickets by mail: the PDF with its QR codes, the calendar file, sending them again, and that nothing of it is stored."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
import zxingcpp
from django.core import mail
from icalendar import Calendar
from pypdf import PdfReader

from accounts.models import Notification
from accounts.notifications.services.outbox import deliver_due
from scheduling.services.occurrences import cancel_occurrence
from tests import world
from tests.worlds import ticketing as scene
from ticketing.models import Ticket
from ticketing.rules.signed_tickets import SignedTicket, verified
from ticketing.rules.ticket_pdf import PrintedTicket, write
from ticketing.services.orders import cancel_order

pytestmark = pytest.mark.django_db


def delivered(kind):
    """The last mail of this kind as a mail program reads it."""
    mail.outbox.clear()
    deliver_due()
    row = Notification.objects.filter(kind=kind).latest("pk")
    sent = [one for one in mail.outbox if one.extra_headers["Message-ID"].startswith(f"<notification.{row.pk}.")]
    return message_from_bytes(sent[0].message().as_bytes(), policy=policy.default)


def files(message):
    return {part.get_filename(): part for part in message.iter_attachments()}


def pages(content):
    return PdfReader(io.BytesIO(content)).pages


def qr_texts(content):
    return [zxingcpp.read_barcode(image.image.convert("L")).text for page in pages(content) for image in page.images]


def test_a_paid_order_brings_pdf_and_calendar():
    _root, director, evening, seats, _ = scene.house(rows=1, seats=3)
    order = scene.order(scene.hold(evening, seats[:2]), buyer_name="Zoë Żółw")
    assert files(delivered("order_placed")) == {}
    scene.pay_order(actor=world.acting(director), order=order, method="cash")
    message = delivered("order_paid")
    found = files(message)
    assert list(found) == ["tickets.pdf", "performance.ics"]
    assert found["tickets.pdf"].get_content_type() == "application/pdf"
    assert found["performance.ics"].get_content_type() == "text/calendar"

    content = found["tickets.pdf"].get_content()
    tickets = list(Ticket.objects.filter(line__order=order).select_related("line").order_by("pk"))
    printed = [page.extract_text() for page in pages(content)]
    assert len(printed) == 2
    for text, ticket in zip(printed, tickets, strict=True):
        for words in (
            evening.shown_title,
            ticket.line.description,
            "Stalls, 25.00 EUR",
            str(order.pk),
            ticket.code[:4],
        ):
            assert words in text
        assert order.reference not in text
    keys = [key["public_key"] for key in world.client().get("/api/v1/ticket-keys/").json()["keys"]]
    codes = qr_texts(content)
    assert [verified(code, keys) for code in codes] == [SignedTicket(one.code, evening.pk) for one in tickets]

    (event,) = Calendar.from_ical(found["performance.ics"].get_content()).walk("VEVENT")
    assert (str(event["summary"]), event.start) == (evening.shown_title, evening.starts_at)

    # The scanned text opens the door, and finds the order.
    office = world.client(director)
    at_door = world.post(office, f"/api/v1/performances/{evening.pk}/check-ins/", {"code": codes[0]})
    assert (at_door.status_code, at_door.json()["ticket"]) == (201, tickets[0].pk)
    assert [one["id"] for one in office.get("/api/v1/orders/", {"search": codes[1]}).json()["results"]] == [order.pk]


def test_tickets_are_sent_again_while_they_are_valid():
    _root, director, evening, seats, _ = scene.house(rows=1, seats=3)
    office = world.client(director)
    order = scene.order(scene.hold(evening, seats[:1]))
    address = f"/api/v1/orders/{order.pk}/resend/"
    assert world.post(office, address, {}).json()["code"] == "order_pending"
    scene.pay_order(actor=world.acting(director), order=order, method="cash")
    first = files(delivered("order_paid"))["tickets.pdf"].get_content()
    assert world.post(world.client(), address, {}).status_code == 401
    assert world.post(office, address, {}).status_code == 200
    again = files(delivered("order_paid"))["tickets.pdf"].get_content()
    assert qr_texts(again) == qr_texts(first)
    # A mail that is still in the outbox when the order is canceled has no tickets.
    assert world.post(office, address, {}).status_code == 200
    order.refresh_from_db()
    cancel_order(actor=world.acting(director), order=order)
    assert files(delivered("order_paid")) == {}
    assert world.post(office, address, {}).json()["code"] == "order_canceled"


def test_tickets_of_an_erased_buyer_are_not_sent():
    _root, director, evening, seats, _ = scene.house(rows=1, seats=1)
    order = scene.order(scene.hold(evening, seats), paid_to=director, buyer_email="bea@home.example")
    body = {"email": "bea@home.example", "keep_public_credits": False}
    assert world.post(world.client(director), "/api/v1/personal-data/erase/", body).status_code == 200
    answer = world.post(world.client(director), f"/api/v1/orders/{order.pk}/resend/", {})
    assert answer.json()["code"] == "buyer_erased"


def test_the_calendar_file_says_that_a_performance_is_canceled():
    _root, director, evening, seats, _ = scene.house(rows=1, seats=1)
    scene.order(scene.hold(evening, seats), paid_to=director)
    cancel_occurrence(actor=world.acting(director), occurrence=evening, reason=None, waive={"tickets_sold": "fire"})
    (event,) = Calendar.from_ical(files(delivered("order_paid"))["performance.ics"].get_content()).walk("VEVENT")
    assert event["status"] == "CANCELLED"


def test_the_outbox_stores_the_name_of_the_files_only():
    _root, director, evening, seats, _ = scene.house(rows=1, seats=1)
    scene.order(scene.hold(evening, seats), paid_to=director)
    row = Notification.objects.filter(kind="order_paid").values().get()
    assert row["attachments"] == "tickets"
    code = Ticket.objects.get().code
    assert [name for name, value in row.items() if code in str(value)] == ["body"]


def test_long_and_foreign_texts_stay_on_their_page():
    facts = [("Seat", "Парта, ряд Ω, место 12 " * 40), ("Venue", "שלום مرحبا")]
    ticket = PrintedTicket("A very long title " * 60, facts, "7KQ2MX4P9RTD8H3JW5ZB", "7KQ2MX4P9RTD8H3JW5ZB")
    content = write([ticket, ticket], made_at=datetime(2027, 3, 14, tzinfo=UTC), language="en")
    assert len(pages(content)) == 2
    text = pages(content)[0].extract_text()
    assert "Парта, ряд Ω" in text
    assert "…" in text
    assert qr_texts(content) == ["7KQ2MX4P9RTD8H3JW5ZB"] * 2

"""The signature of a ticket code: what verifies it, and that it fits into a small QR code."""

from __future__ import annotations

import base64

import pytest
import segno

from ticketing.rules.secrets import new_ticket_code, typed_ticket_code
from ticketing.rules.signed_tickets import SignedTicket, TicketSigner, verified

OLD, NEW = (TicketSigner(base64.urlsafe_b64encode(bytes([n]) * 32).decode()) for n in (1, 2))


def test_a_public_key_verifies_what_its_secret_signed():
    code = new_ticket_code()
    text = NEW.sign(code, 120)
    assert verified(text, [OLD.public, NEW.public]) == SignedTicket(code, 120)
    assert verified(f" {text}\n", [NEW.public]) == SignedTicket(code, 120)
    assert verified(text, [OLD.public]) is None
    assert verified(text, []) is None
    assert OLD.id != NEW.id
    assert typed_ticket_code(text) == code


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(".120.", ".121."),
        lambda text: "A" + text if text[0] != "A" else "B" + text[1:],
        lambda text: text[:-10],
        lambda text: text + "!",
        lambda text: text.replace(".", ""),
        lambda text: text.replace(".120.", ".x."),
        lambda text: ".120." + text.rpartition(".")[2],
        lambda text: "",
    ],
    ids=["performance", "code", "short", "alphabet", "one part", "no number", "no code", "empty"],
)
def test_a_changed_text_is_not_verified(change):
    assert verified(change(NEW.sign("7KQ2MX4P9RTD8H3JW5ZB", 120)), [NEW.public]) is None


def test_the_text_is_alphanumeric_for_a_small_qr_code():
    qr = segno.make(NEW.sign("7KQ2MX4P9RTD8H3JW5ZB", 123456), error="m", micro=False)
    assert (qr.mode, int(qr.version) <= 8) == ("alphanumeric", True)

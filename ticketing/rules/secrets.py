"""Secrets that the box office hands out. Anybody who has one needs no account, so none can be guessed."""

from __future__ import annotations

import hashlib
import secrets

# Crockford's: no I, L, O, U, so that nobody reads one letter for another.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110", " -")


def new_hold_token() -> str:
    """192 bits, for the buyer's browser. Only its digest is stored."""
    return secrets.token_urlsafe(24)


def digest_of(token: str) -> str:
    """What is stored of a hold token: SHA-256, hexadecimal. Unsalted, since the token is random already."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_reference() -> str:
    """144 bits: the order's address for its buyer."""
    return secrets.token_urlsafe(18)


def new_ticket_code() -> str:
    """100 bits in 20 capitals and digits: small as a QR code (alphanumeric mode), and possible to type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def typed_ticket_code(text: str) -> str:
    """A code as somebody typed it: case, spaces, dashes and lookalike letters do not matter."""
    return text.upper().translate(_LOOKALIKES)[:24]

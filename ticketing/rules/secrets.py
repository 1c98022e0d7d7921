"""The secrets of the box office, which replace an account. They are too long to guess."""

from __future__ import annotations

import hashlib
import secrets

# Crockford's base 32: without I, L, O and U, which are easily misread.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILO", "110", " -")


def new_hold_token() -> str:
    """A token of 192 bits for the buyer's browser. Only its digest is stored."""
    return secrets.token_urlsafe(24)


def digest_of(token: str) -> str:
    """The stored digest of a hold token: SHA-256 in hexadecimal digits, without a salt since the token is random."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_reference() -> str:
    """A reference of 144 bits, by which a buyer reads the order."""
    return secrets.token_urlsafe(18)


def new_ticket_code() -> str:
    """A code of 100 bits in 20 capitals and digits: a small QR code (alphanumeric mode), and possible to type."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def typed_ticket_code(text: str) -> str:
    """The code that somebody typed: in capitals, without spaces and dashes, with lookalike letters replaced.

    Of the text of a QR code (`rules/signed_tickets.py`) it is the first part. The code is too long to guess, so that the
    signature is only needed where nobody can look the code up.
    """
    return text.partition(".")[0].upper().translate(_LOOKALIKES)[:24]

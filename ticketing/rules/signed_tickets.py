"""Ticket codes with a signature: a door without a network verifies them with the public key alone.

The text of a QR code is `CODE.PERFORMANCE.SIGNATURE`: the code of the ticket, the id of its performance, and the Ed25519
signature of `CODE.PERFORMANCE` in base 32 without padding. All of it is in the compact alphanumeric mode of QR codes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class SignedTicket(NamedTuple):
    """What a verified text says."""

    code: str
    performance_id: int


class TicketSigner:
    """Signs ticket codes with a key that is derived from `secret`, 32 bytes in url-safe base64."""

    def __init__(self, secret: str) -> None:
        # Derived, so that a signature of a ticket can never be shown as one of something else.
        seed = hmac.digest(base64.urlsafe_b64decode(secret), b"ticketing.rules.signed_tickets", "sha256")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    @property
    def id(self) -> str:
        """The short name of the public key."""
        return hashlib.sha256(base64.b64decode(self.public)).hexdigest()[:16]

    def sign(self, code: str, performance_id: int) -> str:
        """The text of the QR code of a ticket."""
        claim = f"{code}.{performance_id}"
        return f"{claim}.{base64.b32encode(self._key.sign(claim.encode())).decode().rstrip('=')}"


def verified(text: str, publics: Iterable[str]) -> SignedTicket | None:
    """The ticket of a scanned text if one of the public keys, in base64, verifies its signature; else None."""
    claim, _, signature = text.strip().rpartition(".")
    code, _, performance = claim.partition(".")
    if not code or not (performance.isascii() and performance.isdigit()):
        return None
    try:
        signed = base64.b32decode(signature + "=" * (-len(signature) % 8))
    except (binascii.Error, ValueError):
        return None
    for public in publics:
        try:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(signed, claim.encode())
        except (InvalidSignature, ValueError):
            continue
        return SignedTicket(code, int(performance))
    return None

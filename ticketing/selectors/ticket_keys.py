"""The keys that sign tickets: of AUDIT_SIGNING_KEY the first signs, all verify."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from ticketing.rules.signed_tickets import TicketSigner


def ticket_signers() -> tuple[TicketSigner, ...]:
    """The signers, newest first."""
    return _signers(tuple(settings.AUDIT_SIGNING_KEYS))


@lru_cache(maxsize=4)
def _signers(secrets: tuple[str, ...]) -> tuple[TicketSigner, ...]:
    return tuple(TicketSigner(secret) for secret in secrets)

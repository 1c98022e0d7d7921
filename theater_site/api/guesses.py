"""Limits wrong guesses of secrets, such as API tokens and ticket codes, per network address and in all processes.

The secrets have at least 100 bits, so the count need not be exact: simultaneous wrong guesses may count as one.
"""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from theater_site.core.errors import TooMany

# Wrong guesses from one address in WINDOW seconds. A busy box office mistypes fewer codes.
MOST_WRONG = 60
WINDOW = 600


def refuse_if_spent(request: Request, kind: str) -> None:
    """Raise TooMany `too_many_guesses` if the caller's address has reached the limit. Then the right secret fails too."""
    if cache.get(_key(request, kind), 0) >= MOST_WRONG:
        wait = int(WINDOW - time.time() % WINDOW) + 1
        raise TooMany(
            f"Too many wrong guesses came from this address. Try again in {wait} seconds.",
            code="too_many_guesses",
            data={"retry_after": wait},
        )


def count(request: Request, kind: str) -> None:
    """Count a wrong guess of a secret of this `kind` from the caller's address."""
    key = _key(request, kind)
    cache.set(key, cache.get(key, 0) + 1, WINDOW)


def _key(request: Request, kind: str) -> str:
    # A digest: the cache must not contain network addresses.
    address = hashlib.sha256(str(BaseThrottle().get_ident(request)).encode()).hexdigest()[:32]
    return f"guesses:{kind}:{address}:{int(time.time() // WINDOW)}"

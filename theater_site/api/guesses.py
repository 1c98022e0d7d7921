"""Secrets cannot be tried out: anybody who is wrong too often is not answered for a while, in whatever process they ask.

The secrets have 100 bits and more, so the limit need not be exact: wrong guesses of the same instant may count as one.
"""

from __future__ import annotations

import hashlib
import time

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from theater_site.core.errors import TooMany

# A box office mistypes codes all evening behind one address; nobody is wrong this often.
MOST_WRONG = 60
WINDOW = 600


def refuse_if_spent(request: Request, kind: str) -> None:
    """TooMany where this address was wrong `MOST_WRONG` times in these ten minutes; the right secret does not help then."""
    if cache.get(_key(request, kind), 0) >= MOST_WRONG:
        wait = int(WINDOW - time.time() % WINDOW) + 1
        raise TooMany(
            f"Too many wrong guesses came from this address. Try again in {wait} seconds.",
            code="too_many_guesses",
            data={"retry_after": wait},
        )


def count(request: Request, kind: str) -> None:
    """One more wrong guess of `kind` from this request's address."""
    key = _key(request, kind)
    cache.set(key, cache.get(key, 0) + 1, WINDOW)


def _key(request: Request, kind: str) -> str:
    # Digested, since the cache keeps no addresses.
    address = hashlib.sha256(str(BaseThrottle().get_ident(request)).encode()).hexdigest()[:32]
    return f"guesses:{kind}:{address}:{int(time.time() // WINDOW)}"

"""Rate limits, shared by all processes through the cache."""

from __future__ import annotations

import time
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class _FixedWindow:
    """Counts the requests of each window, such as a minute, in one number.

    REST framework stores a list of the times of all requests, which costs 1.4 to 2.9 ms per request on the file cache. One
    number costs a tenth. Simultaneous requests may count as one: the limit stops floods and is not an exact quota.
    """

    rate: str | None
    num_requests: int
    duration: int
    cache: Any

    def allow_request(self, request: Request, view: Any) -> bool:
        if self.rate is None or (key := self.get_cache_key(request, view)) is None:  # type: ignore[attr-defined]
            return True
        now = time.time()
        window = int(now // self.duration)
        self._until = (window + 1) * self.duration - now
        key = f"{key}:{window}"
        count = self.cache.get(key, 0)
        self._note_limit(request, max(self.num_requests - count - 1, 0))
        if count >= self.num_requests:
            return False
        self.cache.set(key, count + 1, self.duration)
        return True

    def _note_limit(self, request: Request, remaining: int) -> None:
        """Store the limit with the fewest remaining requests. The response has it in its RateLimit headers."""
        known = getattr(request._request, "rate_limit", None)
        if known is None or remaining < known["RateLimit-Remaining"]:
            request._request.rate_limit = {  # type: ignore[attr-defined]
                "RateLimit-Limit": self.num_requests,
                "RateLimit-Remaining": remaining,
                "RateLimit-Reset": int(self._until) + 1,
            }

    def wait(self) -> float:
        return self._until


class AnonThrottle(_FixedWindow, AnonRateThrottle):
    """Limits callers who are not signed in, by network address."""


class UserThrottle(_FixedWindow, UserRateThrottle):
    """Limits each signed-in user."""

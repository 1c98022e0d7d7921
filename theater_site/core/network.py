"""The caller's network address as a blind index, for limits. The address itself is never stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from theater_site.core.encryption import blind_index

_address: ContextVar[str] = ContextVar("network_address", default="")


@contextmanager
def bind_address(address: str) -> Iterator[None]:
    """Set the network address inside the context, for one request."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def address_index() -> str:
    """The blind index of the caller's network address; empty outside of a request, as in a command or a job."""
    address = _address.get()
    return blind_index(address) if address else ""

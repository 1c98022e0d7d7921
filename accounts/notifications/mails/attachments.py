"""Attachments of mails: made when a mail is sent, from what it is about, by functions that wiring registers.

The outbox stores the name of the maker only, so no copy of a personal value waits in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Attachment(NamedTuple):
    """A file: its name, its bytes and its media type."""

    name: str
    content: bytes
    media_type: str


# Called with the id of what the notification is about.
Maker = Callable[[str], Sequence[Attachment]]

_makers: dict[str, Maker] = {}


def register(name: str, maker: Maker) -> None:
    """Register a maker, from wiring. It replaces an earlier one with the same name."""
    _makers[name] = maker


def made_by(name: str, about_id: str) -> Sequence[Attachment]:
    """The attachments of the maker `name`; none for "". Raises KeyError for a maker that is not registered."""
    return _makers[name](about_id) if name else ()

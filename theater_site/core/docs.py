"""What an input means, written at its annotation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """What an input means, in plain English: unit, format, an example. `one_of` answers the values that a text may have,
    where no enum is its kind; the action itself refuses others."""

    text: str
    one_of: Callable[[], Iterable[str]] | None = None

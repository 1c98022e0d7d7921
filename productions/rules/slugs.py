"""Slugs: the readable part of an address."""

from __future__ import annotations

import re
from collections.abc import Callable

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def slug_of(folded: str, *, taken: Callable[[str], bool], longest: int = 80, otherwise: str = "untitled") -> str:
    """Return `folded` text (see core.text.fold) as a slug that is not `taken`: "hamlet", then "hamlet-2", "hamlet-3"...

    Text in a script without Latin letters returns `otherwise`.
    """
    plain = _NOT_PLAIN.sub("-", folded).strip("-")[:longest].rstrip("-") or otherwise
    if not taken(plain):
        return plain
    number = 2
    while taken(f"{plain}-{number}"):
        number += 1
    return f"{plain}-{number}"

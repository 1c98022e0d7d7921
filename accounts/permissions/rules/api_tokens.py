"""What an API token looks like, and which permissions one may have."""

from __future__ import annotations

import hashlib
import re
import secrets

from accounts.permissions.rules.permissions import PERMISSIONS

PREFIX = "tp_"
_SHAPE = re.compile(r"tp_[A-Za-z0-9_-]{43}", re.ASCII)

# A token only reads. Who may do what, and who did it, are not for a website.
TOKEN_PERMISSIONS = frozenset(
    permission
    for permission in PERMISSIONS
    if permission.startswith("view_") and permission not in ("view_members", "view_audit")
)


def new_token() -> str:
    """256 random bits behind a prefix by which secret scanners know one."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is stored of a token; "" for what cannot be one."""
    return hashlib.sha256(token.encode()).hexdigest() if _SHAPE.fullmatch(token) else ""


def hint_of(token: str) -> str:
    """Enough to tell their tokens apart: of 256 bits, 24 are told."""
    return token[: len(PREFIX) + 4]

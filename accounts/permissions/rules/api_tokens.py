"""The format of API tokens, and the permissions that they can have."""

from __future__ import annotations

import hashlib
import re
import secrets

from accounts.permissions.rules.permissions import PERMISSIONS

PREFIX = "tp_"
_SHAPE = re.compile(r"tp_[A-Za-z0-9_-]{43}", re.ASCII)

# Tokens only read, and a website must not show the members or the audit log.
TOKEN_PERMISSIONS = frozenset(
    permission
    for permission in PERMISSIONS
    if permission.startswith("view_") and permission not in ("view_members", "view_audit")
)


def new_token() -> str:
    """A token of 256 random bits, with a prefix that secret scanners recognize."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """The digest that is stored of a token; "" if the text cannot be a token."""
    return hashlib.sha256(token.encode()).hexdigest() if _SHAPE.fullmatch(token) else ""


def hint_of(token: str) -> str:
    """The first letters of a token, to tell tokens apart. They reveal 24 of 256 bits."""
    return token[: len(PREFIX) + 4]

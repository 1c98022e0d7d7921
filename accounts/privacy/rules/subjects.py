"""The person whose data is exported or erased, across all apps."""

from __future__ import annotations

from dataclasses import dataclass

# The domain of placeholders for erased addresses. `.invalid` never resolves (RFC 2606, section 2).
NAME_WITHHELD = "Name withheld"
_ERASED_DOMAIN = "erased.invalid"


@dataclass(frozen=True, slots=True)
class Subject:
    """One person: their account, their directory entries, and the e-mail addresses that are certainly theirs."""

    user_id: int | None = None
    person_ids: frozenset[int] = frozenset()
    emails: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.user_id is not None or bool(self.person_ids) or bool(self.emails)


def erased_address(key: int | str = "") -> str:
    """A valid address that belongs to no person; it differs for each `key`."""
    return f"erased-{key}@{_ERASED_DOMAIN}" if key != "" else f"erased@{_ERASED_DOMAIN}"

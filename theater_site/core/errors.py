"""What can go wrong, said in the theater's words; none of these knows HTTP.

Every error carries a stable `code` for machines, a message for people that says what is wrong and how to mend it, the
`field` it concerns where there is one, and `data` that a caller may show. Raise them beside the rule they keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class DomainError(Exception):
    """The base of all refusals. `problems` lists every single fault where several were found at once."""

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        data: Mapping[str, Any] | None = None,
        problems: Iterable[DomainError] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field
        self.data = dict(data or {})
        self.problems = tuple(problems)


class NotSignedIn(DomainError):
    """The request names nobody, and what it asks for is not open to the public."""

    code = "not_signed_in"


class NotAllowed(DomainError):
    """The actor is known and may not do this here."""

    code = "not_allowed"


class NotFound(DomainError):
    """There is no such thing, or the actor may not know that there is."""

    code = "not_found"


class Invalid(DomainError):
    """The input is wrong by itself, whatever the state of the world."""

    code = "invalid"


class Conflict(DomainError):
    """The input is right but the state of the world does not allow it."""

    code = "conflict"


class Stale(DomainError):
    """What the caller saw has changed since; `data["current"]` and `data["changed"]` say how."""

    code = "stale"


class VersionRequired(DomainError):
    """A change of content must name the version that it was made from."""

    code = "version_required"


class TooMany(DomainError):
    """A limit of requests or attempts is used up for now; `data["retry_after"]` is in seconds."""

    code = "too_many"


class Unavailable(DomainError):
    """A part that this needs does not answer now; trying again later may work."""

    code = "unavailable"


def all_of(problems: list[DomainError], *, message: str = "Several things are wrong.") -> None:
    """Raise one Invalid that lists all `problems`; a single one is raised as itself, none is no error."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Invalid(message, code="invalid", problems=problems)

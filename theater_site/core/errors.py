"""Domain errors. They do not know HTTP; `theater_site.api.problems` maps them to status codes.

Every error has a stable `code` for programs, a message for people that says what is wrong and what to do, the `field` it
concerns if there is one, and `data` that a caller may show. Raise an error beside the rule that it enforces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class DomainError(Exception):
    """The base of all domain errors. `problems` lists each error where several were found at once."""

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
    """Nobody is signed in, and the request is not open to the public."""

    code = "not_signed_in"


class NotAllowed(DomainError):
    """The actor lacks the permission on this section."""

    code = "not_allowed"


class NotFound(DomainError):
    """The object does not exist, or the actor may not see it."""

    code = "not_found"


class Invalid(DomainError):
    """The input is wrong, independent of what is stored."""

    code = "invalid"


class Conflict(DomainError):
    """The input is valid, but the stored state does not allow it."""

    code = "conflict"


class Stale(DomainError):
    """The object has changed since the caller read it. `data` has `current_version` and the fields `changed`."""

    code = "stale"


class VersionRequired(DomainError):
    """The request must name the version of the object that the caller saw."""

    code = "version_required"


class TooMany(DomainError):
    """A limit of requests or attempts is reached. `data["retry_after"]` is in seconds."""

    code = "too_many"


class Unavailable(DomainError):
    """A service that this depends on does not answer. Try again later."""

    code = "unavailable"


def all_of(problems: list[DomainError], *, message: str = "Several things are wrong.") -> None:
    """Raise one Invalid (`invalid`) that lists all `problems`. A single problem is raised as itself; none raises nothing."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Invalid(message, code="invalid", problems=problems)

"""Limits what a user can pass on to their own permissions, sections and spans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

# A permission on the organization applies everywhere, because every path starts with the empty path.
EVERYWHERE_PATH = ""


class Hold(NamedTuple):
    """One permission on a section (its path) and below, from `starts_at` (included) to `ends_at` (excluded); None is open.

    `grant` is the id of the row it comes from, on which passed-on grants depend; `assignment` is the id of the row's assignment.
    """

    permission: str
    path: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    grant: int | None = None
    assignment: int | None = None

    def lives_at(self, at: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)

    def reaches(self, path: str) -> bool:
        return path.startswith(self.path)

    def lasts(self, starts_at: datetime | None, ends_at: datetime | None) -> bool:
        """Whether it covers the whole span. Only an open side covers an open side."""
        return (self.starts_at is None or (starts_at is not None and self.starts_at <= starts_at)) and (
            self.ends_at is None or (ends_at is not None and ends_at <= self.ends_at)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The permissions to pass on, on the section at `path`, for this span."""

    permissions: Collection[str]
    path: str
    starts_at: datetime | None
    ends_at: datetime | None


# The reasons why a permission cannot be given, the worst first.
NOT_HELD, NOT_HERE, NOT_SO_LONG = "beyond_own_permissions", "beyond_own_sections", "beyond_own_time"


def origins(wanted: Wanted, held: Mapping[str, Iterable[Hold]]) -> tuple[dict[str, Hold], dict[str, str]]:
    """For each permission the hold that it can depend on, and for each permission without one the reason.

    One hold must cover the whole span. Two adjoining holds do not, since each can be ended alone. Chooses the hold that lasts
    longest, then the one that reaches furthest.
    """
    found: dict[str, Hold] = {}
    lacking: dict[str, str] = {}
    for permission in sorted(wanted.permissions):
        holds = list(held.get(permission, ()))
        here = [hold for hold in holds if hold.reaches(wanted.path)]
        enough = [hold for hold in here if hold.lasts(wanted.starts_at, wanted.ends_at)]
        if enough:
            found[permission] = max(enough, key=_strength)
        else:
            lacking[permission] = NOT_SO_LONG if here else NOT_HERE if holds else NOT_HELD
    return found, lacking


def worst(reasons: Iterable[str]) -> str:
    """The worst of several reasons, to show as the error code."""
    told = set(reasons)
    return next(reason for reason in (NOT_HELD, NOT_HERE, NOT_SO_LONG) if reason in told)


def held_until(holds: Iterable[Hold], at: datetime) -> datetime | None:
    """The end of the permission held at the instant `at`, with adjoining spans joined; None for no end."""
    end = at
    spans = sorted(holds, key=lambda hold: (hold.starts_at is not None, hold.starts_at))
    for hold in spans:
        if hold.starts_at is not None and hold.starts_at > end:
            break
        if hold.ends_at is None:
            return None
        end = max(end, hold.ends_at)
    return end


def _strength(hold: Hold) -> tuple[bool, float, int, int]:
    end = hold.ends_at
    return end is None, end.timestamp() if end is not None else 0.0, -len(hold.path), -(hold.grant or 0)

"""Actors: a signed-in user, an API token, the public, or the installation itself. The app `accounts` adds permissions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from theater_site.core.errors import NotAllowed


class ActorKind(str, Enum):
    """The kinds of actor, as stored in the audit log."""

    USER = "user"
    PUBLIC = "public"
    SYSTEM = "system"
    # A program with an API token. It only reads.
    TOKEN = "token"  # noqa: S105


class Everywhere:
    """What `sections_held` returns for an actor who has a permission on every section."""


EVERYWHERE = Everywhere()


class SectionsBelow(Collection[int]):
    """The ids of too many sections to list: all sections whose `field` begins with one of `prefixes`. Never empty.

    The ids are loaded when they are read. `visible_to` compares the prefixes in SQL and loads nothing.
    """

    def __init__(self, field: str, prefixes: tuple[str, ...], load: Callable[[], Collection[int]]) -> None:
        self.field = field
        self.prefixes = prefixes
        self._load = load
        self._ids: frozenset[int] | None = None

    @property
    def ids(self) -> frozenset[int]:
        if self._ids is None:
            self._ids = frozenset(self._load())
        return self._ids

    def __contains__(self, section_id: object) -> bool:
        return section_id in self.ids

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __bool__(self) -> bool:
        return True


Sections = Everywhere | Collection[int]


class Actor:
    """The base of all actors. Has no permissions.

    `permission` is a codename such as `publish_details`. `scope` is a Section or a content object. Permissions are
    evaluated at the instant `at`. An actor lives for one request or one command, and loads its permissions once.
    """

    kind: ActorKind = ActorKind.PUBLIC
    user: Any = None
    label: str = "public"
    # Whether the user signed in with a second factor.
    second_factor: bool = False

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    def renew(self) -> None:
        """Load the permissions again. The runner calls it after a lock that keeps them unchanged until the action ends."""

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        """Whether the actor has `permission` on the section of `scope` at the instant `at`."""
        return False

    def sections_held(self, permission: str, at: datetime) -> Sections:
        """The ids of all sections on which the actor has `permission`, including the sections below."""
        return ()

    def why_not(self, permission: str, scope: Any, at: datetime) -> NotAllowed | None:
        """An error that says how to get the permission; None if the general error fits."""
        return None

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.label}>"


class Public(Actor):
    """A visitor who is not signed in."""


class System(Actor):
    """The installation itself: a management command or a periodic job, named by `label`.

    It has every permission. Only commands and jobs create it, never a request.
    """

    kind = ActorKind.SYSTEM

    def __init__(self, label: str) -> None:
        self.label = label

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return True

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return EVERYWHERE

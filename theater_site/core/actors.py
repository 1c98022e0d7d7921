"""Who acts: a signed-in user, the public, or the system itself. The app `accounts` answers what each may do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from theater_site.core.errors import NotAllowed


class ActorKind(str, Enum):
    """The kinds of actor, as the audit log names them."""

    USER = "user"
    PUBLIC = "public"
    SYSTEM = "system"
    # A program that reads. It never changes anything.
    TOKEN = "token"  # noqa: S105


class Everywhere:
    """The answer of `sections_held` for an actor who has a permission on every section."""


EVERYWHERE = Everywhere()


class SectionsBelow(Collection[int]):
    """Sections that are too many to list: all whose `field` begins with one of `prefixes`. Never empty.

    A collection of section ids that is loaded when it is read. `visible_to` compares the prefixes instead and loads
    nothing.
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
    evaluated at the instant `at`. Loaded permissions are kept for one request or one command.
    """

    kind: ActorKind = ActorKind.PUBLIC
    user: Any = None
    label: str = "public"
    # Whether they signed in with a second factor.
    second_factor: bool = False

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    def renew(self) -> None:
        """Load permissions again. Called behind a lock, so that nobody changes them before the action ends."""

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        """Whether the actor has `permission` on the section of `scope` at that instant."""
        return False

    def sections_held(self, permission: str, at: datetime) -> Sections:
        """The ids of all sections on which the actor has `permission`, sections below included."""
        return ()

    def why_not(self, permission: str, scope: Any, at: datetime) -> NotAllowed | None:
        """A refusal that says how to get the permission; None where the general refusal fits."""
        return None

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.label}>"


class Public(Actor):
    """A visitor who is not signed in."""


class System(Actor):
    """The installation itself: a management command or a periodic job, named by `label`.

    It has every permission. Only commands and jobs create one, never a request.
    """

    kind = ActorKind.SYSTEM

    def __init__(self, label: str) -> None:
        self.label = label

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return True

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return EVERYWHERE

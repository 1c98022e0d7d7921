"""Who acts: a signed-in user, the public, or the system itself. What they hold is for accounts to say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from theater_site.core.errors import NotAllowed


class ActorKind(str, Enum):
    USER = "user"
    PUBLIC = "public"
    SYSTEM = "system"
    # A program that reads; it never acts.
    TOKEN = "token"  # noqa: S105


class Everywhere:
    """The answer of `sections_held` for somebody who holds a right on every section."""


EVERYWHERE = Everywhere()


class SectionsBelow(Collection[int]):
    """Sections that are too many to name one by one: all whose `field` begins with one of `prefixes`; never empty.

    A collection of their ids like any other, loaded when it is looked into; `visible_to` does not, and asks for the
    prefixes instead.
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
    """The base of all actors; holds nothing.

    `permission` is the codename of a right on sections (`publish_details`); `scope` is anything with a section: a
    Section, or a content object. Rights are judged at the instant `at`, and what was loaded is kept for the actor's
    life, which is one request or one command.
    """

    kind: ActorKind = ActorKind.PUBLIC
    user: Any = None
    label: str = "public"
    # Whether they signed in with one.
    second_factor: bool = False

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    def renew(self) -> None:
        """Forget what was loaded: called where nobody else can change it any more until the action is done."""

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return False

    def sections_held(self, permission: str, at: datetime) -> Sections:
        """The ids of all sections, the ones below included, on which the actor holds `permission`."""
        return ()

    def why_not(self, permission: str, scope: Any, at: datetime) -> NotAllowed | None:
        """A better answer than "you lack this right", where there is one: what to do in order to hold it."""
        return None

    def __repr__(self) -> str:
        return f"<{self.kind.value} {self.label}>"


class Public(Actor):
    """Anybody who is not signed in."""


class System(Actor):
    """The installation itself: a management command or a periodic job, named by `label`.

    It holds every right, so it is never made from a request; what it may do is bounded by which code makes one.
    """

    kind = ActorKind.SYSTEM

    def __init__(self, label: str) -> None:
        self.label = label

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return True

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return EVERYWHERE

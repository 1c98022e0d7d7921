"""Who acts: a signed-in user, the public, or the system itself. What they hold is for accounts to say."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Any


class ActorKind(str, Enum):
    USER = "user"
    PUBLIC = "public"
    SYSTEM = "system"


class Everywhere:
    """The answer of `sections_held` for somebody who holds a right on every section."""


EVERYWHERE = Everywhere()
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

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user is not None else None

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return False

    def sections_held(self, permission: str, at: datetime) -> Sections:
        """The ids of all sections, the ones below included, on which the actor holds `permission`."""
        return ()

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

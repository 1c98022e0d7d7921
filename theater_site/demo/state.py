"""The objects that the demo has built so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from accounts.models import Section, User
from accounts.permissions.selectors.permissions import actor_for
from directory.models import Person
from productions.models import Job, Production, Season
from scheduling.models import Space
from theater_site.core.actors import Actor


@dataclass(slots=True)
class Demo:
    """The objects that later steps of the demo need."""

    organization: Section
    season: Season
    users: dict[str, User] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    productions: list[Production] = field(default_factory=list)
    spaces: dict[str, Space] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    # The people in the order in which parts and jobs are given to them, endless.
    turn: Iterator[Person] = field(default_factory=lambda: iter(()))

    def actor(self, role: str) -> Actor:
        """A new actor for the user, with the current permissions."""
        return actor_for(self.users[role])

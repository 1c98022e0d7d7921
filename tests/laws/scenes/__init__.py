"""The tables of the laws: for every action and every route, a scene in which it can be done.

Each app has a module here with `ACTIONS` (action name -> builder of a Scene) and `ROUTES` ("POST season-list" -> builder of
a Call); for list routes `ANOTHER` ("season-list" -> a function that makes one more row that the reader sees); and `DRAFTS`
("season" -> a function that makes a row with "nobody knows" in its words, which no stranger may be shown anywhere).

What is missing fails by name in test_services.py, test_routes.py and test_query_counts.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages
from typing import Any

from django.db import connection

from accounts.models import Role, Section, User
from accounts.permissions.rules.permissions import PERMISSIONS
from productions.models import Production, Season
from tests import world
from theater_site.core.actors import Actor

APPS = ("accounts", "productions", "directory", "scheduling", "ticketing", "media_library")
# Modules of this package: one an app, and what goes across apps.
SCENES = (
    *APPS,
    "archive",
    "audit",
    "security",
    "delegation",
    "submissions",
    "approvals",
    "life",
    "parts",
    "notifications",
)

# Written by signing in and by reading, not by what is done.
_BESIDE = {"django_session", "usersessions_usersession", "django_migrations", "core_heartbeat", "sqlite_sequence"}


class Theater:
    """A founded organization; what a scene needs beyond that is made when it is first asked for."""

    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.stranger = world.user("Stella Stranger")

    @cached_property
    def other_director(self) -> User:
        return world.give("director", self.root, by=self.director)

    @cached_property
    def season(self) -> Season:
        """Published, so that a stranger finds it and is refused for its own sake."""
        from productions.services.seasons import publish_season

        made = world.season(self.root, by=self.director)
        return publish_season(actor=world.acting(self.director), season=made)

    @cached_property
    def draft_season(self) -> Season:
        return world.season(self.root, by=self.director, name="A draft season nobody knows")

    @cached_property
    def production(self) -> Production:
        return world.production(self.season, by=self.director, published=True)

    @cached_property
    def draft(self) -> Production:
        return world.production(self.season, by=self.director, title="A draft nobody knows")

    def proposer(self, area: str) -> User:
        """Somebody who sees everything everywhere, and may submit what is about `area` and do nothing at all."""
        name = f"proposer_of_{area}"
        seen = [permission for permission in PERMISSIONS if permission.startswith("view_")]
        Role(section=self.root, name=name, title=f"Proposer of {area}", permissions=[*seen, f"submit_{area}"]).save()
        return world.give(name, self.root, by=self.director)

    @cached_property
    def section(self) -> Section:
        return self.season.section

    def acting(self, who: User | None = None) -> Actor:
        return world.acting(who or self.director)


@dataclass
class Scene:
    """Arguments with which the director (or `who`) may do it."""

    given: dict[str, Any]
    who: User | None = None
    actor: Actor | None = None


@dataclass
class Call:
    """A request that answers `status` when `who` (the director) makes it. `stranger` and `public` are what somebody signed in
    without a role and somebody not signed in are answered."""

    kwargs: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    version: int | None = None
    status: int = 200
    who: User | None = None
    stranger: set[int] = field(default_factory=lambda: {403, 404})
    public: set[int] = field(default_factory=lambda: {401, 404})
    query: str = ""
    content_type: str = "application/json"
    # Permissions that it needs on the section of its object, besides what its action needs and what is needed to see what it
    # names.
    needs: frozenset[str] = frozenset()


def open_read(**options: Any) -> Call:
    """A GET that everybody may make; what it shows is filtered."""
    return Call(stranger={200}, public={200}, **options)


Builder = Callable[[Theater], Any]


def load_services() -> None:
    """Import every service there is: an action is registered when its module is imported."""
    for app in APPS:
        services = import_module(f"{app}.services") if find_spec(f"{app}.services") else None
        for module in walk_packages(services.__path__, f"{app}.services.") if services else ():
            import_module(module.name)
    import_module("theater_site.archive.importer")


def table(name: str) -> dict[str, Any]:
    """The tables of all apps of this name as one."""
    whole: dict[str, Any] = {}
    for app in SCENES:
        try:
            module = import_module(f"tests.laws.scenes.{app}")
        except ModuleNotFoundError as error:
            if error.name != f"tests.laws.scenes.{app}":
                raise
            continue
        part = getattr(module, name, {})
        if name == "OPEN":
            # By whom it is open to: every module adds names of its own.
            part = {kind: whole.get(kind, set()) | names for kind, names in part.items()}
        else:
            assert not whole.keys() & part.keys(), f"{app} lists again {sorted(whole.keys() & part.keys())}"
        whole |= part
    return whole


def state() -> dict[str, str]:
    """A digest of every table's rows, so that two states can be compared by name."""
    digests = {}
    with connection.cursor() as cursor:
        for name in sorted(connection.introspection.table_names(cursor)):
            if name not in _BESIDE:
                cursor.execute(f'SELECT * FROM "{name}"')
                rows = sorted(repr(row) for row in cursor.fetchall())
                digests[name] = f"{len(rows)}:{hashlib.sha256(''.join(rows).encode()).hexdigest()}"
    return digests


def changed(before: dict[str, str]) -> list[str]:
    """The names of the tables that differ from `before`."""
    after = state()
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

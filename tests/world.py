"""Scenes for tests, set by calling services as the people who would: never by writing rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from django.test import Client

from accounts.models import Role, RoleAssignment, Section, Submission, User
from accounts.permissions.selectors.permissions import actor_for
from accounts.permissions.services.founding import found_organization
from accounts.permissions.services.roles import assign_role
from accounts.users.services.login_tokens import issue_session_token
from productions.models import Production, Season
from productions.services.productions import create_production, publish_production
from productions.services.seasons import create_season
from theater_site.core.actors import Actor, System

_numbers: Iterator[int] = count(1)


def number() -> int:
    """A number that no other object of this run has."""
    return next(_numbers)


def user(name: str = "Somebody", **fields: Any) -> User:
    """A user with an address of their own and no role."""
    return User.objects.create_user(f"user{number()}@theater.example", name=name, **fields)


def acting(who: User) -> Actor:
    """`who` as a fresh actor: permissions are loaded once an actor, so take a new one after a change of roles."""
    return actor_for(who)


def found(name: str = "The Lantern Players") -> tuple[Section, User]:
    """A new organization and its director."""
    director = user("Dora Director")
    return found_organization(actor=System("test"), name=name, director=director), director


def give(role: str, section: Section, *, by: User, to: User | None = None, **span: Any) -> User:
    """Somebody (new unless given) with a preset role on `section`; answers the user."""
    who = to or user(role.replace("_", " ").title())
    assign(role, section, by=by, to=who, **span)
    return who


def assign(role: str, section: Section, *, by: User, to: User, **span: Any) -> RoleAssignment:
    inputs = {"starts_at": None, "ends_at": None, "reason": "", **span}
    return assign_role(actor=acting(by), user=to, role=Role.objects.get(name=role), section=section, **inputs)


def season(root: Section, *, by: User, **fields: Any) -> Season:
    made: Season = create_season(actor=acting(by), organization=root, fields={"name": f"Season {number()}", **fields})
    return made


def production(of: Season, *, by: User, published: bool = False, **fields: Any) -> Production:
    title = fields.pop("title", f"Play {number()}")
    made: Production = create_production(actor=acting(by), season=of, fields={"title": title, **fields})
    return publish_production(actor=acting(by), production=made) if published else made


def client(who: User | None = None, **headers: str) -> Client:
    """An HTTP client, signed in by a real session token as `who`; anonymous without."""
    if who is not None:
        headers["X-Session-Token"] = issue_session_token(who)
    return Client(headers=headers)


def post(browser: Client, path: str, body: Any = None, **headers: str) -> Any:
    return browser.post(path, {} if body is None else body, content_type="application/json", headers=headers)


def patch(browser: Client, path: str, body: Any, version: int | None = None, **headers: str) -> Any:
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return browser.patch(path, body, content_type="application/json", headers=headers)


def seen(submission: Any) -> str:
    """The digest of a submission (or its id, or its JSON) that somebody is shown who looks at it now."""
    key = submission["id"] if isinstance(submission, dict) else getattr(submission, "pk", submission)
    shown: str = Submission.objects.get(pk=key).token()
    return shown

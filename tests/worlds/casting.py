"""Scenes of casts: plays with parts, and who holds them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from directory.models import Credit, Person
from directory.services.casting import change_cast, set_team_nights
from productions.models import Character, Department, Production, Scene
from productions.services.departments import create_department
from productions.services.scenes import create_character, create_scene
from tests import world
from tests.worlds import directory


def play(*, published: bool = True, **fields: Any) -> tuple[Production, User]:
    """A play that runs from the second of October to the last of November 2026 unless said otherwise, and its director."""
    root, director = world.found()
    given = {"opens_on": "2026-10-02", "closes_on": "2026-11-30", **fields}
    made = world.production(world.season(root, by=director), by=director, published=published, **given)
    return made, director


def part(of: Production, name: str = "", *, by: User, **fields: Any) -> Character:
    given = {"name": name or f"Part {world.number()}", **fields}
    made: Character = create_character(actor=world.acting(by), production=of, fields=given)
    return made


def scene(of: Production, title: str = "", *, by: User, **fields: Any) -> Scene:
    given = {"title": title or f"Scene {world.number()}", **fields}
    made: Scene = create_scene(actor=world.acting(by), production=of, fields=given)
    return made


def department(*, by: User, **fields: Any) -> Department:
    given = {"name": f"Department {world.number()}", "jobs": ["Head", "Assistant"], **fields}
    from accounts.permissions.selectors.sections import organization

    made: Department = create_department(actor=world.acting(by), organization=organization(), fields=given)
    return made


def holds(who: Person | str, what: Character, *, by: User, **fields: Any) -> Credit:
    """`who` (somebody new with a public page, where a name is given) is credited with the part."""
    person = directory.person(by=by, name=who, published=True) if isinstance(who, str) else who
    return directory.credit(what.production, person, by=by, character=what, **fields)


def change(
    what: Character, to: Person | str, on: str, *, by: User, leaves: Credit | None = None, **fields: Any
) -> Credit:
    """Somebody else plays it from that day on."""
    person = directory.person(by=by, name=to, published=True) if isinstance(to, str) else to
    made: Credit = change_cast(
        actor=world.acting(by), production=what.production, character=what, leaves=leaves, person=person,
        from_date=dt.date.fromisoformat(on), fields=fields,
    )  # fmt: skip
    return made


def nights(of: Production, team: str, *days: str, by: User) -> None:
    dates = [dt.date.fromisoformat(day) for day in days]
    set_team_nights(actor=world.acting(by), production=of, team=team, dates=dates)

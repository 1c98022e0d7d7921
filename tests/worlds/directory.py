"""Scenes of the directory: people, what they are credited with, who they sign in as."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.permissions.selectors.sections import area
from directory.models import Credit, Person
from directory.services.credits import add_credit
from directory.services.people import add_alias, create_person, link_user, publish_person
from productions.models import Production
from tests import world


def person(*, by: User, published: bool = False, user: User | None = None, **fields: Any) -> Person:
    """Somebody in the directory; `user` is who signs in as them."""
    name = fields.pop("name", f"Actor {world.number()}")
    actor = world.acting(by)
    made: Person = create_person(actor=actor, section=area("Directory"), fields={"name": name, **fields})
    if user is not None:
        made = link_user(actor=actor, person=made, user=user)
    return publish_person(actor=actor, person=made) if published else made


def alias(of: Person, name: str, *, by: User, internal: bool = False) -> Person:
    made: Person = add_alias(actor=world.acting(by), person=of, name=name, internal=internal)
    return made


def credit(production: Production, person: Person, role: str = "", *, by: User, **fields: Any) -> Credit:
    made: Credit = add_credit(
        actor=world.acting(by), production=production, person=person, fields={"role": role, **fields}
    )
    return made

"""The rule of the own record: people edit their own entry, whatever their roles.

Permissions are granted on sections, and a cast member of one production has none on the directory. So these actions
are open to every signed-in user, and the functions here check whose record it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Section
from directory.models import Person
from theater_site.core.actions import current
from theater_site.core.actors import Actor, Sections
from theater_site.core.errors import NotAllowed


def is_own(person: Person) -> bool:
    """Whether the running action's actor is the user of `person`."""
    user_id = current().actor.user_id
    return user_id is not None and person.user_id == user_id


def refuse_strangers(person: Person) -> None:
    """Raise NotAllowed unless the record is the actor's own, or they may edit the directory."""
    run = current()
    if not is_own(person) and not run.actor.holds("edit_directory", person, run.instant):
        raise NotAllowed(
            "This is another person's record. Changing it needs the permission edit_directory.",
            code="not_own_record",
            data={"needs": ["edit_directory"]},
        )


class OnOwnRecord(Actor):
    """`actor`, with one more permission: to submit changes of their own record.

    Create it for one call, after `is_own` returned True. The submission is stored on the record's section, so the
    permission applies there too.
    """

    def __init__(
        self,
        actor: Actor,
        person: Person,
        *,
        permission: str = "submit_directory",
    ) -> None:
        self.kind, self.user, self.label = actor.kind, actor.user, actor.label
        self._actor = actor
        self._person = person
        self._permission = permission

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        if permission == self._permission and self._is_of_the_record(scope):
            return True
        return self._actor.holds(permission, scope, at)

    def sections_held(self, permission: str, at: datetime) -> Sections:
        return self._actor.sections_held(permission, at)

    def _is_of_the_record(self, scope: Any) -> bool:
        if isinstance(scope, Section):
            return scope.pk == self._person.section_id
        return isinstance(scope, Person) and scope.pk == self._person.pk

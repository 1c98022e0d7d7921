"""Search people."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from directory.models import Alias, Credit, Person
from directory.selectors.credits import with_role
from theater_site.core.actors import Actor
from theater_site.core.text import fold

# Longer texts are not a search for a person.
_WORDS = 8


def matching(people: QuerySet[Any], text: str, actor: Actor) -> QuerySet[Any]:
    """Filter `people`: every word of `text` is part of a name, an alias or a credited role.

    Case and accents do not count. Only aliases and credits visible to `actor` count, so that a search does not reveal a
    former name or an unannounced cast.
    """
    aliases, credits = Alias.objects.visible_to(actor), Credit.objects.visible_to(actor)
    for word in fold(text).split()[:_WORDS]:
        # A union of three lookups, since each can read its own trigram index; an OR over joins cannot.
        found = (
            Person.objects.filter(folded__contains=word)
            .values("pk")
            .union(
                aliases.filter(folded__contains=word).values("person_id"),
                with_role(credits, word).values("person_id"),
                all=True,
            )
        )
        people = people.filter(pk__in=found)
    return people


def own_person(actor: Actor) -> Person | None:
    """Return the actor's person in the directory, if they are linked."""
    return Person.objects.filter(user_id=actor.user_id).first() if actor.user_id is not None else None

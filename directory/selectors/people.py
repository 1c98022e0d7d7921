"""Finding people."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from directory.models import Alias, Credit, Person
from directory.selectors.credits import with_role
from theater_site.core.actors import Actor
from theater_site.core.text import fold

# Beyond this many words nobody is looking for a person.
_WORDS = 8


def matching(people: QuerySet[Any], text: str, actor: Actor) -> QuerySet[Any]:
    """Those of `people` for whom every word of `text` is part of a name, an alias or a credited role.

    Case and accents do not count. Only aliases and credits that `actor` may see count: nobody learns of a former name,
    or of a cast that is not announced, by searching for it.
    """
    aliases, credits = Alias.objects.visible_to(actor), Credit.objects.visible_to(actor)
    for word in fold(text).split()[:_WORDS]:
        # A union of three lookups and not one OR over joins, so that each can read its own trigram index.
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
    """Who the actor is in the directory, if the two are linked."""
    return Person.objects.filter(user_id=actor.user_id).first() if actor.user_id is not None else None

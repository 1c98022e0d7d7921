"""Records that two people of the directory are not the same."""

from __future__ import annotations

from typing import Annotated

from directory.models import DistinctPair, Person
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict

_NEEDS = (Needs("edit_directory", on="person"), Needs("edit_directory", on="other"))


@action("person.mark_distinct", needs=_NEEDS, subject="person")
def mark_distinct(
    *,
    person: Person,
    other: Annotated[Person, Doc("Id of the person who is somebody else. Example: 41")],  # type: ignore[valid-type]
) -> Person:
    """Record that two people are not the same. They are no longer listed as possible duplicates, and cannot be merged.

    Errors: `same_person` for one and the same record; `already_distinct`.
    """
    if person.pk == other.pk:
        raise Conflict("This is one record. Name the other person.", code="same_person", field="other")
    first, second = sorted((person.pk, other.pk))
    DistinctPair(first_id=first, second_id=second).save()
    return person


@action("person.unmark_distinct", needs=_NEEDS, subject="person")
def unmark_distinct(
    *,
    person: Person,
    other: Annotated[Person, Doc("Id of the person who may be the same after all. Example: 41")],  # type: ignore[valid-type]
) -> Person:
    """Take back that two people are not the same. Error: `not_marked_distinct`."""
    first, second = sorted((person.pk, other.pk))
    pair = DistinctPair.objects.filter(first=first, second=second).first()
    if pair is None:
        raise Conflict("It is not recorded that these two are not the same.", code="not_marked_distinct", field="other")
    pair.delete()
    return person

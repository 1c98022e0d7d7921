"""Sets who is called to an event."""

from __future__ import annotations

from typing import Annotated

from directory.models import Credit, Person
from scheduling.models import Call, Occurrence, OccurrenceStatus
from scheduling.signals import people_called
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


@action("event.set_people", needs=Needs("edit_schedule", on="occurrence"), subject="occurrence", submittable=True)
def set_people(
    *,
    occurrence: Occurrence,
    people: Annotated[list[int], Doc("Ids of all who are called to it; an empty list for nobody. Example: [41, 42]")],
) -> Occurrence:
    """Set who is called to an event, from its start to its end.

    Who is called elsewhere at that time, or is unavailable, is a warning that needs a waiver with a reason.
    Announces `people_called`. Errors: `unknown_people` with the ids; `canceled`.
    """
    if occurrence.status == OccurrenceStatus.CANCELED:
        raise Conflict("This event is canceled. Reinstate it first.", code="canceled")
    wanted = set(people)
    if missing := sorted(wanted - _known(occurrence, wanted)):
        raise Invalid(
            f"There are no such people, or you may not see them: {', '.join(map(str, missing))}.",
            code="unknown_people",
            field="people",
        )
    called = set(occurrence.calls.values_list("person_id", flat=True))
    occurrence.calls.filter(person__in=called - wanted).delete()
    Call.objects.bulk_create([Call(occurrence=occurrence, person_id=person) for person in sorted(wanted - called)])
    if wanted != called:
        people_called.announce(occurrence=occurrence, called=sorted(wanted - called), released=sorted(called - wanted))
    return occurrence


def _known(occurrence: Occurrence, people: set[int]) -> set[int]:
    """Those of these people whom the actor may see, or who work on the production: a stage manager calls the whole cast."""
    seen = set(Person.objects.visible_to(current().actor).filter(pk__in=people).values_list("pk", flat=True))
    if people <= seen or occurrence.production_id is None:
        return seen
    credits = Credit.objects.filter(production=occurrence.production_id, person__in=people)
    return seen | set(credits.values_list("person_id", flat=True))

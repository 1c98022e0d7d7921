"""Sets of which parts a space consists. Spaces that exclude each other share a part."""

from __future__ import annotations

from typing import Annotated

from scheduling.models import Booking, Occurrence, Space, SpacePart
from scheduling.selectors.space_parts import with_parts, with_wholes
from scheduling.services.conflicts import book
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


@action("space.set_parts", needs=Needs("edit_venues", on="space"), subject="space", submittable=True)
def set_parts(
    *,
    space: Space,
    parts: Annotated[list[int], Doc("Ids of all parts of the space; an empty list for none. Example: [4, 5]")],
) -> Space:
    """Set the parts of a space: while it is booked they are taken too, and while one of them is booked it is taken.

    Two spaces that share a part exclude each other. Future events of the space book its parts from now on.
    Errors: `unknown_parts` for spaces that are not in its venue; `parts_in_circle`; `nothing_changes`; `space_taken` if a part
    is taken during a future event of the space.
    """
    wanted = set(parts)
    known = set(Space.objects.filter(venue=space.venue_id, pk__in=wanted).values_list("pk", flat=True))
    if missing := sorted(wanted - known):
        raise Invalid(
            f"The venue of this space has no such spaces: {', '.join(map(str, missing))}.",
            code="unknown_parts",
            field="parts",
        )
    # One venue after the other: two changes at once could make a circle that neither of them sees.
    list(Space.objects.filter(venue=space.venue_id).order_by("pk").select_for_update(no_key=True, of=("self",)))
    if any(space.pk in reached for reached in with_parts(wanted).values()):
        raise Conflict(
            "A space cannot be a part of itself. Leave that part out.", code="parts_in_circle", field="parts"
        )
    before = set(SpacePart.objects.filter(whole=space).values_list("part", flat=True))
    SpacePart.objects.filter(whole=space, part__in=before - wanted).delete()
    SpacePart.objects.bulk_create([SpacePart(whole=space, part_id=part) for part in sorted(wanted - before)])
    if wanted != before:
        rebook(with_wholes({space.pk}))
    space.save()
    return space


def rebook(spaces: frozenset[int]) -> None:
    """Inside an action: book the future events of these spaces again. Raises Conflict `space_taken`."""
    booked = Booking.objects.filter(space__in=spaces, ends_at__gt=current().instant).values("occurrence")
    rows = Occurrence.objects.filter(pk__in=booked).select_related("section", "venue", "space__venue").order_by("pk")
    book(list(rows), replace=True)

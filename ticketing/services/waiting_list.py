"""Who finds a performance sold out may wait for a place."""

from __future__ import annotations

from typing import Annotated

from scheduling.models import Occurrence
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.encryption import blind_index
from theater_site.core.errors import Conflict
from ticketing.models import WaitingListEntry
from ticketing.selectors.availability import free_places, sale_open


@action("waiting_list.join", open_to=OpenTo.PUBLIC)
def join_waiting_list(
    *,
    performance: Occurrence,
    name: Annotated[str, Doc("Who waits. Example: Bea Buyer")],
    email: Annotated[str, Doc("Where they are told of free places. Example: bea@home.example")],
    places: Annotated[int, Doc("How many places they want, 1 to 20. Example: 2")],
) -> WaitingListEntry:
    """Join the waiting list of a performance that is sold out. Whoever waits already keeps the place they have.

    Refused: as long as so many places can be bought (`places_left`), or the performance is not on sale; no name, no
    e-mail address, none or more than 20 places.
    """
    sale = sale_open(performance.pk, current().instant)
    entry = WaitingListEntry(performance=performance, name=name.strip(), email=email.strip(), places=places)
    entry.check_values()
    left = free_places(sale, current().instant)
    if left >= places:
        raise Conflict(f"There are {left} places left. Take them now.", code="places_left", data={"left": left})
    # Told the same as a newcomer, or anybody could ask who is on the list.
    waiting = WaitingListEntry.objects.filter(performance=performance, email_index=blind_index(entry.email)).first()
    if waiting is not None:
        return waiting
    entry.save()
    return entry

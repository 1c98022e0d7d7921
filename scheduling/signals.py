"""What the calendar announces, once per change with all its occurrences. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from dataclasses import dataclass

from scheduling.models import Occurrence
from scheduling.rules.spans import Placing
from theater_site.core.announcements import Announcement


@dataclass(frozen=True, slots=True)
class Move:
    """An occurrence at its new time and place, and where it was before."""

    occurrence: Occurrence
    before: Placing


occurrences_scheduled = Announcement(
    "Occurrences were added to the calendar. Sent inside the transaction.", extension_point=True, occurrences=list
)
occurrences_moved = Announcement(
    "Occurrences have another time or place: `moves` is a list of Move. Sent inside the transaction.", moves=list
)
occurrences_canceled = Announcement(
    "Occurrences were canceled, and their spaces are free again. Sent inside the transaction.",
    occurrences=list,
    reason=str,
)
occurrences_reinstated = Announcement(
    "Canceled occurrences take place after all. Sent inside the transaction.", occurrences=list
)

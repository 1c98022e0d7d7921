"""Signals of the calendar, sent once per change with all its occurrences. theater_site/wiring.py connects receivers."""

from __future__ import annotations

from dataclasses import dataclass

from scheduling.models import Occurrence
from scheduling.rules.spans import Placing
from theater_site.core.announcements import Announcement


@dataclass(frozen=True, slots=True)
class Move:
    """An occurrence with its new time and place, and its old ones."""

    occurrence: Occurrence
    before: Placing


occurrences_scheduled = Announcement(
    "Occurrences were added to the calendar. Sent inside the transaction.", extension_point=True, occurrences=list
)
occurrences_moved = Announcement(
    "Occurrences were rescheduled or got another place: `moves` is a list of Move. Sent inside the transaction.",
    moves=list,
)
occurrences_canceled = Announcement(
    "Occurrences were canceled, and their spaces are free again. Sent inside the transaction.",
    occurrences=list,
    reason=str,
)
occurrences_reinstated = Announcement(
    "Canceled occurrences were reinstated. Sent inside the transaction.", occurrences=list
)
occurrence_instants_changed = Announcement(
    "A time zone has new rules: these occurrences keep their wall time, and happen at another instant. Sent inside the"
    " transaction.",
    extension_point=True,
    occurrences=list,
)
people_called = Announcement(
    "People are called to an occurrence, or not any more: lists of their ids. Sent inside the transaction.",
    extension_point=True,
    occurrence=Occurrence,
    called=list,
    released=list,
)

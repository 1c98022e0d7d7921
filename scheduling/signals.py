"""What the calendar announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from scheduling.models import Occurrence
from scheduling.rules.spans import Placing
from theater_site.core.announcements import Announcement

occurrence_scheduled = Announcement(
    "Something has a place in the calendar. Sent inside the transaction, once for each occurrence of a series.",
    occurrence=Occurrence,
)
occurrence_moved = Announcement(
    "It is at another time or place: `before` says where it was. Sent inside the transaction.",
    occurrence=Occurrence,
    before=Placing,
)
occurrence_canceled = Announcement(
    "It does not take place; its space is free again. Sent inside the transaction.", occurrence=Occurrence
)

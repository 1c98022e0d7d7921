"""What productions announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from productions.models import Production
from theater_site.core.announcements import Announcement

production_published = Announcement(
    "A production is public from now on. Sent inside the publishing transaction.", production=Production
)
production_withdrawn = Announcement(
    "A production is public no longer. Sent inside the transaction.", production=Production
)

"""What productions announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from productions.models import Production
from theater_site.core.announcements import Announcement, Question

production_published = Announcement(
    "A production is public from now on. Sent inside the publishing transaction.", production=Production
)
production_withdrawn = Announcement(
    "A production is public no longer. Sent inside the transaction.", production=Production
)

roles_credited: Question[dict[int, set[str]]] = Question(
    "By production id: which of `roles` somebody is credited with there, compared without case and accents. Each role"
    " comes back as it was asked for; a production without any may be absent. Nobody wired: nobody is credited.",
    arguments=("productions", "roles"),
    default=dict,
)

"""What privacy announces and asks. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from accounts.privacy.rules.subjects import Subject
from theater_site.core.announcements import Announcement, Question

held_about: Question[dict[str, list[dict[str, Any]]]] = Question(
    "What is held about a person (accounts.privacy.rules.subjects.Subject). Each app answers for its own models: by label, the"
    " rows as"
    " plain data; a label with an empty list says that nothing is held there.",
    arguments=("subject",),
    default=dict,
    combine=lambda one, other: {**one, **other},
)

person_forgotten = Announcement(
    "Somebody is to be forgotten. Sent inside the transaction; each listener removes what its app holds about the subject or"
    " puts placeholders there. `words` are the names, addresses and numbers by which texts are about them (see"
    " theater_site.core.mentions). With `keep_public_credits` a name printed in public programs stays.",
    subject=Subject,
    words=frozenset,
    keep_public_credits=bool,
)

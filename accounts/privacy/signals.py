"""Announcements and questions of privacy. Listeners are connected in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from accounts.privacy.rules.subjects import Subject
from theater_site.core.announcements import Announcement, Question

held_about: Question[dict[str, list[dict[str, Any]]]] = Question(
    "The data stored about a person (accounts.privacy.rules.subjects.Subject). Each app answers for its own models: the"
    " rows by model label, as plain data. An empty list means that nothing is stored.",
    arguments=("subject",),
    default=dict,
    combine=lambda one, other: {**one, **other},
)

person_forgotten = Announcement(
    "A person's data is erased. Sent inside the transaction; each listener deletes what its app stores about the subject, or"
    " replaces it by placeholders. `words` are the names, addresses and numbers that identify texts about them (see"
    " theater_site.core.mentions). With `keep_public_credits` a name printed in public programs stays.",
    subject=Subject,
    words=frozenset,
    keep_public_credits=bool,
)

"""What accounts announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from accounts.models import RoleAssignment, Submission
from accounts.rules.subjects import Subject
from theater_site.core.announcements import Announcement, Question

submission_arrived = Announcement(
    "Something waits for approval. Sent inside the transaction that stores it.", submission=Submission
)
submission_decided = Announcement(
    "A submission was applied or declined; `submission.state` tells which. Sent inside the deciding transaction.",
    submission=Submission,
)
role_given = Announcement("Somebody was given a role. Sent inside the transaction.", assignment=RoleAssignment)
role_ended = Announcement(
    "A role was ended before its time, by itself or with what it was passed on from. Sent inside the transaction.",
    assignment=RoleAssignment,
)
role_dated = Announcement(
    "A role got another end, which is still to come. Sent inside the transaction.", assignment=RoleAssignment
)

held_about: Question[dict[str, list[dict[str, Any]]]] = Question(
    "What is held about a person (accounts.rules.subjects.Subject). Each app answers for its own models: by label, the rows as"
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

"""What accounts announces. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from accounts.models import RoleAssignment, Submission
from theater_site.core.announcements import Announcement

submission_arrived = Announcement(
    "Something waits for approval. Sent inside the transaction that stores it.", submission=Submission
)
submission_decided = Announcement(
    "A submission was applied or declined; `submission.state` tells which. Sent inside the deciding transaction.",
    submission=Submission,
)
role_given = Announcement("Somebody was given a role. Sent inside the transaction.", assignment=RoleAssignment)
role_ended = Announcement("A role was ended before its time. Sent inside the transaction.", assignment=RoleAssignment)

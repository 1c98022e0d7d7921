"""As whom somebody looks at what a submission would do: nobody is shown by it what is not theirs to see or to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import models

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.submission_states import APPLIED, APPROVED, SUBMITTED
from accounts.approvals.selectors.approvers import may_write
from accounts.approvals.services.submissions.items import Allowed, every_row, needed_of, seen_by
from accounts.permissions.selectors.permissions import absent
from theater_site.core import runs
from theater_site.core.actors import Actor

# What is in these was judged for its author when it was submitted, and cannot be written at without being judged again.
_JUDGED = frozenset({SUBMITTED, APPROVED, APPLIED})


class Look(NamedTuple):
    """Among which rows ids are looked up, and for whom each item is judged (None: it was)."""

    rows: Callable[[type[models.Model]], models.QuerySet[Any]]
    allowed: Allowed | None


def look_of(actor: Actor, submission: Submission) -> Look:
    """Anybody who decides looks at a judged round as it was judged, and at anything else as its author could do it. All others,
    those who write it above all, look at what they may themselves see, and do or submit, as it is now."""
    at = runs.instant()
    if may_write(actor, submission) or not actor.holds(f"decide_{submission.area}", submission, at):
        return Look(seen_by(actor), needed_of(actor, at))
    if submission.state in _JUDGED:
        return Look(every_row, None)
    author = absent(submission.author)
    return Look(seen_by(author), needed_of(author, at))

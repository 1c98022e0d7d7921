"""With whose permissions a submission is previewed: a preview must not show objects that its reader may not see."""

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

# In these states the items passed the checks for their author at submission, and cannot change without a new submission.
_JUDGED = frozenset({SUBMITTED, APPROVED, APPLIED})


class Look(NamedTuple):
    """The rows in which ids are looked up, and the check of each item (None if it was checked at submission)."""

    rows: Callable[[type[models.Model]], models.QuerySet[Any]]
    allowed: Allowed | None


def look_of(actor: Actor, submission: Submission) -> Look:
    """The rows and checks by which `actor` previews `submission`.

    Approvers preview a submitted round as it was checked at submission, and other states with the permissions of the author. All
    others, including the authors, preview it with their own permissions.
    """
    at = runs.instant()
    if may_write(actor, submission) or not actor.holds(f"decide_{submission.area}", submission, at):
        return Look(seen_by(actor), needed_of(actor, at))
    if submission.state in _JUDGED:
        return Look(every_row, None)
    author = absent(submission.author)
    return Look(seen_by(author), needed_of(author, at))

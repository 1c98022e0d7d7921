"""Whether others changed the same fields as a submission since it was submitted."""

from __future__ import annotations

from dataclasses import replace

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.submission_states import APPROVED, STALE, SUBMITTED
from accounts.approvals.services.submissions.items import Item, Trial
from theater_site.core.errors import Conflict, DomainError
from theater_site.core.signals import changed_since

# In these a round was submitted, and others may have changed what it is about since.
_SUBMITTED = frozenset({SUBMITTED, APPROVED, STALE})


def collisions_of(submission: Submission) -> list[DomainError]:
    """One Conflict (`rebase_collision`) for each field that the submission would change and somebody else has changed since
    it was submitted, as "productions.production.12.subtitle"."""
    return [
        Conflict(
            f"The field {name} has changed since this was submitted.",
            code="rebase_collision",
            field=f"{seen.object_type}.{seen.object_id}.{name}",
        )
        for seen in submission.subjects.order_by("object_type", "object_id")
        for name in changed_since.ask(object_type=seen.object_type, object_id=seen.object_id, version=seen.version)
        if name in seen.fields
    ]


def rebased(submission: Submission, items: list[Item]) -> list[Item]:
    """The items as an approval applies them: a submitted round to the current versions, so that a change of other fields
    does not matter. Of a draft the versions that its author saw are kept."""
    if submission.state not in _SUBMITTED:
        return items
    return [replace(item, if_version=None) for item in items]


def add_collisions(submission: Submission, trial: Trial) -> None:
    """Add the collisions to the problems of `trial`. Costs nothing where it came to what was submitted."""
    # After a problem the database may answer no further question.
    if submission.state in _SUBMITTED and not trial.problems and trial.digest != submission.digest:
        trial.problems += collisions_of(submission)

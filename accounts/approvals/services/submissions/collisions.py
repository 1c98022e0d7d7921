"""Whether others changed the same fields as a submission since it was submitted."""

from __future__ import annotations

from dataclasses import replace

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.submission_states import APPROVED, STALE, SUBMITTED
from accounts.approvals.services.submissions.items import Item, Trial
from theater_site.core.errors import Conflict, DomainError
from theater_site.core.signals import changed_since

# In these states others may have changed the objects since the round was submitted.
_SUBMITTED = frozenset({SUBMITTED, APPROVED, STALE})


def collisions_of(submission: Submission) -> list[DomainError]:
    """One Conflict (`rebase_collision`) for each field of the submission that others have changed since it was submitted.

    Fields are named as "productions.production.12.subtitle".
    """
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
    """The items as an approval applies them.

    Items of a submitted round apply to the current versions, so that changes of other fields are no conflict. Items of a draft
    keep the versions that its author saw.
    """
    if submission.state not in _SUBMITTED:
        return items
    return [replace(item, if_version=None) for item in items]


def add_collisions(submission: Submission, trial: Trial) -> None:
    """Add the collisions to the problems of `trial`. Runs no query if the result is the submitted one."""
    # After a problem the transaction may be broken, and queries fail.
    if submission.state in _SUBMITTED and not trial.problems and trial.digest != submission.digest:
        trial.problems += collisions_of(submission)

"""Applies a submission for a preview, and rolls it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from accounts.approvals.models.submissions import Submission
from accounts.approvals.services.submissions.collisions import add_collisions, rebased
from accounts.approvals.services.submissions.items import trying_out
from accounts.approvals.services.submissions.looking import look_of
from accounts.approvals.services.submissions.submitting import readable_items
from accounts.permissions.models.sections import Section
from accounts.permissions.selectors.permissions import SignedIn
from theater_site.core.actors import Actor
from theater_site.core.changes import CREATED
from theater_site.core.errors import Conflict, NotFound


@contextmanager
def previewed(actor: Actor, submission_id: int) -> Iterator[Mapping[type, Any]]:
    """Apply the submission inside the context, and roll it back at the end. Yields the id of the first new object by model.

    Findings of the judges do not prevent the preview. Answers the API's question.
    Raises: NotFound if `actor` may not see the submission; Conflict `not_previewable`, with the problems, if it cannot be applied
    now or `actor` may not see or do a part of it.
    """
    submission = Submission.objects.visible_to(actor).filter(pk=submission_id).first()
    if submission is None:
        raise NotFound("This submission does not exist, or you may not see it.")
    items = rebased(submission, readable_items(submission.items))
    with trying_out(items, actor, *look_of(actor, submission)) as trial:
        add_collisions(submission, trial)
        if trial.problems:
            raise Conflict(
                "This submission cannot be previewed. See `errors` for the reasons.",
                code="not_previewable",
                problems=trial.problems,
            )
        made: dict[type, Any] = {}
        for change in trial.changes:
            if change.operation == CREATED:
                made.setdefault(change.model, change.object_id)
        if Section in made and isinstance(actor, SignedIn):
            actor.permissions.sections_changed()
        yield made

"""A submission done for as long as somebody looks at it."""

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
    """Inside, the submission is done; at the end all is taken back. Tells by model the id of the first object that it makes.

    Answers the API's question. NotFound for everybody who may not see it; Conflict, with what is in the way, where it cannot be
    done as it is, or the reader may not see or do what it is about. What the judges find is in no person's way here.
    """
    submission = Submission.objects.visible_to(actor).filter(pk=submission_id).first()
    if submission is None:
        raise NotFound("There is no such submission.")
    items = rebased(submission, readable_items(submission.items))
    with trying_out(items, actor, *look_of(actor, submission)) as trial:
        add_collisions(submission, trial)
        if trial.problems:
            raise Conflict(
                "This submission cannot be shown as it would be: see what is in its way.",
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

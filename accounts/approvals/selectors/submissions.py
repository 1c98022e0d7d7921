"""Other open submissions about the same objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from accounts.approvals.models.submissions import Submission, SubmissionSubject
from accounts.approvals.rules.submission_states import OPEN
from theater_site.core.actors import Actor


def others_on_the_same(actor: Actor, submissions: Collection[int]) -> dict[int, list[Submission]]:
    """For each of these submissions, the other open ones about one of its objects that `actor` may see.

    Two queries. Only id, title, state, round and author are loaded.
    """
    own: dict[tuple[str, str], set[int]] = defaultdict(set)
    for pk, *subject in SubmissionSubject.objects.filter(submission__in=submissions).values_list(
        "submission_id", "object_type", "object_id"
    ):
        own[(subject[0], subject[1])].add(pk)
    visible = Submission.objects.visible_to(actor).filter(state__in=OPEN)
    rows = SubmissionSubject.objects.filter(
        object_type__in={kind for kind, _ in own}, object_id__in={pk for _, pk in own}, submission__in=visible
    )
    found: dict[int, dict[int, Submission]] = defaultdict(dict)
    loaded = ("submission__id", "submission__title", "submission__state", "submission__round", "submission__author_id")
    for row in rows.select_related("submission").only("object_type", "object_id", *loaded).order_by("-submission_id"):
        for pk in own.get((row.object_type, row.object_id), ()):
            if pk != row.submission_id:
                found[pk][row.submission_id] = row.submission
    return {pk: list(others.values()) for pk, others in found.items()}

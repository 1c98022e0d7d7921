"""Chooses the area and section that decide on a submission, so that no item bypasses its own approval steps."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.approval_steps import Step, covers
from accounts.approvals.selectors.approvers import all_steps
from accounts.approvals.services.submissions.items import Place
from accounts.permissions.models.sections import Section
from theater_site.core.errors import Invalid


def deciding_place(places: list[Place]) -> Place | None:
    """The first of the items' places whose approval steps cover those of all items; None if no item needs approval.

    Raises: Invalid `steps_differ` if there is none.
    """
    steps = all_steps() if len(places) > 1 else []
    if not steps:
        return places[0] if places else None
    paths = dict(Section.objects.filter(pk__in={place.section_id for place in places}).values_list("pk", "path"))
    for here in places:
        if all(_covers(steps, here, there, paths) for there in places):
            return here
    raise Invalid(
        "These items need different approval steps. Submit them separately.",
        code="steps_differ",
        field="items",
        data={"areas": sorted({place.area for place in places})},
    )


def decided_together(submission: Submission, place: Place) -> bool:
    """Whether the approval steps of `submission` cover those of `place`."""
    here = Place(submission.area, submission.section_id)
    steps = all_steps() if here != place else []
    if not steps:
        return True
    paths = dict(Section.objects.filter(pk__in={here.section_id, place.section_id}).values_list("pk", "path"))
    return _covers(steps, here, place, paths)


def _covers(steps: list[Step], here: Place, there: Place, paths: dict[int, str]) -> bool:
    return covers(steps, _point(here, paths), _point(there, paths))


def _point(place: Place, paths: dict[int, str]) -> tuple[str, str]:
    assert place.section_id is not None
    return place.area, paths[place.section_id]

"""Where a submission of several items is decided on, so that none of them gets around the steps of its own place."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission
from accounts.approvals.rules.approval_steps import Step, covers
from accounts.approvals.selectors.approvers import all_steps
from accounts.approvals.services.submissions.items import Place
from accounts.permissions.models.sections import Section
from theater_site.core.errors import Invalid


def deciding_place(places: list[Place]) -> Place | None:
    """The place among those of the items that need approval where all of them are decided on: the first whose agreements
    are all that any of them needs; None where none needs any. Invalid (`steps_differ`): there is no such place."""
    steps = all_steps() if len(places) > 1 else []
    if not steps:
        return places[0] if places else None
    paths = dict(Section.objects.filter(pk__in={place.section_id for place in places}).values_list("pk", "path"))
    for here in places:
        if all(_covers(steps, here, there, paths) for there in places):
            return here
    raise Invalid(
        "These need the agreement of different people one after the other. Ask for them in submissions of their own.",
        code="steps_differ",
        field="items",
        data={"areas": sorted({place.area for place in places})},
    )


def decided_together(submission: Submission, place: Place) -> bool:
    """Whether anybody who agreed to `submission` so far are all those who agree to something at `place`."""
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

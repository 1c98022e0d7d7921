"""What productions announces and asks. Listeners and answerers are named in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from productions.models import Production
from productions.rules.anniversaries import Played
from productions.rules.checklists import Lines, both
from theater_site.core.announcements import Announcement, Question

production_published = Announcement(
    "A production is public from now on. Sent inside the publishing transaction.",
    extension_point=True,
    production=Production,
)
production_unpublished = Announcement(
    "A production is public no longer. Sent inside the transaction.", extension_point=True, production=Production
)
production_advanced = Announcement(
    "A production has taken another step of its life, forward or back, and was `before` until now. Sent inside the"
    " transaction; announcing, unpublishing and canceling have announcements of their own.",
    extension_point=True,
    production=Production,
    before=str,
)
production_canceled = Announcement(
    "A production is not played, for the reason given. Sent inside the transaction.", production=Production, reason=str
)
production_copied = Announcement(
    "`copy` was made from `original`, and `parts` (values of services.copying.CopyPart) of it are to come along: bring yours."
    " Sent inside the transaction, once the copy is written.",
    original=Production,
    copy=Production,
    parts=list,
)

roles_credited: Question[dict[int, set[str]]] = Question(
    "By production id: which of `roles` somebody is credited with there, compared without case and accents. Each role"
    " comes back as it was asked for; a production without any may be absent. Nobody wired: nobody is credited.",
    arguments=("productions", "roles"),
    default=dict,
)
checklist_lines: Question[Lines] = Question(
    "By production id: the lines of the checklist before each of `steps` (statuses) that another app has. Lines before other"
    " steps are passed over; a production without any may be absent. With `required`, only lines without which the step is not"
    " taken are wanted: anybody who has no such line need not look.",
    arguments=("productions", "steps", "required"),
    default=dict,
    combine=both,
)
played_on: Question[list[Played]] = Question(
    "What was played on this `month` and `day` of any year, `until` (a date) included, as far as `actor` may see it.",
    arguments=("month", "day", "until", "actor"),
    default=list,
    combine=lambda first, then: [*first, *then],
)
performances_counted: Question[QuerySet[Any] | None] = Question(
    "`productions` (a queryset) with `performances` on each: how many of them took place and `actor` may see."
    " Nobody wired: None.",
    arguments=("productions", "actor"),
    default=lambda: None,
)

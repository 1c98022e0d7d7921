"""Signals of productions. theater_site/wiring.py connects their receivers and answerers."""

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
    "A production's status changed, forward or back, from `before`. Sent inside the transaction; announcing, unpublishing and"
    " canceling have their own signals.",
    extension_point=True,
    production=Production,
    before=str,
)
production_canceled = Announcement(
    "A production was canceled, with `reason`. Sent inside the transaction.", production=Production, reason=str
)
production_copied = Announcement(
    "`copy` was created from `original` with `parts` (values of services.copying.CopyPart). Receivers copy their rows. Sent"
    " inside the transaction, after the copy is written.",
    original=Production,
    copy=Production,
    parts=list,
)

roles_credited: Question[dict[int, set[str]]] = Question(
    "By production id: which of `roles` are credited there, ignoring case and accents. Each role is returned as it was"
    " given; productions without any may be absent. Without an answerer: no credits.",
    arguments=("productions", "roles"),
    default=dict,
)
checklist_lines: Question[Lines] = Question(
    "By production id: the checklist lines of an app before each of `steps` (statuses). Lines before other steps are"
    " ignored; productions without any may be absent. With `required`, only lines that block the step are needed: an app"
    " without such lines can return early.",
    arguments=("productions", "steps", "required"),
    default=dict,
    combine=both,
)
played_on: Question[list[Played]] = Question(
    "The events on this `month` and `day` of any year, `until` (a date) included, as far as `actor` may see it.",
    arguments=("month", "day", "until", "actor"),
    default=list,
    combine=lambda first, then: [*first, *then],
)
performances_counted: Question[QuerySet[Any] | None] = Question(
    "`productions` (a queryset) with `performances` on each: the number of past performances visible to `actor`."
    " Without an answerer: None.",
    arguments=("productions", "actor"),
    default=lambda: None,
)

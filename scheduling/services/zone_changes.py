"""Keeps the wall times of future events when the rules of a time zone change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Annotated

from scheduling.models import PLANNED, Occurrence
from scheduling.rules.spans import Placing
from scheduling.selectors.occurrences import to_come
from scheduling.services.conflicts import book
from scheduling.signals import occurrence_instants_changed
from theater_site.core import runs
from theater_site.core.actions import OpenTo, action
from theater_site.core.actors import System
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict

_BATCH = 200
_PLACING = ("date", "start_time", "duration_minutes", "timezone", "venue_id", "space_id")

log = logging.getLogger(__name__)


def follow_zone_changes() -> int:
    """Recompute the future events whose instants differ from their wall time and zone. Returns how many.

    The instants are stored. After an update of the time zone database the stored ones are wrong, until this job runs.
    """
    ids = list(_outdated())
    followed = 0
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        try:
            followed += len(follow_zones(actor=System("work"), occurrences=batch))
        except Conflict:
            followed += sum(_follow_one(pk) for pk in batch)
    return followed


def _outdated() -> Iterator[int]:
    rows = Occurrence.objects.filter(to_come(runs.instant()), status__in=PLANNED, starts_at__isnull=False)
    for pk, starts_at, ends_at, *placing in (
        rows.order_by("pk").values_list("pk", "starts_at", "ends_at", *_PLACING).iterator()
    ):
        span = Placing(*placing).span
        if (span.starts_at, span.ends_at) != (starts_at, ends_at):
            yield pk


def _follow_one(pk: int) -> int:
    try:
        return len(follow_zones(actor=System("work"), occurrences=[pk]))
    except Conflict as error:
        # It keeps the old instant, and the job tries again. The planner has to move one of the two events.
        log.warning("The space of event %s is taken at its new instant: %s", pk, error.message)
        return 0


@action("event.follow_zones", open_to=OpenTo.SYSTEM)
def follow_zones(
    *, occurrences: Annotated[list[int], Doc("Ids of events whose zone has new rules. Example: [120, 121]")]
) -> list[Occurrence]:
    """Recompute the instants of events from their wall times, and book their spaces for the new instants.

    Returns the events whose instants changed. Errors: `space_taken` if another event has the space by now.
    """
    rows = Occurrence.objects.filter(pk__in=occurrences).select_related("section", "space__venue")
    changed = []
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        span = row.span
        if (span.starts_at, span.ends_at) != (row.starts_at, row.ends_at):
            row.starts_at, row.ends_at, row.sort_at = span.starts_at, span.ends_at, span.sort_at
            changed.append(row)
    if changed:
        Occurrence.objects.bulk_update(changed, ["starts_at", "ends_at", "sort_at"], batch_size=100)
        book(changed, replace=True)
        occurrence_instants_changed.announce(occurrences=changed)
    return changed

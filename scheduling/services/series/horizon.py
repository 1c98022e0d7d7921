"""Rules without an end: their occurrences are stored up to a horizon, which moves on with time."""

from __future__ import annotations

import datetime as dt
import logging

from scheduling.models import EventSeries
from scheduling.rules.rrule import parse
from scheduling.rules.wall_time import valid_zone
from scheduling.services.series.edits import change_dates
from scheduling.services.series.rows import HORIZON, stored_rule
from theater_site.core import runs
from theater_site.core.actions import OpenTo, action
from theater_site.core.actors import System
from theater_site.core.errors import Conflict

# The horizon moves on once it is so much nearer.
_STEP = dt.timedelta(days=28)

log = logging.getLogger(__name__)


def extend_endless() -> int:
    """Move the horizon of every series without an end that is due. Returns how many."""
    extended = 0
    for series in EventSeries.objects.filter(endless=True, canceled_at=None).order_by("pk").iterator():
        until = parse(series.rrule).until_in(valid_zone(series.timezone))
        if until is not None and until < runs.instant() + HORIZON - _STEP:
            try:
                extend_series(actor=System("work"), series=series)
            except Conflict as error:
                # The next run tries again. Until then the planner can skip the date.
                log.warning("The event series %s cannot be extended: %s", series.pk, error.message)
                continue
            extended += 1
    return extended


@action("series.extend", open_to=OpenTo.SYSTEM, subject="series")
def extend_series(*, series: EventSeries) -> EventSeries:
    """Schedule the occurrences of a series without an end up to the new horizon. Errors: `space_taken`, `has_end`."""
    if not series.endless:
        raise Conflict("This series has an end.", code="has_end")
    rrule, _ = stored_rule(series.shown_rule, series.first_date, series.timezone)
    change_dates(series, rrule=rrule, endless=True, skipped=series.skipped, added=series.added)
    return series

"""Judges runs: is a production licensed for where and when it plays?"""

from __future__ import annotations

from productions.models import ProductionStatus
from productions.rules.licenses import Use
from productions.rules.partial_dates import PartialDate
from productions.selectors.licenses import Licenses, warnings
from scheduling.models import Run
from theater_site.core.changes import DELETED, Change
from theater_site.core.judges import Finding

# The fields that licenses concern. Other changes cost no query.
_ASKED = frozenset({"venue_id", "starts_on", "ends_on"})


def judge_runs(changes: list[Change]) -> list[Finding]:
    """Return findings on runs with a new venue or new dates that no license of their production allows. The archive is not
    judged."""
    ids = [change.object_id for change in changes if change.operation != DELETED and _ASKED & change.after.keys()]
    if not ids:
        return []
    licensed = Run.objects.filter(production__licenses__isnull=False)
    rows = licensed.exclude(production__status=ProductionStatus.ARCHIVED).select_related("venue").distinct()
    # An import may have more ids than one statement takes.
    runs = list(rows.in_bulk(ids).values())
    if not runs:
        return []
    licenses = Licenses({run.production_id for run in runs})
    return [finding for run in runs for finding in warnings(run, licenses.faults(run.production_id, _use_of(run)))]


def _use_of(run: Run) -> Use:
    dates = ((name, PartialDate.parse(getattr(run, name))) for name in ("starts_on", "ends_on"))
    return Use(
        dates=tuple((name, date) for name, date in dates if date is not None),
        venues=(run.venue.name,) if run.venue is not None else (),
    )

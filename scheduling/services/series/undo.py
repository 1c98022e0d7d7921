"""Undoes the last change of an event series."""

from __future__ import annotations

import datetime as dt
from typing import Any

from scheduling.models import EventSeries, Occurrence, OccurrenceStatus
from scheduling.services.conflicts import book, release
from scheduling.services.series.edits import recurrence_ids
from scheduling.services.series.rows import ROW_FIELDS, announce_moves, save_placings
from scheduling.signals import occurrences_canceled, occurrences_reinstated
from theater_site.core.actions import Needs, action, current
from theater_site.core.errors import Conflict
from theater_site.core.inputs import dump

_WHERE = ("date", "start_time", "duration_minutes", "space_id")
_TIMES = frozenset({"start_time", "planned_time"})


@action("series.undo", needs=Needs("edit_schedule", on="series"), subject="series", submittable=True)
def undo_series(*, series: EventSeries) -> EventSeries:
    """Undo the last change of an event series: its move, its rule, a skipped or added date.

    Its future occurrences are as they were: what was added is canceled, what was canceled is reinstated, what moved moves back.
    What was changed on its own since then stays. A split is not undone.
    Errors: `nothing_to_undo`; `space_taken`, `equipment_taken` if others have the old times by now.
    """
    change = series.last_change
    if change is None:
        raise Conflict("Nothing of this series can be undone.", code="nothing_to_undo")
    created = set(change["created"])
    keys = {int(pk) for pk in change["rows"]} | created
    rows = Occurrence.objects.filter(pk__in=keys, starts_at__gt=current().instant)
    locked = rows.select_related("section", "space__venue").select_for_update(of=("self",)).order_by("pk")
    given = set(recurrence_ids(series))
    found = [row for row in locked if row.pk in created or not _is_changed_alone(row, series, given, change)]
    for name, value in change["series"].items():
        setattr(series, name, _read(name, value))
    series.last_change = None
    series.save()
    befores = {row.pk: (row.placing, row.status) for row in found}
    for row in found:
        values = {"status": OccurrenceStatus.CANCELED} if row.pk in created else change["rows"][str(row.pk)]
        for name in ROW_FIELDS:
            if name in values:
                setattr(row, name, _read(name, values[name]))
        row.starts_at, row.ends_at, row.sort_at = row.span.starts_at, row.span.ends_at, row.span.sort_at
    save_placings(found, "status", "status_note")
    _announce(found, befores)
    return series


def _is_changed_alone(row: Occurrence, series: EventSeries, given: set[str], change: dict[str, Any]) -> bool:
    """Whether an occurrence was moved or canceled on its own after the change: the change itself would not leave it so."""
    if row.status == OccurrenceStatus.CANCELED:
        return row.recurrence_id in given
    before = change["rows"][str(row.pk)]
    return series.is_override(row) and any(
        name in before and dump(getattr(row, name)) != before[name] for name in _WHERE
    )


def _announce(rows: list[Occurrence], befores: dict[int, Any]) -> None:
    gone = [row for row in rows if row.status == OccurrenceStatus.CANCELED != befores[row.pk][1]]
    back = [row for row in rows if row.status != OccurrenceStatus.CANCELED == befores[row.pk][1]]
    stay = [row for row in rows if row.status != OccurrenceStatus.CANCELED]
    if gone:
        release(gone)
        occurrences_canceled.announce(occurrences=gone, reason="")
    if stay:
        book(stay, replace=True)
    if back:
        occurrences_reinstated.announce(occurrences=back)
    moved = [row for row in stay if row not in back]
    announce_moves(moved, [befores[row.pk][0] for row in moved])


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return dt.time.fromisoformat(value)
    return dt.date.fromisoformat(value) if name == "first_date" else value

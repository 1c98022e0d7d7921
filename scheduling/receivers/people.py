"""The judge of calls: people in two places at once, or called while they are unavailable."""

from __future__ import annotations

from directory.models import Person
from scheduling.models import Call, Occurrence
from scheduling.rules.wall_time import to_wall, valid_zone
from scheduling.selectors.conflicts import visible_among
from scheduling.selectors.people_conflicts import DOUBLE_CALL, PersonConflict, people_conflicts
from theater_site.core.actions import current
from theater_site.core.changes import CREATED, DELETED, Change
from theater_site.core.judges import Finding, Severity

_WHEN = frozenset({"date", "start_time", "duration_minutes", "timezone", "status"})
# So many conflicts are named; the rest is counted.
_TOLD = 20


def judge_calls(changes: list[Change]) -> list[Finding]:
    """Warnings for people who are called to a changed event, or by a new call, while they cannot be there. Both rules can be
    waived with a reason. Constant queries; none if nobody is called."""
    moved = {
        change.object_id
        for change in changes
        if change.model is Occurrence and change.operation not in (CREATED, DELETED) and _WHEN & change.after.keys()
    }
    called = {
        change.object_id: change.after["occurrence_id"]
        for change in changes
        if change.model is Call and change.operation == CREATED
    }
    found = people_conflicts(moved) if moved else []
    new = set(called.values()) - moved
    if new:
        found += people_conflicts(new, called=called)
    return _findings(found) if found else []


def _findings(found: list[PersonConflict]) -> list[Finding]:
    told = found[:_TOLD]
    people = Person.objects.in_bulk({one.person_id for one in told})
    ids = {one.occurrence_id for one in told} | {one.other_id for one in told if one.other_id is not None}
    events = Occurrence.objects.select_related("production").in_bulk(ids)
    seen = visible_among(current().actor, ids)
    findings = []
    for one in told:
        event = events[one.occurrence_id]
        zone = valid_zone(event.timezone)
        when = f"{to_wall(one.starts_at, zone):%Y-%m-%d %H:%M} to {to_wall(one.ends_at, zone):%H:%M}"
        name = people[one.person_id].name
        if one.kind == DOUBLE_CALL:
            other = events[one.other_id] if one.other_id in seen else None
            elsewhere = (other.shown_title or other.get_category_display()) if other is not None else "another event"
            message = f"{name} is also called to {elsewhere}, from {when}."
            rule = "person_called_elsewhere"
        else:
            message = f"{name} is unavailable from {when}."
            rule = "person_unavailable"
        hint = "Choose another time or person, or waive this with a reason."
        findings.append(
            Finding.on(event, rule=rule, severity=Severity.WARNING, message=message, hint=hint, field="people")
        )
    if len(found) > _TOLD:
        findings.append(
            Finding.on(
                events[told[0].occurrence_id],
                rule=findings[0].rule,
                severity=Severity.WARNING,
                message=f"There are {len(found) - _TOLD} more conflicts of people.",
                hint="GET /api/v1/conflicts/ lists all of them.",
                field="people",
            )
        )
    return findings

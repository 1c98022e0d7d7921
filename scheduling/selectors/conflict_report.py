"""The conflicts of the calendar as its readers see them: in lists, tables and files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from directory.models import Person
from scheduling.models import Occurrence
from scheduling.selectors.conflicts import collisions, visible_among
from scheduling.selectors.people_conflicts import people_conflicts
from theater_site.core.actors import Actor
from theater_site.core.tables import Column

NOTHING = {"space": None, "space_name": None, "production": None, "person": None, "person_name": None}
COLUMNS = tuple(
    Column(name)
    for name in ("kind", "severity", "starts_at", "ends_at", "where", "who", "first_event", "second_event", "since")
)


def conflict_report(actor: Actor, among: Any, *, changed_since: dt.datetime | None = None) -> list[dict[str, Any]]:
    """The conflicts of the occurrences `among` (a query) with each other and with any others, in order of time.

    Spaces taken twice, productions in two places, people called to two events or while they are unavailable. Events and people
    that `actor` may not see have no names. With `changed_since` only those of which a part changed since then.
    """
    found = sorted(_of_places(actor, among) + _of_people(actor, among), key=lambda one: one["starts_at"])
    return [one for one in found if changed_since is None or one["since"] > changed_since]


def _of_places(actor: Actor, among: Any) -> list[dict[str, Any]]:
    found = collisions(among)
    seen = visible_among(actor, {row.pk for one in found for row in (one.first, one.second)})
    return [
        {
            **NOTHING,
            "kind": one.kind,
            "severity": "hard" if one.kind == "space" else "soft",
            "space": one.first.space_id if one.kind == "space" else None,
            "space_name": one.first.space.name if one.kind == "space" and one.first.space is not None else None,
            "production": one.first.production_id if one.kind == "production" else None,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "since": max(one.first.updated_at, one.second.updated_at),
            "occurrences": [in_conflict(one.first, seen), in_conflict(one.second, seen)],
        }
        for one in found
    ]


def _of_people(actor: Actor, among: Any) -> list[dict[str, Any]]:
    found = people_conflicts(among.order_by().values("pk"))
    events = Occurrence.objects.select_related("production").in_bulk(
        {pk for one in found for pk in (one.occurrence_id, one.other_id) if pk is not None}
    )
    seen = visible_among(actor, events)
    people = Person.objects.visible_to(actor).in_bulk({one.person_id for one in found})
    return [
        {
            **NOTHING,
            "kind": one.kind,
            "severity": "soft",
            "person": one.person_id if one.person_id in people else None,
            "person_name": people[one.person_id].name if one.person_id in people else None,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "since": max(one.since, *(row.updated_at for row in rows)),
            "occurrences": [in_conflict(row, seen) for row in rows],
        }
        for one in found
        for rows in [[events[pk] for pk in (one.occurrence_id, one.other_id) if pk is not None]]
    ]


def in_conflict(row: Occurrence, seen: frozenset[int]) -> dict[str, Any]:
    """The fields that the actor may see: the span, and for occurrences among `seen` also id, title and category."""
    visible = row.pk in seen
    return {
        "id": row.pk if visible else None,
        "title": row.shown_title if visible else None,
        "category": row.category if visible else None,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }


def table_row(one: Mapping[str, Any]) -> dict[str, str]:
    """A conflict as a line of a table; what the actor may not see is "taken"."""
    events = [event["title"] or event["category"] or "taken" for event in one["occurrences"]]
    return {
        "kind": one["kind"],
        "severity": one["severity"],
        "starts_at": f"{one['starts_at']:%Y-%m-%d %H:%M}Z",
        "ends_at": f"{one['ends_at']:%Y-%m-%d %H:%M}Z",
        "where": one["space_name"] or "",
        "who": one["person_name"] or "",
        "first_event": events[0],
        "second_event": events[1] if len(events) > 1 else "",
        "since": f"{one['since']:%Y-%m-%d %H:%M}Z",
    }

"""What this theater played on a day of other years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from productions.models import Production, ProductionStatus
from productions.rules.anniversaries import EVENTS, Played, ending_of
from productions.signals import played_on
from theater_site.core.actors import Actor


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A production and what happened to it on the day of that year."""

    production: Production
    year: int
    event: str
    times: int


def on_this_day(actor: Actor, month: int, day: int) -> list[Anniversary]:
    """Openings, performances and closings on that day of any year that `actor` may see, the oldest first; of a day's
    performances of one production, one entry with their number. Invalid for a day that no year has.

    Only dates known to the day count, up to today's, and no production that was canceled. One
    query here and one in each app that answers, whatever was played.
    """
    ending = ending_of(month, day)
    today = timezone.localdate()
    rows = named(Production.objects.visible_to(actor).exclude(status=ProductionStatus.CANCELED))
    found = {row.pk: row for row in rows.filter(Q(opens_on__endswith=ending) | Q(closes_on__endswith=ending))}
    events = [
        Played(row.pk, int(date[:4]), event)
        for row in found.values()
        for date, event in ((row.opens_on, "opened"), (row.closes_on, "closed"))
        if date.endswith(ending) and date <= today.isoformat()
    ]
    events += played_on.ask(month=month, day=day, until=today, actor=actor)
    if unknown := {event.production_id for event in events} - found.keys():
        found |= {row.pk: row for row in rows.filter(pk__in=unknown)}
    told = [
        Anniversary(found[event.production_id], event.year, event.event, event.times)
        for event in _once(events)
        if event.production_id in found
    ]
    return sorted(told, key=lambda one: (one.year, EVENTS.index(one.event), one.production.title, one.production.pk))


def named(productions: Any) -> Any:
    """`productions` with what names them only: a third of the cost where something is notified of many."""
    columns = ("title", "subtitle", "slug", "season", "opens_on", "closes_on", "season__slug")
    return productions.select_related("season").only(*columns)


def _once(events: list[Played]) -> list[Played]:
    """Each event of a production in a year once, however many state it."""
    kept: dict[tuple[int, int, str], Played] = {}
    for event in events:
        key = (event.production_id, event.year, event.event)
        if key not in kept or kept[key].times < event.times:
            kept[key] = event
    return list(kept.values())

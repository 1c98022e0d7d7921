"""Filters of occurrences."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from scheduling.models import Occurrence, OccurrenceStatus
from theater_site.core import runs
from theater_site.core.actors import Actor, Everywhere

# No zone is further from UTC, so a local day lies within this range of the same day in UTC.
_SLACK = dt.timedelta(days=1)


def starting_from(rows: Any, day: dt.date) -> Any:
    """Filter occurrences on `day` or later, in their local time; "2001-06" counts as the first of
    that month.
    """
    text = day.isoformat()
    on_it = [text[:7]] if day.day == 1 else []
    if day.day == day.month == 1:
        on_it.append(text[:4])
    # The day decides; the condition on the instant lets the query use the index of the order.
    earliest = dt.datetime.combine(max(day, dt.date(1, 1, 3)), dt.time(), tzinfo=dt.UTC) - _SLACK
    return rows.filter(Q(date__gte=text) | Q(date__in=on_it), sort_at__gte=earliest)


def up_to(rows: Any, day: dt.date) -> Any:
    """Filter occurrences that may start on `day` or before, in their local time."""
    latest = dt.datetime.combine(min(day, dt.date(9999, 12, 29)), dt.time(), tzinfo=dt.UTC) + 2 * _SLACK
    return rows.filter(date__lte=day.isoformat(), sort_at__lt=latest)


def canceled_to_come(now: dt.datetime) -> Any:
    """Return the canceled occurrences in the future, which could be reinstated."""
    return Occurrence.objects.filter(status=OccurrenceStatus.CANCELED, sort_at__gt=now)


def for_insiders(actor: Actor) -> Any:
    """Return the occurrences whose internal fields `actor` may see."""
    sections = actor.sections_held(Occurrence.view_permission, runs.instant())
    rows = Occurrence.objects.all()
    return rows if isinstance(sections, Everywhere) else rows.filter(section__in=sections)

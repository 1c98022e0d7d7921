"""Performances of productions: counted, and by day of the year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from productions.models import ProductionStatus
from productions.rules import life
from productions.rules.anniversaries import Played, ending_of
from productions.rules.checklists import Line, Lines
from scheduling.models import Category, Occurrence, OccurrenceStatus, Run
from theater_site.core.actors import Actor


def performances() -> Any:
    """Return performances of productions that were not canceled."""
    rows = Occurrence.objects.filter(category=Category.PERFORMANCE, production__isnull=False)
    return rows.exclude(status=OccurrenceStatus.CANCELED)


def took_place(until: dt.date) -> Any:
    """Return performances that took place by the end of that day; if only month or year is known, once that is over. Not of
    canceled productions."""
    day = until.isoformat()
    come = performances().filter(date__lte=day).exclude(date__in=(day[:4], day[:7]))
    return come.exclude(production__status=ProductionStatus.CANCELED)


def first_performances(productions: Iterable[int], steps: Iterable[str], required: bool) -> Lines:
    """Checklist: a production on sale or running needs a public performance; the archive needs the dates of performances.
    One query; none for other steps."""
    asked = {life.ON_SALE, life.RUNNING, life.ARCHIVED} & set(steps)
    if not asked:
        return {}
    ids = list(productions)
    counts = performances().filter(production__in=ids).values("production").order_by()
    of_each = {
        row["production"]: row
        for row in counts.annotate(all=Count("pk"), public=Count("pk", filter=Q(published_at__isnull=False)))
    }
    found: Lines = {}
    for pk in ids:
        counted = of_each.get(pk, {"all": 0, "public": 0})
        found[pk] = [
            Line(
                step,
                "scheduling",
                "first_performance",
                "A first performance that is public",
                counted["public"] > 0,
                True,
            )
            for step in (life.ON_SALE, life.RUNNING)
            if step in asked
        ]
        if life.ARCHIVED in asked:
            label = "The performances that there were"
            found[pk].append(Line(life.ARCHIVED, "scheduling", "performances", label, counted["all"] > 0))
    return found


def performed_on(month: int, day: int, until: dt.date, actor: Actor) -> list[Played]:
    """Return performances on this day visible to `actor`, and runs that opened or closed, `until` that date. One query each."""
    ending = ending_of(month, day)
    shown = took_place(until).visible_to(actor).filter(date__endswith=ending)
    counted = shown.order_by().values_list("production_id", "date").annotate(times=Count("pk"))
    events = [Played(pk, int(date[:4]), "performed", times) for pk, date, times in counted]
    runs = Run.objects.visible_to(actor).exclude(production__status=ProductionStatus.CANCELED)
    named = runs.filter(starts_on__endswith=ending) | runs.filter(ends_on__endswith=ending)
    for pk, start, end in named.values_list("production_id", "starts_on", "ends_on"):
        events += [
            Played(pk, int(date[:4]), event)
            for date, event in ((start, "opened"), (end, "closed"))
            if date.endswith(ending) and date <= until.isoformat()
        ]
    return events


def with_performances(productions: Any, actor: Actor) -> Any:
    """Annotate `productions` with the number of past `performances` visible to `actor`, as one query."""
    of_each = took_place(timezone.localdate()).visible_to(actor).filter(production=OuterRef("pk")).order_by()
    counted = of_each.values("production").annotate(times=Count("pk")).values("times")
    return productions.annotate(performances=Coalesce(Subquery(counted), 0, output_field=IntegerField()))

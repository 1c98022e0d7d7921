"""When and where a production is played, for its printed program."""

from __future__ import annotations

import datetime as dt

from django.db.models import Value
from django.db.models.functions import Coalesce, Length

from directory.rules.program import Performance
from productions.models import Production
from scheduling.models import Run
from scheduling.selectors.productions import performances
from theater_site.core.actors import Actor
from theater_site.core.models import ContentQuerySet


def zone_played_in(production: Production) -> str:
    """Return the zone of its latest performance, else of a venue where it runs; "" if not known. One query."""
    played = _by_day(production).exclude(timezone="").order_by("-date", "-pk").values("timezone")[:1]
    runs = Run.objects.filter(production=production).filter(venue__timezone__gt="").order_by("-starts_on", "-pk")
    asked = Production.objects.filter(pk=production.pk)
    return asked.values_list(Coalesce(played, runs.values("venue__timezone")[:1], Value("")), flat=True).get()


def performances_on(production: Production, day: dt.date, nearest: bool, actor: Actor) -> list[Performance]:
    """Return that day's performances visible to `actor`, in order of time. With `nearest` and none that day: those of the
    next day with any, else of the last day before. One query."""
    shown = _by_day(production).visible_to(actor)
    when: object = day.isoformat()
    if nearest:
        when = Coalesce(
            shown.filter(date__gte=when).order_by("date").values("date")[:1],
            shown.filter(date__lt=when).order_by("-date").values("date")[:1],
        )
    of_day = shown.filter(date=when).order_by("sort_at", "pk").values_list("date", "start_time", "venue__name")
    return [Performance(dt.date.fromisoformat(date), start, venue or "") for date, start, venue in of_day]


def _by_day(production: Production) -> ContentQuerySet:
    """Return the performances with a known day."""
    known: ContentQuerySet = performances().filter(production=production)
    return known.alias(precision=Length("date")).filter(precision=len("2026-10-02"))

"""When and where a production is played, for everybody who prints its program."""

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
    """The zone of its latest performance, else of a house where it runs; "" where nobody says. One query."""
    played = _by_day(production).exclude(timezone="").order_by("-date", "-pk").values("timezone")[:1]
    runs = Run.objects.filter(production=production).filter(venue__timezone__gt="").order_by("-starts_on", "-pk")
    asked = Production.objects.filter(pk=production.pk)
    return asked.values_list(Coalesce(played, runs.values("venue__timezone")[:1], Value("")), flat=True).get()


def performances_on(production: Production, day: dt.date, nearest: bool, actor: Actor) -> list[Performance]:
    """Those of that day which `actor` may see, as they follow on another; `nearest`: where there are none, of the next day
    with any, else of the last one before. One query."""
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
    """Those whose day is known."""
    known: ContentQuerySet = performances().filter(production=production)
    return known.alias(precision=Length("date")).filter(precision=len("2026-10-02"))

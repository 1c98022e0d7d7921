"""Queries that the ORM writes once: they answer as it would each time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.models import Credit, TeamNight
from tests.worlds import casting
from theater_site.core.prepared import Prepared

pytestmark = pytest.mark.django_db


def test_a_prepared_query_returns_what_its_queryset_returns():
    production, director = casting.play()
    viola = casting.part(production, "Viola", by=director)
    for team in ("Red", "Blue'; --"):
        casting.holds(team, viola, by=director, team=team)
        casting.nights(production, team, "2026-10-03", by=director)
    rows = Prepared(
        lambda part, team: Credit.objects.filter(character=part, team=team).order_by("pk").values_list("pk", "team"),
        lambda *row: row, part=int, team=str,
    )  # fmt: skip
    for part, team in ((viola.pk, "Red"), (viola.pk, "Blue'; --"), (0, "Red"), (viola.pk, "")):
        asked = Credit.objects.filter(character=part, team=team).order_by("pk").values_list("pk", "team")
        with CaptureQueriesContext(connection) as queries:
            assert rows(part=part, team=team) == list(asked)
        assert len(queries) == 2
    nights = Prepared(
        lambda day: TeamNight.objects.filter(date=day).order_by("pk").values_list("date", "team"), lambda *row: row, day=dt.date
    )  # fmt: skip
    on = dt.date(2026, 10, 3)
    assert nights(day=on) == [(on, "Red"), (on, "Blue'; --")], "dates come back as dates"
    assert nights(day=dt.date(2026, 10, 4)) == []
    assert "WHERE" in nights.sql


def test_an_unused_slot_is_refused():
    with pytest.raises(TypeError, match="does not use"):
        Prepared(lambda part: Credit.objects.values_list("pk"), lambda pk: pk, part=int)(part=1)

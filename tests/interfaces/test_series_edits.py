"""Event series are edited: the rule, the end, single dates, the split in two, and undo. Occurrences keep their identity."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from scheduling.models import Booking, EventSeries, Occurrence
from scheduling.services.occurrences import cancel_occurrence, update_occurrence
from scheduling.services.series.edits import add_date, change_rule, skip_date, split_series, unskip_date
from scheduling.services.series.horizon import extend_endless, extend_series
from scheduling.services.series.planning import move_series
from scheduling.services.series.undo import undo_series
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar
from theater_site.core.actors import System
from theater_site.core.errors import Conflict, DomainError

THURSDAY = dt.date(2031, 11, 6)


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def sent(theater: Theater, series: EventSeries, verb: str, **body: Any) -> Any:
    return world.post(world.client(theater.director), f"/api/v1/events/{series.pk}/{verb}/", body)


def days(series: EventSeries, status: str = "scheduled") -> list[str]:
    return [row.date[5:] for row in series.occurrences.filter(status=status).order_by("sort_at")]


def week(number: int) -> str:
    return (THURSDAY + dt.timedelta(weeks=number)).isoformat()


def test_a_date_is_skipped_and_reinstated_with_its_id(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    series = calendar.series(theater.production, by=theater.director, space=space)
    second = series.occurrences.get(date=week(1))
    skipped = sent(theater, series, "skip", date=week(1))
    assert skipped.json()["skipped"] == [week(1)]
    assert days(series, "canceled") == ["11-13"]
    assert Booking.objects.filter(space=space).count() == 9
    assert sent(theater, series, "skip", date=week(1)).json()["code"] == "already_skipped"
    assert sent(theater, series, "skip", date="2031-11-14").json()["code"] == "nothing_to_skip"
    assert sent(theater, series, "unskip", date=week(2)).json()["code"] == "not_skipped"
    assert sent(theater, series, "unskip", date=week(1)).status_code == 200
    assert series.occurrences.get(date=week(1), status="scheduled").pk == second.pk
    assert Booking.objects.filter(space=space).count() == 10


def test_the_end_and_the_rule_change_and_overrides_stay(theater: Theater) -> None:
    series = calendar.series(theater.production, by=theater.director)
    third = series.occurrences.get(date=week(2))
    changes = {"date": "2031-11-21", "title": "Sitzprobe"}
    update_occurrence(actor=theater.acting(), occurrence=third, changes=changes)
    keys = set(series.occurrences.values_list("pk", flat=True))

    assert sent(theater, series, "change-rule", rrule="FREQ=WEEKLY;COUNT=12").status_code == 200
    assert days(series)[-2:] == ["01-15", "01-22"]
    assert sent(theater, series, "change-rule", rrule="FREQ=WEEKLY;COUNT=4").status_code == 200
    assert days(series) == ["11-06", "11-13", "11-21", "11-27"]
    longer = sent(theater, series, "change-rule", rrule="FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20311204")
    assert longer.status_code == 200, longer.json()
    assert days(series) == ["11-06", "11-11", "11-13", "11-18", "11-21", "11-25", "11-27", "12-02", "12-04"]
    third.refresh_from_db()
    assert (third.date, third.title, third.recurrence_id) == ("2031-11-21", "Sitzprobe", "2031-11-20T19:00:00")
    # The one of 4 December has its id again.
    assert series.occurrences.get(date="2031-12-04").pk in keys
    for rule, code in (
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20311204", "nothing_changes"),
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=3", "rrule_start_mismatch"),
        ("FREQ=SECONDLY;COUNT=3", "rrule_too_often"),
        ("nonsense", "rrule_malformed"),
    ):
        refused = sent(theater, series, "change-rule", rrule=rule)
        assert refused.json()["code"] == code, refused.json()


def test_a_date_is_added_beside_the_rule(theater: Theater) -> None:
    series = calendar.series(theater.production, by=theater.director)
    assert sent(theater, series, "add-date", date="2031-11-09", start_time="14:00").json()["added"] == [
        "2031-11-09T14:00"
    ]
    assert sent(theater, series, "add-date", date="2031-11-10").status_code == 200
    assert sent(theater, series, "add-date", date="2031-11-10").json()["code"] == "already_in_series"
    rows = series.occurrences.filter(date__in=["2031-11-09", "2031-11-10"]).order_by("date")
    assert [row.start_time for row in rows] == [dt.time(14), dt.time(19)]
    assert len(days(series)) == 12


def test_this_and_all_later_dates_become_a_series_of_their_own(theater: Theater) -> None:
    space, other = (calendar.space(by=theater.director) for _ in range(2))
    series = calendar.series(theater.production, by=theater.director, space=space)
    skip_date(actor=theater.acting(), series=series, date=THURSDAY + dt.timedelta(weeks=7))
    late = series.occurrences.get(date=week(8))
    update_occurrence(actor=theater.acting(), occurrence=late, changes={"start_time": dt.time(10)})
    keys = dict(series.occurrences.values_list("date", "pk"))

    made = sent(theater, series, "split", date=week(5), start_time="18:00", space=other.pk)
    assert made.status_code == 200, made.json()
    new = EventSeries.objects.get(pk=made.json()["id"])
    assert (made.json()["split_from"], new.rrule) == (series.pk, "FREQ=WEEKLY;COUNT=5")
    assert days(series) == ["11-06", "11-13", "11-20", "11-27", "12-04"]
    rows = list(new.occurrences.filter(status="scheduled").order_by("sort_at"))
    assert [(row.date[5:], row.start_time.hour, row.space_id) for row in rows if row.start_time] == [
        ("12-11", 18, other.pk),
        ("12-18", 18, other.pk),
        ("01-01", 10, space.pk),
        ("01-08", 18, other.pk),
    ]
    assert {row.date: row.pk for row in new.occurrences.all()} == {day: keys[day] for day in keys if day >= week(5)}
    assert sent(theater, new, "unskip", date=week(7)).status_code == 200
    assert sent(theater, series, "split", date=week(0)).json()["code"] == "split_leaves_nothing"
    assert sent(theater, series, "split", date=week(20)).json()["code"] == "split_leaves_nothing"
    assert sent(theater, new, "split", date=week(6)).status_code == 200
    # Only an added date is on the second side.
    add_date(actor=theater.acting(), series=series, date=dt.date(2031, 12, 6), start_time=None)
    assert sent(theater, series, "split", date="2031-12-05").json()["code"] == "split_leaves_nothing"


def test_the_last_change_is_undone(theater: Theater) -> None:
    space, other = (calendar.space(by=theater.director) for _ in range(2))
    series = calendar.series(theater.production, by=theater.director, space=space)
    assert sent(theater, series, "undo").json()["code"] == "nothing_to_undo"
    before = list(series.occurrences.order_by("pk").values("pk", "date", "start_time", "space", "status"))
    for verb, body in (
        ("move", {"days": 7, "space": other.pk}),
        ("change-rule", {"rrule": "FREQ=WEEKLY;COUNT=4"}),
        ("skip", {"date": week(3)}),
        ("change-rule", {"rrule": "FREQ=WEEKLY;COUNT=11"}),
        ("add-date", {"date": "2031-11-08"}),
    ):
        changed = sent(theater, series, verb, **body)
        assert changed.status_code == 200, changed.json()
        assert days(series) != [row["date"][5:] for row in before]
        assert sent(theater, series, "undo").status_code == 200
        now = series.occurrences.filter(pk__in=[row["pk"] for row in before]).order_by("pk")
        assert list(now.values("pk", "date", "start_time", "space", "status")) == before, verb
        assert len(days(series)) == 10
        assert Booking.objects.filter(space=space).count() == 10
    assert sent(theater, series, "undo").json()["code"] == "nothing_to_undo"
    # What was changed on its own since the change stays.
    assert sent(theater, series, "move", days=1).status_code == 200
    first, second, third = series.occurrences.filter(status="scheduled").order_by("recurrence_id")[:3]
    update_occurrence(actor=theater.acting(), occurrence=first, changes={"start_time": dt.time(9)})
    cancel_occurrence(actor=theater.acting(), occurrence=second, reason=None)
    assert sent(theater, series, "undo").status_code == 200
    for row in (first, second, third):
        row.refresh_from_db()
    assert (first.date, first.start_time, second.status, third.date) == (
        "2031-11-07",
        dt.time(9),
        "canceled",
        "2031-11-20",
    )


def test_editing_520_occurrences_costs_the_queries_of_ten_and_the_batches(theater: Theater) -> None:
    costs = []
    for count in (10, 520):
        plan = {"rrule": f"FREQ=DAILY;COUNT={count}", "space": calendar.space(by=theater.director)}
        series = calendar.series(theater.production, by=theater.director, **plan)
        counted = []
        for edit in (
            lambda row: skip_date(actor=theater.acting(), series=row, date=THURSDAY + dt.timedelta(days=3)),
            lambda row: change_rule(actor=theater.acting(), series=row, rrule=row.rrule.replace(";", ";INTERVAL=2;")),
            lambda row: undo_series(actor=theater.acting(), series=row),
            lambda row: move_series(actor=theater.acting(), series=row, changes={"days": 1}),
            lambda row: split_series(
                actor=theater.acting(), series=row, date=THURSDAY + dt.timedelta(days=5), changes=None
            ),
        ):
            series.refresh_from_db()
            with CaptureQueriesContext(connection) as asked:
                edit(series)
            counted.append(len(asked))
        costs.append(counted)
    # Rows are written in batches: on SQLite, where Django writes at most 999 values by one statement, some 20 an insert.
    assert all(large <= small + 70 for small, large in zip(*costs, strict=True)), costs


# --- Random sequences against a simple model --------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(st.sampled_from(["skip", "unskip", "add", "shorten", "move", "override", "undo"]), st.integers(0, 6)),
    min_size=1,
    max_size=6,
)


class SeriesAreTheirModel(TestCase):
    """A series is a set of recurrence ids with a shift in days, and overrides."""

    @settings(max_examples=25)
    @given(steps=STEPS)
    def test_a_sequence_of_edits_gives_what_a_simple_model_gives(self, steps: list[tuple[str, int]]) -> None:
        theater = Theater()
        acting = theater.acting()
        series = calendar.series(theater.production, by=theater.director, rrule="FREQ=WEEKLY;COUNT=6")
        model: dict[str, Any] = {"count": 6, "skipped": set(), "added": set(), "shift": 0, "own": {}}
        last: dict[str, Any] | None = None
        for step, number in steps:
            day = THURSDAY + dt.timedelta(weeks=number)
            before = {**model, "skipped": set(model["skipped"]), "added": set(model["added"])}
            series.refresh_from_db()
            try:
                if step == "skip":
                    skip_date(actor=acting, series=series, date=day)
                    model["skipped"].add(day)
                elif step == "unskip":
                    unskip_date(actor=acting, series=series, date=day)
                    model["skipped"].remove(day)
                elif step == "add":
                    extra = day + dt.timedelta(days=2)
                    add_date(actor=acting, series=series, date=extra, start_time=None)
                    model["added"].add(extra)
                elif step == "shorten":
                    change_rule(actor=acting, series=series, rrule=f"FREQ=WEEKLY;COUNT={number + 1}")
                    model["count"] = number + 1
                    model["skipped"] = {
                        one for one in model["skipped"] if one < THURSDAY + dt.timedelta(weeks=number + 1)
                    }
                elif step == "move":
                    move_series(actor=acting, series=series, changes={"days": number})
                    model["shift"] += number
                elif step == "override":
                    row = series.occurrences.filter(status="scheduled").order_by("recurrence_id")[0]
                    update_occurrence(actor=acting, occurrence=row, changes={"title": f"Mine {number}"})
                    model["own"] = {**model["own"], row.recurrence_id[:10]: (row.date, f"Mine {number}")}
                    continue
                elif last is not None:
                    undo_series(actor=acting, series=series)
                    model = {**last, "own": model["own"]}
                    last = None
                    continue
                else:
                    continue
            except (DomainError, IndexError):
                continue
            last = before
        expected = {}
        for planned in {THURSDAY + dt.timedelta(weeks=n) for n in range(model["count"])} | model["added"]:
            if planned not in model["skipped"]:
                there = (planned + dt.timedelta(days=model["shift"])).isoformat(), ""
                expected[planned.isoformat()] = model["own"].get(planned.isoformat(), there)
        rows = Occurrence.objects.filter(series=series, status="scheduled")
        found = {row.recurrence_id[:10]: (row.date, row.title) for row in rows}
        assert found == expected


def test_a_series_is_shown_in_words_of_the_readers_language(theater: Theater) -> None:
    series = calendar.series(theater.production, by=theater.director)
    skip_date(actor=theater.acting(), series=series, date=THURSDAY + dt.timedelta(weeks=1))
    client, path = world.client(theater.director), f"/api/v1/events/{series.pk}/"
    assert client.get(path).json()["in_words"] == "every Thursday, 19:00 to 22:00, 10 times, not on November 13"
    for language, first in (("de", "jeden Donnerstag"), ("xx", "every Thursday")):
        type(theater.director).objects.filter(pk=theater.director.pk).update(language=language)
        assert world.client(theater.director).get(path).json()["in_words"].startswith(first)


def test_a_rule_without_an_end_goes_on(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    with time_machine.travel("2031-11-01T12:00:00Z"):
        series = calendar.series(theater.production, by=theater.director, rrule="FREQ=WEEKLY", space=space)
        shown = world.client(theater.director).get(f"/api/v1/events/{series.pk}/").json()
        assert (shown["rrule"], shown["in_words"]) == ("FREQ=WEEKLY", "every Thursday, 19:00 to 22:00")
        assert series.occurrences.count() == 79
        assert extend_endless() == 0
    with time_machine.travel("2031-12-06T12:00:00Z"):
        assert extend_endless() == 1
        assert extend_endless() == 0
        assert series.occurrences.count() == 83
        last = series.occurrences.latest("sort_at").date
    with time_machine.travel("2032-03-01T12:00:00Z"):
        # Somebody has the space on a date to come: nothing is half done, and the next run tries again.
        taken = (dt.date.fromisoformat(last) + dt.timedelta(weeks=2)).isoformat()
        other = calendar.occurrence(
            theater.production, by=theater.director, space=space, date=taken, start_time=dt.time(20)
        )
        assert extend_endless() == 0
        assert series.occurrences.latest("sort_at").date == last
        cancel_occurrence(actor=theater.acting(), occurrence=other, reason=None)
        assert extend_endless() == 1
        series.refresh_from_db()
        # It gets an end, and loses it again by undo.
        ended = sent(theater, series, "change-rule", rrule="FREQ=WEEKLY;COUNT=20")
        assert ended.json()["rrule"] == "FREQ=WEEKLY;COUNT=20"
        assert sent(theater, series, "change-rule", rrule="FREQ=WEEKLY").json()["rrule"] == "FREQ=WEEKLY"
        assert sent(theater, series, "change-rule", rrule="FREQ=WEEKLY").json()["code"] == "nothing_changes"
        half = sent(theater, series, "split", date="2032-04-01").json()
        assert (half["rrule"], half["first_date"]) == ("FREQ=WEEKLY", "2032-04-01")
        series.refresh_from_db()
        assert (series.endless, str(series.rrule)[-8:]) == (False, "T225959Z")
        with pytest.raises(Conflict) as refusal:
            extend_series(actor=System("test"), series=series)
        assert refusal.value.code == "has_end"

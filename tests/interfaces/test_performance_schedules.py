"""A run of performances, or a tour, scheduled in one call."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from scheduling.models import Booking, Occurrence, Run
from scheduling.rules.performance_dates import Weekday, performance_dates
from scheduling.services.occurrences import update_occurrence
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar
from tests.worlds import ticketing
from theater_site.core.errors import Conflict, Invalid
from ticketing.services.sales import open_sale

ADDRESS = "/api/v1/occurrences/schedule-performances/"


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def week(*patterns: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"weekdays": days.split(), "start_time": start} for days, start in patterns]


def leg(theater: Theater, **fields: Any) -> dict[str, Any]:
    """Three weeks in March 2031: Thursday to Saturday, and Saturday afternoon too."""
    times = week(("TH FR SA", "19:30"), ("SA", "14:30"))
    usual = {"first_date": "2031-03-06", "last_date": "2031-03-22", "times": times, "duration_minutes": 150}
    return {**usual, **fields}


def scheduled(theater: Theater, *legs: dict[str, Any]) -> Any:
    client = world.client(theater.director)
    return world.post(client, ADDRESS, {"production": theater.production.pk, "legs": list(legs)})


def test_a_run_is_scheduled_in_one_call(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    notes = [
        {"date": "2031-03-06", "subtitle": "Preview"},
        {"date": "2031-03-22", "start_time": "19:30", "subtitle": "Last night"},
    ]
    answer = scheduled(theater, leg(theater, space=space.pk, not_on=["2031-03-14"], notes=notes))
    assert answer.status_code == 201, answer.json()
    shown = [(row["date"], row["start_time"][:5], row["subtitle"]) for row in answer.json()]
    assert shown == [
        ("2031-03-06", "19:30", "Preview"),
        ("2031-03-07", "19:30", ""),
        ("2031-03-08", "14:30", ""),
        ("2031-03-08", "19:30", ""),
        ("2031-03-13", "19:30", ""),
        ("2031-03-15", "14:30", ""),
        ("2031-03-15", "19:30", ""),
        ("2031-03-20", "19:30", ""),
        ("2031-03-21", "19:30", ""),
        ("2031-03-22", "14:30", ""),
        ("2031-03-22", "19:30", "Last night"),
    ]
    assert {(row["category"], row["visibility"]) for row in answer.json()} == {("performance", "public")}
    assert Booking.objects.filter(space=space).count() == 11
    run = Run.objects.get()
    assert (run.starts_on, run.ends_on, run.kind, run.position) == ("2031-03-06", "2031-03-22", "home", 0)
    # The next one wants the same hall: nothing of it is scheduled.
    again = scheduled(theater, leg(theater, space=space.pk))
    assert (again.status_code, again.json()["code"]) == (409, "space_taken")
    assert (Occurrence.objects.count(), Run.objects.count()) == (11, 1)


def test_a_tour_has_legs_with_their_zones_and_travel_days(theater: Theater) -> None:
    leeds = calendar.venue(by=theater.director, name="Leeds", timezone="Europe/London")
    paris = calendar.venue(by=theater.director, name="Paris", timezone="Europe/Paris")
    days = {"times": week(("FR SA", "20:00")), "first_date": "2031-05-02", "last_date": "2031-05-03"}
    later = {"first_date": "2031-05-09", "last_date": "2031-05-10", "travel_days": ["2031-05-08"]}
    answer = scheduled(
        theater,
        leg(theater, venue=leeds.pk, label="Leeds", **days),
        leg(theater, venue=paris.pk, label="Paris", **{**days, **later}),
    )
    assert answer.status_code == 201, answer.json()
    rows = Occurrence.objects.order_by("sort_at")
    assert [(row.category, row.visibility, row.timezone) for row in rows] == [
        ("performance", "public", "Europe/London"),
        ("performance", "public", "Europe/London"),
        ("travel", "internal", "Europe/Paris"),
        ("performance", "public", "Europe/Paris"),
        ("performance", "public", "Europe/Paris"),
    ]
    assert rows[3].starts_at == dt.datetime(2031, 5, 9, 18, tzinfo=dt.UTC)
    assert rows[2].shown_title == "Travel: Paris"
    legs = [(run.label, run.kind, run.position) for run in Run.objects.order_by("position")]
    assert legs == [("Leeds", "tour", 1), ("Paris", "tour", 2)]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"last_date": "2031-03-01"}, "ends_before_start", "last_date"),
        ({"last_date": "2033-03-01"}, "leg_too_long", "last_date"),
        ({"venue": None}, "venue_needed", "space"),
        ({"times": week(("MO", "19:30")), "last_date": "2031-03-09"}, "no_performances", "times"),
        ({"times": []}, "no_performances", "times"),
        ({"not_on": ["2031-03-06", "2031-03-10"]}, "not_in_schedule", "not_on.1"),
        ({"notes": [{"date": "2031-03-10", "subtitle": "Gala"}]}, "not_in_schedule", "notes.0.date"),
        (
            {"notes": [{"date": "2031-03-06", "start_time": "14:30", "subtitle": "Gala"}]},
            "not_in_schedule",
            "notes.0.date",
        ),
        ({"timezone": "Mars/Base"}, "unknown_timezone", "timezone"),
        ({"duration_minutes": 0}, "min_value", "duration_minutes"),
        ({"times": week(("XX", "19:30"))}, "invalid_choice", "times.0.weekdays.0"),
    ],
)
def test_a_leg_that_cannot_be_is_refused(theater: Theater, fields: dict[str, Any], code: str, field: str) -> None:
    venue = calendar.venue(by=theater.director)
    answer = scheduled(theater, leg(theater, **{"venue": venue.pk, **fields}))
    assert answer.status_code == 400, answer.json()
    assert [(one["code"], one["field"]) for one in answer.json()["errors"]] == [(code, f"legs.0.{field}")]
    assert not Occurrence.objects.exists()


def test_too_many_performances_and_no_leg_are_refused(theater: Theater) -> None:
    venue = calendar.venue(by=theater.director)
    daily = week(("MO TU WE TH FR SA SU", "19:30"), ("MO TU WE TH FR SA SU", "14:30"))
    many = scheduled(theater, leg(theater, venue=venue.pk, times=daily, last_date="2032-03-01"))
    assert many.json()["code"] == "too_many_dates"
    assert scheduled(theater).json()["code"] == "required"


DAYS = st.dates(dt.date(2031, 1, 1), dt.date(2031, 2, 28))


@given(DAYS, DAYS, st.sets(st.sampled_from(Weekday)), st.sets(DAYS, max_size=3))
def test_the_dates_are_those_of_a_calendar(
    first: dt.date, last: dt.date, days: set[Weekday], not_on: set[dt.date]
) -> None:
    start = dt.time(19, 30)
    names = {day.value[:2] for day in days}
    expected = [
        (day, start)
        for day in (dt.date(2031, 1, 1) + dt.timedelta(days=n) for n in range(59))
        if first <= day <= last and day not in not_on and day.strftime("%A").upper()[:2] in names
    ]
    assert performance_dates(first, last, [(days, start), (days, start)], not_on) == expected


def test_tentative_events_book_nothing_until_they_are_confirmed(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    options = {"first_date": "2031-03-06", "last_date": "2031-03-06", "space": space.pk}
    (tentative,) = scheduled(theater, leg(theater, tentative=True, **options)).json()
    (certain,) = scheduled(theater, leg(theater, **options)).json()
    assert (tentative["status"], certain["status"]) == ("tentative", "scheduled")
    client = world.client(theater.director)
    path = f"/api/v1/occurrences/{tentative['id']}/"
    refused = world.patch(client, path, {"tentative": False}, tentative["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "space_taken")
    # The other one becomes uncertain and releases its space.
    other = f"/api/v1/occurrences/{certain['id']}/"
    assert world.patch(client, other, {"tentative": True}, certain["version"]).status_code == 200
    confirmed = world.patch(client, path, {"tentative": False}, tentative["version"])
    assert confirmed.json()["status"] == "scheduled"
    assert Booking.objects.get().occurrence_id == tentative["id"]


def test_a_tentative_performance_is_not_sold_and_shows_in_feeds(theater: Theater) -> None:
    chart = ticketing.chart(by=theater.director, rows=1, seats=2)
    play = world.production(world.season(theater.root, by=theater.director), by=theater.director, published=True)
    sold = ticketing.on_sale(play, by=theater.director, chart=chart)
    with pytest.raises(Invalid) as refusal:
        update_occurrence(actor=theater.acting(), occurrence=sold, changes={"tentative": True})
    assert [one.code for one in refusal.value.problems] == ["on_sale"]
    soon = (timezone.localdate() + dt.timedelta(days=30)).isoformat()
    another = ticketing.performance(play, by=theater.director, chart=chart, date=soon)
    update_occurrence(actor=theater.acting(), occurrence=another, changes={"tentative": True})
    with pytest.raises(Conflict) as conflict:
        prices = [{"category": ticketing.STALLS, "price": Decimal(1)}]
        terms = {"chart": chart, "currency": "EUR"}
        open_sale(actor=theater.acting(), performance=another, terms=terms, price_categories=prices)
    assert conflict.value.code == "tentative"
    feed = world.client().get("/api/v1/calendars/public.ics").content.decode()
    assert feed.count("STATUS:TENTATIVE") == 1
    Occurrence.objects.filter(pk=another.pk).update(status="done")
    another.refresh_from_db()
    with pytest.raises(Conflict) as conflict:
        update_occurrence(actor=theater.acting(), occurrence=another, changes={"tentative": False})
    assert conflict.value.code == "event_over"

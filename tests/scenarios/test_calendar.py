"""The calendar: weekly rehearsals, a hall that two productions want, a show that moves, and what the public
sees of it.
"""

from __future__ import annotations

import datetime as dt

import icalendar
import pytest

from accounts.models import AuditEntry
from scheduling.models import Booking, Occurrence
from scheduling.services.series.planning import cancel_series, move_series
from scheduling.signals import occurrences_canceled, occurrences_moved, occurrences_scheduled
from tests import world
from tests.worlds import scheduling as scene
from theater_site.core.errors import Conflict

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater():
    root, director = world.found()
    season = world.season(root, by=director)
    return root, director, season


@pytest.fixture
def heard():
    """What was announced, in order, each as (what, the occurrence, where it was before)."""
    told = []
    listeners = {
        occurrences_scheduled: lambda occurrences, **_: told.extend(("scheduled", row.pk, None) for row in occurrences),
        occurrences_moved: lambda moves, **_: told.extend(("moved", move.occurrence.pk, move.before) for move in moves),
        occurrences_canceled: lambda occurrences, **_: told.extend(("canceled", row.pk, None) for row in occurrences),
    }
    for announcement, listener in listeners.items():
        announcement.connect(listener)
    yield told
    for announcement, listener in listeners.items():
        announcement.disconnect(listener)


def test_two_productions_cannot_book_one_hall(theater):
    _root, director, season = theater
    hamlet = world.production(season, by=director, title="Hamlet", published=True)
    cats = world.production(season, by=director, title="Cats")
    boss = world.client(director)
    hamlets = world.client(world.give("production_manager", hamlet.section, by=director))
    catss = world.client(world.give("production_manager", cats.section, by=director))

    house = world.post(boss, "/api/v1/venues/", {"name": "The Globe", "city": "London", "timezone": "Europe/London"})
    assert house.status_code == 201, house.json()
    hall = world.post(boss, "/api/v1/spaces/", {"venue": house.json()["id"], "name": "Main stage", "capacity": 300})
    assert hall.status_code == 201, hall.json()
    hall_id = hall.json()["id"]

    # Weekly rehearsals, but not on Christmas day; the clocks went back on 26 October, wall time stays.
    plan = {
        "production": hamlet.pk,
        "rrule": "FREQ=WEEKLY;COUNT=12",
        "first_date": "2031-10-16",
        "start_time": "19:00",
        "duration_minutes": 180,
        "space": hall_id,
        "title": "Hamlet rehearsal",
        "skipped": ["2031-12-25"],
    }
    made = world.post(hamlets, "/api/v1/events/", plan)
    assert made.status_code == 201, made.json()
    assert (made.json()["timezone"], made.json()["rrule"]) == ("Europe/London", "FREQ=WEEKLY;COUNT=12")
    rows = hamlets.get(f"/api/v1/occurrences/?production={hamlet.pk}").json()["results"]
    assert len(rows) == 11
    assert {row["start_time"] for row in rows} == {"19:00:00"}
    assert rows[0]["starts_at"] == "2031-10-16T18:00:00Z"
    assert rows[-1]["starts_at"] == "2032-01-01T19:00:00Z"

    # The second production asks first, and is told; then books all the same, and is refused.
    asked = f"/api/v1/conflicts/?space={hall_id}&date=2031-11-06&start_time=20:00&duration_minutes=60"
    told = catss.get(asked).json()
    assert (told["free"], told["count"]) == (False, 1)
    assert told["conflicts"][0]["starts_at"] == "2031-11-06T20:00:00Z"
    # A manager of Cats alone does not learn what Hamlet does there.
    assert told["conflicts"][0]["occurrences"][0]["title"] is None

    booking = {
        "production": cats.pk, "category": "rehearsal", "space": hall_id,
        "date": "2031-11-06", "start_time": "20:00", "duration_minutes": 60,
    }  # fmt: skip
    entries = AuditEntry.objects.count()
    refused = world.post(catss, "/api/v1/occurrences/", booking)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "space_taken")
    assert "from 2031-11-06 19:00 to 22:00 (Europe/London)" in problem["detail"]
    assert "Main stage (The Globe) is taken by another event" in problem["detail"]
    assert "Choose another time" in problem["detail"]
    clash = problem["data"]["clashes"][0]
    assert (clash["occurrence"], clash["title"]) == (None, None)
    assert (clash["starts_at"], clash["ends_at"]) == ("2031-11-06T19:00:00Z", "2031-11-06T22:00:00Z")
    assert not Occurrence.objects.filter(production=cats).exists()
    assert AuditEntry.objects.count() == entries
    # Who may see it is told its title.
    assert "taken by Hamlet rehearsal" in world.post(boss, "/api/v1/occurrences/", booking).json()["detail"]

    # Back to back is not a conflict.
    late = world.post(catss, "/api/v1/occurrences/", {**booking, "start_time": "22:00"})
    assert late.status_code == 201, late.json()

    # Hamlet moves that one evening: the hall is free, and it is still the same row.
    moving = next(row for row in rows if row["date"] == "2031-11-06")
    page = f"/api/v1/occurrences/{moving['id']}/"
    version = hamlets.get(f"{page}internal/").json()["version"]
    moved = world.patch(hamlets, page, {"date": "2031-11-07"}, version)
    assert moved.status_code == 200, moved.json()
    assert (moved.json()["id"], moved.json()["starts_at"]) == (moving["id"], "2031-11-07T19:00:00Z")
    answer = catss.get(asked).json()
    assert (answer["free"], answer["count"], answer["checked"]) == (True, 0, ["spaces"])
    assert world.post(catss, "/api/v1/occurrences/", booking).status_code == 201
    # ... and cannot move back into what Cats has now.
    again = world.patch(hamlets, page, {"date": "2031-11-06"}, version + 1)
    assert (again.status_code, again.json()["code"]) == (409, "space_taken")
    assert hamlets.get(page).json()["date"] == "2031-11-07"

    # Another is canceled, and its hall is free.
    other = next(row for row in rows if row["date"] == "2031-11-13")
    canceled = world.post(hamlets, f"/api/v1/occurrences/{other['id']}/cancel/", {"reason": "The lead is ill."})
    assert canceled.status_code == 200, canceled.json()
    assert (canceled.json()["status"], canceled.json()["status_note"]) == ("canceled", "The lead is ill.")
    assert world.post(catss, "/api/v1/occurrences/", {**booking, "date": "2031-11-13"}).status_code == 201
    twice = world.post(hamlets, f"/api/v1/occurrences/{other['id']}/cancel/", {"reason": ""})
    assert (twice.status_code, twice.json()["code"]) == (409, "canceled")

    # The public sees the performance only, once it is published.
    show = {
        "production": hamlet.pk, "category": "performance", "visibility": "public", "space": hall_id,
        "date": "2032-01-10", "start_time": "19:30", "duration_minutes": 150,
    }  # fmt: skip
    performance = world.post(hamlets, "/api/v1/occurrences/", show).json()
    visitor = world.client()
    assert visitor.get("/api/v1/performances/").json()["results"] == []
    assert world.post(hamlets, f"/api/v1/occurrences/{performance['id']}/publish/").status_code == 200
    public = visitor.get("/api/v1/performances/").json()["results"]
    assert [(row["id"], row["title"], row["venue_name"]) for row in public] == [
        (performance["id"], "Hamlet", "The Globe")
    ]
    assert [row["id"] for row in visitor.get("/api/v1/occurrences/").json()["results"]] == [performance["id"]]
    assert visitor.get(page).status_code == 404
    assert visitor.get(f"/api/v1/occurrences/{performance['id']}/internal/").status_code == 401
    assert visitor.get("/api/v1/events/").json()["results"] == []
    assert visitor.get("/api/v1/conflicts/?production=1").status_code == 401

    feed = icalendar.Calendar.from_ical(visitor.get("/api/v1/calendars/public.ics").content)
    assert feed.walk("VEVENT") == []  # more than two years ahead


def test_events_of_an_unpublished_production_stay_hidden(theater):
    _root, director, season = theater
    secret = world.production(season, by=director)
    scene.occurrence(secret, by=director, published=True, category="performance")
    assert world.client().get("/api/v1/performances/").json()["results"] == []
    assert len(world.client(director).get("/api/v1/performances/").json()["results"]) == 1


def test_a_series_can_move_by_a_week_onto_its_own_dates(theater, heard):
    _root, director, season = theater
    hamlet = world.production(season, by=director)
    hall = scene.space(by=director)
    series = scene.series(hamlet, by=director, space=hall)
    rows = list(series.occurrences.order_by("sort_at"))
    assert [what for what, *_ in heard] == ["scheduled"] * 10
    heard.clear()

    entries = AuditEntry.objects.count()
    move_series(actor=world.acting(director), series=series, changes={"days": 7})

    moved = list(series.occurrences.order_by("sort_at"))
    assert [row.pk for row in moved] == [row.pk for row in rows]
    assert [row.starts_at - old.starts_at for row, old in zip(moved, rows, strict=True)] == [dt.timedelta(days=7)] * 10
    assert [row.date for row in moved][:2] == ["2031-11-13", "2031-11-20"]
    bookings = (
        Booking.objects.filter(space=hall).order_by("starts_at").values_list("occurrence", "starts_at", "ends_at")
    )
    assert list(bookings) == [(row.pk, row.starts_at, row.ends_at) for row in moved]
    assert [(what, pk, before.date) for what, pk, before in heard] == [("moved", row.pk, row.date) for row in rows]
    assert AuditEntry.objects.count() == entries + 1


def test_a_series_with_a_conflict_is_refused_completely(theater):
    _root, director, season = theater
    hamlet, cats = world.production(season, by=director), world.production(season, by=director)
    hall = scene.space(by=director)
    scene.occurrence(cats, by=director, space=hall, date="2031-11-20")
    scene.occurrence(cats, by=director, space=hall, date="2031-12-04")
    with pytest.raises(Conflict) as refusal:
        scene.series(hamlet, by=director, space=hall)
    assert refusal.value.code == "space_taken"
    wanted = [clash["wanted"]["starts_at"] for clash in refusal.value.data["clashes"]]
    assert wanted == ["2031-11-20T19:00:00Z", "2031-12-04T19:00:00Z"]
    assert not Occurrence.objects.filter(production=hamlet).exists()
    assert not hamlet.event_series.exists()


def test_a_series_is_canceled_from_a_date_on(theater, heard):
    _root, director, season = theater
    hamlet = world.production(season, by=director)
    hall = scene.space(by=director)
    today = dt.datetime.now(dt.UTC).date()
    series = scene.series(
        hamlet, by=director, space=hall, first_date=today - dt.timedelta(days=14), rrule="FREQ=WEEKLY;COUNT=5",
        timezone="UTC", start_time=dt.time(0), duration_minutes=60,
    )  # fmt: skip
    heard.clear()
    cancel_series(actor=world.acting(director), series=series, reason="Money ran out.")
    rows = list(series.occurrences.order_by("sort_at"))
    assert [row.status for row in rows] == ["scheduled"] * 3 + ["canceled"] * 2
    assert [(what, pk) for what, pk, _ in heard] == [("canceled", rows[3].pk), ("canceled", rows[4].pk)]
    assert set(Booking.objects.values_list("occurrence", flat=True)) == {row.pk for row in rows[:3]}
    with pytest.raises(Conflict, match="already canceled"):
        cancel_series(actor=world.acting(director), series=series, reason=None)


def test_calendar_programs_subscribe_to_the_public_feed(theater):
    _root, director, season = theater
    hamlet = world.production(season, by=director, title="Hamlet; or, Revenge", published=True)
    hall = scene.space(by=director, name="Main stage", at=scene.venue(by=director, name="Globe", city="London"))
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=60)).date().isoformat()
    show = scene.occurrence(
        hamlet, by=director, published=True, space=hall, category="performance", date=day, start_time=dt.time(19, 30)
    )
    scene.occurrence(hamlet, by=director, space=hall, date=day, start_time=dt.time(12))
    boss, visitor = world.client(director), world.client()

    first = visitor.get("/api/v1/calendars/public.ics", headers={"Accept": "application/json"})
    assert (first.status_code, first["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    feed = icalendar.Calendar.from_ical(first.content)
    (event,) = feed.walk("VEVENT")
    assert event["SUMMARY"] == "Hamlet; or, Revenge"
    assert event["LOCATION"] == "Main stage, Globe, London"
    assert event["DTSTART"].params["TZID"] == "Europe/London"
    assert event.decoded("DTSTART").replace(tzinfo=None) == dt.datetime.fromisoformat(f"{day}T19:30")
    assert event.decoded("DURATION") == dt.timedelta(hours=3)
    (zone,) = feed.walk("VTIMEZONE")
    assert zone.to_tz().utcoffset(dt.datetime(2031, 7, 1)) == dt.timedelta(hours=1)
    unchanged = visitor.get("/api/v1/calendars/public.ics", headers={"If-None-Match": first["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    world.patch(boss, f"/api/v1/occurrences/{show.pk}/", {"start_time": "20:00"}, show.version)
    world.post(boss, f"/api/v1/occurrences/{show.pk}/cancel/", {"reason": "Snow."})
    (later,) = icalendar.Calendar.from_ical(visitor.get("/api/v1/calendars/public.ics").content).walk("VEVENT")
    assert later["UID"] == event["UID"]
    assert later["SEQUENCE"] == event["SEQUENCE"] + 2
    assert (later["STATUS"], later["DESCRIPTION"]) == ("CANCELLED", "Snow.")
    assert later.decoded("DTSTART").hour == 20


def test_an_archived_production_can_have_only_a_run():
    root, director = world.found()
    production = world.production(world.season(root, by=director), by=director, published=True)
    house = scene.venue(by=director, name="Old Vic")
    browser = world.client(director)

    backward = {"production": production.pk, "venue": house.pk, "starts_on": "1998-05", "ends_on": "1998-04"}
    refused = world.post(browser, "/api/v1/runs/", backward)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "ends_on"

    made = world.post(browser, "/api/v1/runs/", {**backward, "ends_on": "1998", "kind": "tour"})
    assert made.status_code == 201, made.json()
    shown = world.client().get(f"/api/v1/runs/?production={production.pk}").json()["results"]
    assert [(run["venue_name"], run["starts_on"], run["ends_on"]) for run in shown] == [("Old Vic", "1998-05", "1998")]
    corrected = world.patch(browser, f"/api/v1/runs/{made.json()['id']}/", {"ends_on": "1998-06"}, 1)
    assert (corrected.status_code, corrected.json()["version"]) == (200, 2)

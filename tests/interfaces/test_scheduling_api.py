"""The calendar over HTTP, in detail: what is refused and how, who sees what, filters, and questions about what
is free.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from scheduling.models import Booking, Occurrence
from scheduling.services.conflicts import book
from scheduling.services.occurrences import update_occurrence
from tests import world
from tests.worlds import scheduling as scene
from theater_site.core import guards
from theater_site.core.errors import Conflict, DomainError, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater():
    root, director = world.found()
    season = world.season(root, by=director)
    return root, director, world.production(season, by=director, title="Hamlet")


def codes(response):
    problem = response.json()
    return (response.status_code, *sorted((fault["field"], fault["code"]) for fault in problem.get("errors", [])))


# --- Venues and spaces ----------------------------------------------------------------------------------------


def test_a_venue_is_public_and_updated_only_with_permission(theater):
    _root, director, hamlet = theater
    boss, visitor = world.client(director), world.client()
    stranger = world.client(world.give("stage_manager", hamlet.section, by=director))
    wrong = world.post(boss, "/api/v1/venues/", {"name": "Globe", "timezone": "london"})
    assert codes(wrong) == (400, ("timezone", "unknown_timezone"))
    assert "Europe/London" in wrong.json()["detail"]
    made = world.post(boss, "/api/v1/venues/", {"name": "Théâtre du Châtelet", "city": "Paris"}).json()
    assert made["timezone"] == ""
    found = visitor.get("/api/v1/venues/?name=theatre").json()["results"]
    assert [row["id"] for row in found] == [made["id"]]
    assert "version" not in found[0]
    changed = world.patch(boss, f"/api/v1/venues/{made['id']}/", {"timezone": "Europe/Paris"}, made["version"])
    assert changed.json()["timezone"] == "Europe/Paris"
    assert world.patch(stranger, f"/api/v1/venues/{made['id']}/", {"name": "Mine"}, 2).status_code == 403
    assert world.post(stranger, "/api/v1/venues/", {"name": "Mine"}).status_code == 403
    assert world.post(visitor, "/api/v1/venues/", {"name": "Mine"}).status_code == 401

    space = world.post(boss, "/api/v1/spaces/", {"venue": made["id"], "name": "Grande salle", "capacity": 2038})
    assert space.status_code == 201
    again = world.post(boss, "/api/v1/spaces/", {"venue": made["id"], "name": "Grande salle"})
    assert (again.status_code, again.json()["code"]) == (409, "space_name_taken")
    assert visitor.get(f"/api/v1/spaces/?venue={made['id']}").json()["results"][0]["capacity"] == 2038


# --- What the calendar does not take --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (("date", "required"),)),
        ({"date": "2031-13-01"}, (("date", "bad_date"),)),
        ({"date": "next week"}, (("date", "bad_date"),)),
        ({"date": "2031-11-20", "start_time": "19:00"}, (("timezone", "timezone_needed"),)),
        ({"date": "2031-11", "start_time": "19:00", "timezone": "Europe/London"}, (("date", "time_without_day"),)),
        ({"date": "2031-11-20", "timezone": "Mars/Olympus"}, (("timezone", "unknown_timezone"),)),
        ({"date": "2031-11-20", "duration_minutes": 0}, (("duration_minutes", "min_value"),)),
        ({"date": "2031-11-20", "duration_minutes": 44_641}, (("duration_minutes", "max_value"),)),
        ({"date": "2031-11-20", "category": "party"}, (("category", "invalid_choice"),)),
        ({"date": "2031-11-20", "starts_at": "2031-11-20T19:00Z"}, (("starts_at", "unknown_field"),)),
        (
            {"date": "2031-11-20", "space": "mine"},
            (("duration_minutes", "needed_for_space"), ("start_time", "needed_for_space")),
        ),
        (
            {"date": "9999-12-31", "start_time": "23:00", "duration_minutes": 120, "timezone": "UTC"},
            (("duration_minutes", "out_of_range"),),
        ),
    ],
)
def test_invalid_occurrences_are_refused(theater, said, expected):
    _root, director, hamlet = theater
    body = {"production": hamlet.pk, **said}
    if body.get("space") == "mine":
        body["space"] = scene.space(by=director).pk
    response = world.post(world.client(director), "/api/v1/occurrences/", body)
    assert codes(response) == (400, *expected), response.json()
    assert not Occurrence.objects.exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"rrule": "FREQ=WEEKLY;COUNT=2001"}, ("rrule", "rrule_too_many")),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=3"}, ("rrule", "rrule_start_mismatch")),
        ({"rrule": "every Thursday"}, ("rrule", "rrule_malformed")),
        ({"skipped": ["2031-11-07"]}, ("skipped", "nothing_to_skip")),
        ({"skipped": ["soon"]}, ("skipped", "bad_wall_time")),
        ({"added": ["2031-11"]}, ("added", "bad_wall_time")),
        ({"added": ["2031-11-07T19:00Z"]}, ("added", "bad_wall_time")),
        ({"rrule": "FREQ=WEEKLY;COUNT=1", "skipped": ["2031-11-06"]}, ("skipped", "no_dates")),
        ({"timezone": ""}, ("timezone", "blank")),
        ({"timezone": None}, ("timezone", "timezone_needed")),
        ({"timezone": "GMT+25"}, ("timezone", "unknown_timezone")),
        ({"first_date": None}, ("first_date", "null")),
    ],
)
def test_invalid_series_are_refused(theater, said, expected):
    _root, director, hamlet = theater
    plan = {
        "production": hamlet.pk, "rrule": "FREQ=WEEKLY;COUNT=3", "first_date": "2031-11-06", "start_time": "19:00",
        "duration_minutes": 60, "timezone": "Europe/London",
    }  # fmt: skip
    body = {**plan, **said}
    if body["timezone"] is None:
        del body["timezone"]
    response = world.post(world.client(director), "/api/v1/events/", body)
    assert codes(response) == (400, expected), response.json()
    assert not Occurrence.objects.exists()


def test_a_recurrence_rule_is_stored_unchanged_in_meaning(theater):
    _root, director, hamlet = theater
    # UNTIL includes its day at the place, whatever zone the process is in.
    series = scene.series(
        hamlet, by=director, rrule="rrule:freq=weekly;until=20311127;byday=TH", timezone="America/Los_Angeles",
        added=["2031-11-08T10:00"], skipped=["2031-11-13T19:00"],
    )  # fmt: skip
    series.refresh_from_db()
    assert series.rrule == "FREQ=WEEKLY;UNTIL=20311128T075959Z;BYDAY=TH"
    dates = list(series.occurrences.order_by("sort_at").values_list("date", flat=True))
    assert dates == ["2031-11-06", "2031-11-08", "2031-11-20", "2031-11-27"]


# --- Where a space comes from and goes to ---------------------------------------------------------------------


def test_a_space_sets_venue_and_zone_also_when_rescheduling(theater):
    _root, director, hamlet = theater
    boss = world.client(director)
    here = scene.space(by=director)
    there = scene.space(by=director, at=scene.venue(by=director, timezone="America/New_York"))
    said = {
        "production": hamlet.pk,
        "date": "2031-11-20",
        "start_time": "19:00",
        "duration_minutes": 60,
        "space": here.pk,
    }
    made = world.post(boss, "/api/v1/occurrences/", said).json()
    assert (made["venue"], made["timezone"], made["starts_at"]) == (
        here.venue_id,
        "Europe/London",
        "2031-11-20T19:00:00Z",
    )
    page = f"/api/v1/occurrences/{made['id']}/"
    toured = world.patch(boss, page, {"space": there.pk}, 1).json()
    assert (toured["venue"], toured["timezone"], toured["starts_at"]) == (
        there.venue_id, "America/New_York", "2031-11-21T00:00:00Z",
    )  # fmt: skip
    assert list(Booking.objects.values_list("space", flat=True)) == [there.pk]
    mixed = world.patch(boss, page, {"space": here.pk, "venue": there.venue_id}, 2)
    assert codes(mixed) == (400, ("venue", "space_elsewhere"))
    # To another house, in no room of it yet: the old one is free.
    left = world.patch(boss, page, {"venue": here.venue_id}, 2).json()
    assert (left["space"], left["venue"], left["timezone"]) == (None, here.venue_id, "Europe/London")
    assert not Booking.objects.exists()


def test_changing_a_title_does_not_reschedule(theater):
    _root, director, hamlet = theater
    row = scene.occurrence(hamlet, by=director, space=scene.space(by=director))
    kept = Booking.objects.get().pk
    update_occurrence(actor=world.acting(director), occurrence=row, changes={"title": "Act one"})
    assert Booking.objects.get().pk == kept


def test_an_event_without_a_production_needs_a_title_and_its_own_permission(theater):
    root, director, hamlet = theater
    boss = world.client(director)
    said = {"section": root.pk, "category": "meeting", "date": "2031-11-20"}
    assert codes(world.post(boss, "/api/v1/occurrences/standalone/", said)) == (400, ("title", "required"))
    made = world.post(boss, "/api/v1/occurrences/standalone/", {**said, "title": "Board"})
    assert (made.status_code, made.json()["title"], made.json()["production"]) == (201, "Board", None)
    manager = world.client(world.give("production_manager", hamlet.section, by=director))
    assert world.post(manager, "/api/v1/occurrences/standalone/", {**said, "title": "Mine"}).status_code in (400, 403)
    plan = {"section": root.pk, "title": "Class", "rrule": "FREQ=DAILY;COUNT=3", "first_date": "2031-11-06",
            "start_time": "10:00", "duration_minutes": 60, "timezone": "UTC"}  # fmt: skip
    assert world.post(boss, "/api/v1/events/standalone/", plan).status_code == 201
    assert Occurrence.objects.filter(section=root).count() == 4


# --- Publishing -----------------------------------------------------------------------------------------------


def test_events_are_published_or_refused_with_a_code(theater):
    _root, director, hamlet = theater
    boss = world.client(director)
    row = scene.occurrence(hamlet, by=director, category="performance", visibility="internal")
    page = f"/api/v1/occurrences/{row.pk}/"
    assert world.post(boss, f"{page}publish/").json()["code"] == "internal"
    assert world.post(boss, f"{page}unpublish/").json()["code"] == "not_published"
    assert world.patch(boss, page, {"visibility": "public"}, 1).status_code == 200
    stage = world.client(world.give("stage_manager", hamlet.section, by=director))
    asked = world.post(stage, f"{page}publish/")
    assert asked.status_code == 202, asked.json()
    assert world.post(boss, f"{page}publish/").json()["published_at"] is not None
    assert world.post(boss, f"{page}publish/").json()["code"] == "already_published"
    assert world.post(boss, f"{page}unpublish/").json()["published_at"] is None
    world.post(boss, f"{page}cancel/", {})
    assert world.post(boss, f"{page}publish/").json()["code"] == "canceled"
    assert world.patch(boss, page, {"title": "x"}, 5).json()["code"] == "canceled"


# --- Lists ----------------------------------------------------------------------------------------------------


def test_days_are_counted_in_the_zone_of_the_venue(theater):
    _root, director, hamlet = theater
    days = {}
    for zone in ("Pacific/Kiritimati", "America/New_York", "Pacific/Pago_Pago"):
        for date, time in (("2031-11-19", 23), ("2031-11-20", 0), ("2031-11-20", 23), ("2031-11-21", 0)):
            row = scene.occurrence(hamlet, by=director, date=date, start_time=dt.time(time), timezone=zone)
            days.setdefault(date, set()).add(row.pk)
    vague = {
        text: scene.occurrence(hamlet, by=director, date=text, start_time=None, timezone="").pk
        for text in ("2031", "2031-11", "1998")
    }
    browser = world.client(director)

    def asked(query):
        return {row["id"] for row in browser.get(f"/api/v1/occurrences/?{query}").json()["results"]}

    assert asked("from=2031-11-20&to=2031-11-20") == days["2031-11-20"]
    assert asked("from=2031-11-20") == days["2031-11-20"] | days["2031-11-21"]
    assert asked("to=2031-11-19") == days["2031-11-19"] | set(vague.values())
    assert asked("from=2031-11-01&to=2031-11-19") == days["2031-11-19"] | {vague["2031-11"]}
    assert vague["2031"] in asked("from=2031-01-01")
    assert vague["2031"] not in asked("from=2031-01-02")
    assert asked("from=0001-01-01&to=9999-12-31") == asked("")
    assert asked("from=9999-12-31") == asked("to=0001-01-01") == set()
    assert browser.get("/api/v1/occurrences/?until=2031-11-20").status_code == 400
    assert browser.get("/api/v1/occurrences/?from=yesterday").status_code == 400
    unknown = browser.get("/api/v1/occurrences/?to=1998-12-31").json()["results"][0]
    assert (unknown["date"], unknown["starts_at"], unknown["timezone"]) == ("1998", None, "")


def test_pages_are_in_order_of_time_with_constant_queries(theater):
    _root, director, hamlet = theater
    hall = scene.space(by=director)
    scene.series(hamlet, by=director, space=hall, rrule="FREQ=DAILY;COUNT=25")
    browser = world.client(director)
    counts = []
    for size in (1, 20):
        browser.get("/api/v1/occurrences/")
        with CaptureQueriesContext(connection) as seen:
            assert len(browser.get(f"/api/v1/occurrences/?page_size={size}").json()["results"]) == size
        counts.append(len(seen))
    assert counts[0] == counts[1]
    dates, page = [], "/api/v1/occurrences/?page_size=10"
    while page:
        answer = browser.get(page).json()
        dates += [row["date"] for row in answer["results"]]
        page = answer["next"]
    assert dates == sorted(dates)
    assert len(set(dates)) == 25
    latest = browser.get("/api/v1/occurrences/?ordering=latest&page_size=1").json()["results"]
    assert latest[0]["date"] == dates[-1]


def test_internal_fields_are_visible_only_with_permission_to_view_the_schedule(theater):
    root, director, hamlet = theater
    other = world.production(world.season(root, by=director), by=director, published=True)
    shown = scene.occurrence(other, by=director, published=True)
    mine = scene.occurrence(hamlet, by=director)
    member = world.client(world.give("company_member", hamlet.section, by=director))
    listed = member.get("/api/v1/occurrences/").json()["results"]
    assert {row["id"] for row in listed} == {shown.pk, mine.pk}
    assert "visibility" not in listed[0]
    internal = member.get("/api/v1/occurrences/internal/").json()["results"]
    assert [(row["id"], row["visibility"]) for row in internal] == [(mine.pk, "internal")]
    assert world.client().get("/api/v1/occurrences/internal/").json()["results"] == []
    assert len(world.client(director).get("/api/v1/occurrences/internal/").json()["results"]) == 2
    assert member.get(f"/api/v1/occurrences/{shown.pk}/internal/").status_code == 403


# --- Conflicts ------------------------------------------------------------------------------------------------


def test_the_availability_of_a_space_is_returned(theater):
    _root, director, hamlet = theater
    hall = scene.space(by=director)
    nowhere = scene.space(by=director, at=scene.venue(by=director, timezone=""))
    row = scene.occurrence(hamlet, by=director, space=hall)
    browser = world.client(director)
    base = f"/api/v1/conflicts/?space={hall.pk}"

    def free(query):
        return browser.get(f"{base}&{query}").json()["free"]

    assert not free("starts_at=2031-11-20T21:59:00Z&ends_at=2031-11-20T23:00:00Z")
    assert free("starts_at=2031-11-20T22:00:00Z&ends_at=2031-11-20T23:00:00Z")
    assert free("starts_at=2031-11-20T18:00:00Z&ends_at=2031-11-20T19:00:00Z")
    assert not free("starts_at=2031-11-01T00:00:00Z&ends_at=2031-12-01T00:00:00Z")
    assert free(f"date=2031-11-20&start_time=20:00&duration_minutes=30&besides={row.pk}")
    told = browser.get(f"{base}&date=2031-11-20&start_time=20:00&duration_minutes=600").json()["conflicts"][0]
    assert (told["kind"], told["space"], told["starts_at"], told["ends_at"]) == (
        "space", hall.pk, "2031-11-20T20:00:00Z", "2031-11-20T22:00:00Z",
    )  # fmt: skip
    assert told["occurrences"][0]["title"] == "Hamlet"

    def refused(query):
        return codes(browser.get(f"/api/v1/conflicts/?{query}"))

    assert refused(f"space={hall.pk}") == (400, ("starts_at", "required"))
    assert refused(f"space={hall.pk}&starts_at=2031-11-20T19:00:00Z") == (400, ("starts_at", "required"))
    assert refused(f"space={hall.pk}&starts_at=2031-11-20T19:00:00Z&ends_at=2031-11-20T19:00:00Z") == (
        400, ("ends_at", "ends_before_start"),
    )  # fmt: skip
    assert refused(f"space={hall.pk}&starts_at=2031-01-01T00:00:00Z&ends_at=2031-03-01T00:00:00Z") == (
        400, ("ends_at", "booking_too_long"),
    )  # fmt: skip
    assert refused("space=999999&date=2031-11-20") == (400, ("space", "does_not_exist"))
    assert refused(f"space={nowhere.pk}&date=2031-11-20&start_time=20:00&duration_minutes=30") == (
        400, ("date", "timezone_needed"),
    )  # fmt: skip
    assert refused("from=2031-11-20&to=2032-11-21") == (400, ("to", "range_too_long"))
    assert refused("hall=1") == (400, ("hall", "unknown_filter"))
    outsider = world.client(world.user())
    assert outsider.get(base).status_code == 403


def test_conflicts_are_listed(theater):
    root, director, hamlet = theater
    hall, studio = scene.space(by=director), scene.space(by=director)
    first = scene.occurrence(hamlet, by=director, space=hall)
    second = scene.occurrence(hamlet, by=director, space=studio, start_time=dt.time(21))
    scene.occurrence(hamlet, by=director, space=hall, start_time=dt.time(22), date="2031-11-21")
    canceled = scene.occurrence(hamlet, by=director)
    world.post(world.client(director), f"/api/v1/occurrences/{canceled.pk}/cancel/", {})
    # Brought in from elsewhere, without a booking.
    foreign = Occurrence(
        section=root, title="Gala", space=hall, date="2031-11-20", start_time=dt.time(20), duration_minutes=30,
        timezone="Europe/London",
    )  # fmt: skip
    doubled = Occurrence(
        section=hamlet.section, production=hamlet, venue=studio.venue, space=studio, date="2031-11-22",
        start_time=dt.time(10), duration_minutes=60, timezone="Europe/London",
    )  # fmt: skip
    Occurrence.objects.bulk_create([foreign, doubled])
    third = scene.occurrence(hamlet, by=director, space=studio, date="2031-11-22", start_time=dt.time(10))
    boss = world.client(director)
    listed = boss.get(f"/api/v1/conflicts/?production={hamlet.pk}").json()
    found = [
        (one["kind"], {row["id"] for row in one["occurrences"]}, one["starts_at"], one["ends_at"])
        for one in listed["conflicts"]
    ]
    assert found == [
        ("space", {first.pk, foreign.pk}, "2031-11-20T20:00:00Z", "2031-11-20T20:30:00Z"),
        ("production", {first.pk, second.pk}, "2031-11-20T21:00:00Z", "2031-11-20T22:00:00Z"),
        # Of one production and in one place: that is told once.
        ("space", {doubled.pk, third.pk}, "2031-11-22T10:00:00Z", "2031-11-22T11:00:00Z"),
    ]
    assert (listed["free"], listed["count"]) == (False, 3)
    season = boss.get(f"/api/v1/conflicts/?season={hamlet.season_id}&from=2031-11-20&to=2031-11-20").json()
    assert season["count"] == 2
    assert boss.get("/api/v1/conflicts/?from=2031-11-21&to=2031-11-21").json()["free"]
    assert boss.get("/api/v1/conflicts/?from=2032-01-01&to=2032-12-31").json()["free"]
    # Half a range is a year from there; none at all, a year from today.
    for query, count in (
        ("from=2031-01-01", 3),
        ("to=2031-12-31", 3),
        ("from=2031-11-22", 1),
        ("from=9999-12-31", 0),
        ("to=0001-01-01", 0),
        ("", 0),
    ):
        assert boss.get(f"/api/v1/conflicts/?{query}").json()["count"] == count, query
    assert codes(boss.get("/api/v1/conflicts/?production=999999")) == (400, ("production", "does_not_exist"))
    # Who may see Hamlet only is told that something is in the way, not what.
    stage = world.client(world.give("stage_manager", hamlet.section, by=director))
    told = stage.get(f"/api/v1/conflicts/?production={hamlet.pk}").json()["conflicts"][0]["occurrences"]
    assert {row["title"] for row in told} == {"Hamlet", None}


# --- What the database itself keeps ---------------------------------------------------------------------------


def test_the_database_refuses_invalid_bookings(theater):
    _root, director, hamlet = theater
    hall = scene.space(by=director)
    row = scene.occurrence(hamlet, by=director, space=hall)
    held = Booking.objects.get()
    assert guards.missing() == []

    def refused(starts_at, ends_at):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            Booking(section_id=row.section_id, space=hall, occurrence=row, starts_at=starts_at, ends_at=ends_at).save()
        return str(error.value)

    minute = dt.timedelta(minutes=1)
    assert "space_taken" in refused(held.ends_at - minute, held.ends_at + minute)
    assert "space_taken" in refused(held.starts_at - dt.timedelta(days=31) + minute, held.starts_at + minute)
    assert "space_taken" in refused(held.starts_at + minute, held.ends_at - minute)
    assert "booking_too_long" in refused(held.ends_at, held.ends_at + dt.timedelta(days=31, minutes=1))
    assert "booking_ends_after_start" in refused(held.ends_at, held.ends_at)
    held.ends_at -= minute
    with pytest.raises(IntegrityError, match="booking_unchanged"), transaction.atomic():
        held.save()


def test_a_too_long_booking_is_not_reported_as_a_conflict(theater):
    _root, director, hamlet = theater
    row = scene.occurrence(hamlet, by=director, space=scene.space(by=director))
    Booking.objects.all().delete()
    row.ends_at = row.starts_at + dt.timedelta(days=32)
    with pytest.raises(DomainError) as refusal:
        book([row])
    assert refusal.value.code == "booking_too_long"


def test_a_series_that_overlaps_itself_is_refused(theater):
    _root, director, hamlet = theater
    with pytest.raises(Conflict) as refusal:
        scene.series(
            hamlet, by=director, space=scene.space(by=director), rrule="FREQ=DAILY;COUNT=3", duration_minutes=1441
        )
    assert refusal.value.code == "overlaps_itself"
    assert refusal.value.data["second"]["starts_at"] == "2031-11-07T19:00:00Z"
    assert not Occurrence.objects.exists()
    with pytest.raises(Invalid):
        scene.series(hamlet, by=director, duration_minutes=44_641)


def test_a_conflict_error_names_both_dates_and_counts_the_rest(theater):
    _root, director, hamlet = theater
    hall = scene.space(by=director)
    scene.series(hamlet, by=director, space=hall, rrule="FREQ=DAILY;COUNT=3", duration_minutes=400)
    with pytest.raises(Conflict) as refusal:
        scene.occurrence(
            hamlet, by=director, space=hall, date="2031-11-06", start_time=dt.time(20), duration_minutes=3000
        )
    assert "from 2031-11-06 19:00 to 2031-11-07 01:40 (Europe/London). 2 more dates clash." in refusal.value.message
    assert refusal.value.data["count"] == 3


def test_a_feed_is_filtered_and_refuses_unknown_filters(theater):
    _root, director, hamlet = theater
    boss = world.client(director)
    season = hamlet.season
    shown, other = (world.production(season, by=director, published=True) for _ in range(2))
    for play in (shown, other):
        scene.occurrence(play, by=director, published=True, category="performance", date=_soon())
    feed = "/api/v1/calendars/public.ics"
    assert boss.get(feed).content.count(b"BEGIN:VEVENT") == 2
    assert boss.get(feed, {"production": other.pk}).content.count(b"BEGIN:VEVENT") == 1
    assert boss.get(feed, {"production": other.pk, "category": "rehearsal"}).content.count(b"BEGIN:VEVENT") == 0
    for query, code in (
        ({"prodution": 1}, "unknown_filter"),
        ({"venue": "x"}, "not_an_id"),
        ({"category": "x"}, "invalid_choice"),
    ):
        answer = boss.get(feed, query)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def _soon():
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=30)).date().isoformat()


def test_skipped_and_repeated_wall_times_return_a_note(theater):
    _root, director, hamlet = theater
    boss = world.client(director)
    body = {"production": hamlet.pk, "timezone": "Europe/London", "duration_minutes": 60}
    for date, time, note, utc in (
        ("2031-03-30", "01:30", "The clocks skip 01:30 on 2031-03-30. This starts at 02:30.", "2031-03-30T01:30:00Z"),
        (
            "2031-10-26",
            "01:30",
            "The clocks show 01:30 twice on 2031-10-26. This starts the first time.",
            "2031-10-26T00:30:00Z",
        ),
        ("2031-10-27", "01:30", None, "2031-10-27T01:30:00Z"),
    ):
        made = world.post(boss, "/api/v1/occurrences/", {**body, "date": date, "start_time": time}).json()
        assert (made["clock_note"], made["starts_at"]) == (note, utc)

"""Events keep their wall time when a zone gets other rules, and readers see them in their own zone."""

from __future__ import annotations

import datetime as dt

import pytest

from scheduling.models import Booking, Occurrence
from scheduling.services.zone_changes import follow_zone_changes
from scheduling.signals import occurrence_instants_changed
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar
from theater_site.core import jobs

HALF_AN_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def theater(db: None) -> Theater:
    return Theater()


def outdate(*rows: Occurrence, by: dt.timedelta = -HALF_AN_HOUR) -> None:
    """Store other instants, as with the rules that the zone had before."""
    for row in rows:
        assert row.starts_at is not None
        assert row.ends_at is not None
        Occurrence.objects.filter(pk=row.pk).update(starts_at=row.starts_at + by, ends_at=row.ends_at + by)
        Booking.objects.filter(occurrence=row).delete()
        Booking.objects.bulk_create(
            [
                Booking(
                    section=row.section,
                    space=row.space,
                    occurrence=row,
                    starts_at=row.starts_at + by,
                    ends_at=row.ends_at + by,
                )
            ]
        )


def test_future_events_keep_their_wall_time_when_a_zone_changes(theater: Theater) -> None:
    space = calendar.space(by=theater.director)
    rows = [
        calendar.occurrence(theater.production, by=theater.director, space=space, date=f"2031-03-1{n}")
        for n in range(3)
    ]
    wrong, right, canceled = rows
    outdate(wrong)
    Occurrence.objects.filter(pk=canceled.pk).update(status="canceled", starts_at=canceled.starts_at - HALF_AN_HOUR)
    heard: list[int] = []

    def listen(occurrences: list[Occurrence], **_: object) -> None:
        heard.extend(row.pk for row in occurrences)

    occurrence_instants_changed.connect(listen)
    try:
        assert follow_zone_changes() == 1
        assert follow_zone_changes() == 0
    finally:
        occurrence_instants_changed.disconnect(listen)
    assert heard == [wrong.pk]
    now = Occurrence.objects.get(pk=wrong.pk)
    assert (now.starts_at, now.ends_at, now.start_time) == (wrong.starts_at, wrong.ends_at, wrong.start_time)
    assert Booking.objects.get(occurrence=wrong).starts_at == wrong.starts_at
    assert Occurrence.objects.get(pk=right.pk).version == right.version
    assert any(job.run is follow_zone_changes for job in jobs.registered())


def test_an_event_whose_new_instant_is_taken_keeps_the_old_one(
    theater: Theater, caplog: pytest.LogCaptureFixture
) -> None:
    space = calendar.space(by=theater.director)
    times = {"date": "2031-03-10", "duration_minutes": 60, "space": space}
    first = calendar.occurrence(theater.production, by=theater.director, start_time=dt.time(19), **times)
    later = calendar.occurrence(theater.production, by=theater.director, date="2031-03-12", space=space)
    outdate(first, by=-dt.timedelta(hours=1))
    outdate(later)
    # In its hour comes an event whose zone did not change.
    calendar.occurrence(theater.production, by=theater.director, start_time=dt.time(19, 15), **times)
    assert follow_zone_changes() == 1
    assert Occurrence.objects.get(pk=later.pk).starts_at == later.starts_at
    assert Occurrence.objects.get(pk=first.pk).starts_at == first.starts_at - dt.timedelta(hours=1)
    assert f"The space of event {first.pk} is taken" in caplog.text


def test_readers_see_events_in_their_own_zone(theater: Theater) -> None:
    calendar.occurrence(
        theater.production, by=theater.director, date="2031-07-01", start_time=dt.time(19, 30), timezone="Europe/London"
    )
    client = world.client(theater.director)
    path = "/api/v1/occurrences/internal/"
    (shown,) = client.get(path, {"timezone": "America/New_York"}).json()["results"]
    assert (shown["starts_at"], shown["reader_start"]) == ("2031-07-01T18:30:00Z", "2031-07-01T14:30:00-04:00")
    assert (shown["date"], shown["start_time"]) == ("2031-07-01", "19:30:00")
    (shown,) = client.get(path).json()["results"]
    assert shown["reader_start"] is None
    wrong = client.get(path, {"timezone": "new york"}).json()
    assert (wrong["code"], wrong["errors"][0]["field"]) == ("unknown_timezone", "timezone")

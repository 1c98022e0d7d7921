"""Wall time and zone are the truth; UTC follows."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.wall_time import to_utc, to_wall, valid_zone
from theater_site.core.errors import Invalid

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC"]


def at(text: str, zone: str) -> str:
    wall = dt.datetime.fromisoformat(text)
    return to_utc(wall.date(), wall.time(), ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2026-01-15T19:00", "Europe/London", "2026-01-15 19:00"),
        ("2026-07-15T19:00", "Europe/London", "2026-07-15 18:00"),
        # Skipped: 02:30 is 03:30; in Lord Howe the clock jumps by half an hour only, in Apia by a whole day.
        ("2007-03-11T02:30", "America/New_York", "2007-03-11 07:30"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03 15:45"),
        ("2011-12-30T19:00", "Pacific/Apia", "2011-12-31 05:00"),
        # Repeated: the first pass.
        ("2007-11-04T01:30", "America/New_York", "2007-11-04 05:30"),
    ],
)
def test_a_wall_time_has_one_instant(wall, zone, utc):
    assert at(wall, zone) == utc


def test_a_skipped_time_is_shown_later_by_the_length_of_the_gap():
    zone = ZoneInfo("America/New_York")
    shown = to_wall(to_utc(dt.date(2007, 3, 11), dt.time(2, 30), zone), zone)
    assert shown == dt.datetime(2007, 3, 11, 3, 30)


def test_the_second_pass_is_never_meant_even_where_the_time_says_so():
    zone = ZoneInfo("America/New_York")
    date = dt.date(2007, 11, 4)
    assert to_utc(date, dt.time(1, 30, fold=1), zone) == to_utc(date, dt.time(1, 30), zone)


@given(
    wall=st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2090, 1, 1)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_wall_time_comes_back_unless_a_clock_change_skips_it(wall, zone):
    utc = to_utc(wall.date(), wall.time(), zone)
    assert utc.utcoffset() == dt.timedelta(0)
    back = to_wall(utc, zone)
    assert back.tzinfo is None
    # Only a skipped time moves, and then forward; what it moved to stays.
    assert back >= wall
    assert to_utc(back.date(), back.time(), zone) == utc
    if back != wall:
        assert zone.utcoffset(back) > zone.utcoffset(wall)


def test_the_ends_of_time_are_refused_and_mistakes_of_code_are_loud():
    with pytest.raises(Invalid) as refusal:
        to_utc(dt.date(9999, 12, 31), dt.time(23), ZoneInfo("America/New_York"))
    assert refusal.value.field == "date"
    with pytest.raises(ValueError, match="must not have a zone"):
        to_utc(dt.date(2026, 1, 1), dt.time(19, tzinfo=dt.UTC), ZoneInfo("UTC"))
    with pytest.raises(ValueError, match="needs a zone"):
        to_wall(dt.datetime(2026, 1, 1), ZoneInfo("UTC"))


@pytest.mark.parametrize("name", [*ZONES, "Etc/GMT+5", "America/Argentina/Buenos_Aires"])
def test_an_iana_name_is_a_zone(name):
    assert valid_zone(name).key == name


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Europe/Londn", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("London", "Europe/London"),
        ("new york", "America/New_York"),
        (" Europe/Berlin ", "Europe/Berlin"),
    ],
)
def test_a_similar_name_is_corrected(name, suggestion):
    with pytest.raises(Invalid) as refusal:
        valid_zone(name)
    assert (refusal.value.field, refusal.value.code) == ("timezone", "unknown_timezone")
    assert refusal.value.data["suggestions"][0] == suggestion
    assert suggestion in refusal.value.message


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../zone",
        "/etc/localtime",
        "America",
        "localtime",
        "Factory",
        "\0",
        "é",
        "x" * 5_000,
        None,
        7,
    ],
)
def test_what_is_not_a_name_is_refused_whatever_it_is(name):
    with pytest.raises(Invalid) as refusal:
        valid_zone(name)
    assert refusal.value.field == "timezone"
    assert len(refusal.value.message) < 300


@given(st.text(max_size=30))
def test_any_other_text_is_refused_as_invalid(name):
    try:
        assert valid_zone(name).key == name
    except Invalid as error:
        assert error.field == "timezone"  # noqa: PT017 - some are names

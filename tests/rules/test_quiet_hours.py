"""Quiet hours and the hour of the digest, on the days of a clock change too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts.notifications.rules.notification_kinds import KINDS, Delivery
from accounts.notifications.rules.quiet_hours import after_quiet_hours, next_at

BERLIN, APIA, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")
ZONES = st.sampled_from([ZoneInfo("UTC"), BERLIN, ZoneInfo("America/New_York"), APIA, LORD_HOWE])
HOURS = st.times().map(lambda at: at.replace(second=0, microsecond=0))
# Around clock changes and around the day that Samoa left out.
INSTANTS = st.datetimes(datetime(2011, 12, 20), datetime(2027, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
CHANGES = st.integers(-36 * 60, 36 * 60).flatmap(
    lambda minutes: st.sampled_from(
        [
            datetime(2026, 3, 29, 1, tzinfo=UTC),
            datetime(2026, 10, 25, 1, tzinfo=UTC),
            datetime(2011, 12, 30, 10, tzinfo=UTC),
        ]
    ).map(lambda at: at + timedelta(minutes=minutes))
)


def berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "begin", "end", "sent"),
    [
        (berlin(2026, 7, 1, 23), time(22), time(7), berlin(2026, 7, 2, 7)),
        (berlin(2026, 7, 2, 6, 59), time(22), time(7), berlin(2026, 7, 2, 7)),
        (berlin(2026, 7, 2, 7), time(22), time(7), berlin(2026, 7, 2, 7)),
        (berlin(2026, 7, 1, 21, 59), time(22), time(7), berlin(2026, 7, 1, 21, 59)),
        (berlin(2026, 7, 1, 13), time(12), time(14), berlin(2026, 7, 1, 14)),
        # The night in which the clock jumps from 2 to 3, and the one in which the hour from 2 comes twice.
        (berlin(2026, 3, 29, 1, 30), time(1), time(2, 30), berlin(2026, 3, 29, 3, 30)),
        (berlin(2026, 10, 25, 2, 15), time(1), time(2, 30), berlin(2026, 10, 25, 2, 30)),
        (berlin(2026, 10, 25, 2, 15, fold=1), time(1), time(2, 30), berlin(2026, 10, 25, 2, 15, fold=1)),
        (berlin(2026, 10, 24, 23), time(22), time(7), berlin(2026, 10, 25, 7)),
    ],
)
def test_a_mail_in_quiet_hours_is_sent_at_their_end(now: datetime, begin: time, end: time, sent: datetime) -> None:
    assert after_quiet_hours(now, BERLIN, begin, end) == sent


@pytest.mark.parametrize(("begin", "end"), [(None, None), (None, time(7)), (time(22), None), (time(7), time(7))])
def test_without_quiet_hours_no_mail_waits(begin: time | None, end: time | None) -> None:
    now = berlin(2026, 7, 1, 23)
    assert after_quiet_hours(now, BERLIN, begin, end) == now


@given(INSTANTS, HOURS, HOURS)
def test_without_clock_changes_the_end_is_plain_arithmetic(now: datetime, begin: time, end: time) -> None:
    assume(begin != end)

    def minute(at: time | datetime) -> float:
        return at.hour * 60 + at.minute + (at.second + at.microsecond / 1e6) / 60

    quiet = (minute(now) - minute(begin)) % 1440 < (minute(end) - minute(begin)) % 1440
    sent = after_quiet_hours(now, ZoneInfo("UTC"), begin, end)
    assert (sent > now) == quiet
    if quiet:
        assert sent.time() == end
        assert sent - now <= timedelta(days=1)


@given(st.one_of(INSTANTS, CHANGES), ZONES, HOURS, HOURS)
def test_a_mail_waits_once_and_at_most_a_day_and_a_clock_change(
    now: datetime, zone: ZoneInfo, begin: time, end: time
) -> None:
    sent = after_quiet_hours(now, zone, begin, end)
    assert now <= sent <= now + timedelta(hours=49)
    assert after_quiet_hours(sent, zone, begin, end) == sent


@given(st.one_of(INSTANTS, CHANGES), ZONES, HOURS)
def test_the_digest_is_sent_once_a_day_at_its_hour(now: datetime, zone: ZoneInfo, hour: time) -> None:
    at = next_at(now, zone, hour)
    assert at > now
    assert at - now <= timedelta(hours=49)
    wall = at.astimezone(zone)
    skipped = datetime.combine(wall.date(), hour, tzinfo=zone).astimezone(UTC).astimezone(zone).time() != hour
    assert skipped or wall.time() == hour
    assert next_at(at, zone, hour) > at
    assert next_at(at - timedelta(microseconds=1), zone, hour) == at


def test_a_day_skipped_by_a_zone_is_skipped() -> None:
    """Samoa had no 30th of December in 2011."""
    now = datetime(2011, 12, 29, 9, tzinfo=APIA).astimezone(UTC)
    assert next_at(now, APIA, time(8)).astimezone(APIA).date() == date(2011, 12, 31)


def test_urgent_and_essential_kinds_cannot_be_turned_off() -> None:
    for kind in KINDS.values():
        assert (Delivery.OFF in kind.choices) == (not kind.essential)
        assert kind.default in kind.choices
        assert not kind.urgent or kind.choices == (Delivery.AT_ONCE,)
        assert not kind.urgent or kind.essential

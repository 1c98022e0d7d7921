"""What a license allows: dates at both edges and half known, venues, counts, words, recordings."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from productions.rules.licenses import RULES, Terms, Use, faults, faults_of_all
from productions.rules.partial_dates import PartialDate

HOUSE = "Playwrights' House"


def broken(use: Use, **terms: object) -> list[str]:
    return [fault.rule for fault in faults(Terms(HOUSE, **terms), use)]


def on(*dates: str) -> Use:
    return Use(dates=tuple(("opens_on", PartialDate.parse(date)) for date in dates))


WINDOW = {"starts_on": PartialDate.parse("2027-03-05"), "ends_on": PartialDate.parse("2027-04")}


@pytest.mark.parametrize(
    ("date", "outside"),
    [
        ("2027-03-04", True), ("2027-03-05", False), ("2027-04-30", False), ("2027-05-01", True), ("2027-03", False),
        ("2027", False), ("2027-02", True), ("2028", True),
    ],
)  # fmt: skip
def test_a_partial_date_is_outside_only_if_all_its_days_are(date, outside):
    assert broken(on(date), **WINDOW) == ["license_window"] * outside
    assert broken(on(date)) == []


@given(st.dates(), st.dates(), st.dates())
def test_a_known_day_is_compared_as_a_plain_date(day, start, end):
    terms = {"starts_on": PartialDate.of(start), "ends_on": PartialDate.of(end)}
    inside: bool = start <= day <= end
    assert (broken(on(day.isoformat()), **terms) == []) == inside
    assert isinstance(day, dt.date)


def test_every_limit_has_its_own_finding():
    use = Use(
        dates=(("opens_on", PartialDate(2020)),), venues=("Globe", "THE  globe", "Łódź Hall"), performances=13,
        public_text="By somebody.", recording=True, streaming=True,
    )  # fmt: skip
    limits = {
        **WINDOW, "venues": ("The Globe", "Lodz hall"), "max_performances": 12, "billing": "By arrangement with the House",
    }  # fmt: skip
    assert broken(use, **limits) == list(RULES)
    assert broken(use) == ["license_recording", "license_streaming"]
    open_terms = {"recording_allowed": True, "streaming_allowed": True}
    assert broken(use, **open_terms) == []
    assert broken(Use(performances=12, public_text="… by ARRANGEMENT with  the house"), **limits) == []
    assert broken(Use(), **limits) == []


def test_a_finding_names_the_field_and_the_hint():
    (fault,) = faults(Terms(HOUSE, billing="Words"), Use(public_text=""))
    assert (fault.rule, fault.field) == ("license_billing", "billing")
    assert "Words" in fault.message
    (outside,) = faults(Terms(HOUSE, **WINDOW), on("2020"))
    assert outside.field == "opens_on"
    assert HOUSE in outside.hint


def test_every_licensing_house_needs_one_matching_license():
    def window(start: str, end: str, house: str = HOUSE, **terms: object) -> Terms:
        return Terms(house, PartialDate.parse(start), PartialDate.parse(end), **terms)

    def told(*licenses: Terms, **use: object) -> list[tuple[str, str]]:
        dates = (("opens_on", PartialDate(2027, 1, 5)), ("closes_on", PartialDate(2027, 2, 5)))
        return [(fault.rule, fault.field) for fault in faults_of_all(licenses, Use(dates=dates, **use))]

    january, february = window("2027-01", "2027-01"), window("2027-02", "2027-02")
    assert told(january, february) == []
    assert told() == []
    assert told(january) == [("license_window", "closes_on")]
    assert told(window("2026", "2026"), january) == [("license_window", "closes_on")]
    # Another house licenses the music, and is asked by itself, however it is written.
    assert told(january, february, window("2027-01", "2027-01", "The Music")) == [("license_window", "closes_on")]
    assert told(january, window("2027-02", "2027-02", HOUSE.upper())) == []
    # Where it plays is licensed for those dates or not at all: January at home, February on tour.
    home, tour = (window(m, m, venues=(v,)) for m, v in (("2027-01", "Home"), ("2027-02", "Tour")))
    assert told(home, tour, venues=("Home",)) == [("license_window", "closes_on")]
    # What has no date is asked once.
    assert [fault.rule for fault in faults_of_all([home, tour], Use(recording=True))] == ["license_recording"]
    open_ended = Terms(HOUSE, recording_allowed=True)
    assert faults_of_all([home, open_ended], Use(recording=True)) == []

"""Rules are told as sentences, in the reader's language."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from scheduling.rules.rrule import parse
from scheduling.rules.rule_in_words import in_words

TUESDAY = dt.date(2027, 1, 5)


def words(rule: str, language: str = "en", **exceptions: list[dt.date | dt.datetime]) -> str:
    with translation.override(language):
        return in_words(parse(rule), TUESDAY, dt.time(19), 180, **exceptions)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270430", "every Tuesday and Thursday, 19:00 to 22:00, until April 30, 2027"),
        ("FREQ=WEEKLY;COUNT=12", "every Tuesday, 19:00 to 22:00, 12 times"),
        ("FREQ=WEEKLY;COUNT=1", "every Tuesday, 19:00 to 22:00, 1 time"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU,FR;COUNT=3", "every 2 weeks on Monday, Tuesday and Friday, 19:00 to 22:00, 3 times"),
        ("FREQ=DAILY;COUNT=5", "every day, 19:00 to 22:00, 5 times"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days, 19:00 to 22:00"),
        ("FREQ=DAILY;BYDAY=SA,SU;COUNT=4", "every day on Saturday and Sunday, 19:00 to 22:00, 4 times"),
        ("FREQ=MONTHLY;COUNT=6", "every month on day 5, 19:00 to 22:00, 6 times"),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=6", "every month on the first Tuesday, 19:00 to 22:00, 6 times"),
        ("FREQ=MONTHLY;BYDAY=-1FR,-2MO;COUNT=6", "every month on Monday number 2 from the end and the last Friday, "
         "19:00 to 22:00, 6 times"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,-1,-2;COUNT=6",
         "every month on day 2 from the end of the month, the last day of the month and day 1, "
         "19:00 to 22:00, 6 times"),
        ("FREQ=YEARLY;INTERVAL=2;COUNT=3", "every 2 years on January 5, 19:00 to 22:00, 3 times"),
        ("FREQ=YEARLY;BYMONTH=3,9;BYDAY=20MO;COUNT=2", "every year on Monday number 20 in March and September, "
         "19:00 to 22:00, 2 times"),
        ("FREQ=YEARLY;BYMONTH=3;COUNT=2", "every year in March, 19:00 to 22:00, 2 times"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1;COUNT=2", "by a rule of its own, 19:00 to 22:00, 2 times"),
    ],
)  # fmt: skip
def test_a_rule_is_told_in_words(rule: str, expected: str) -> None:
    assert words(rule) == expected


def test_exceptions_are_told_and_the_reader_has_a_language() -> None:
    skipped = [dt.date(2027, 3, 25), dt.datetime(2028, 1, 4, 19)]
    added: list[dt.date | dt.datetime] = [dt.datetime(2027, 3, 28, 15)]
    rule = "FREQ=WEEKLY;BYDAY=TU;COUNT=60"
    assert words(rule, skipped=skipped, added=added) == (
        "every Tuesday, 19:00 to 22:00, 60 times, not on March 25 and Jan. 4, 2028 19:00, also on March 28 15:00"
    )
    assert words("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270430", "de") == (
        "jeden Dienstag und Donnerstag, 19:00 bis 22:00, bis 30. April 2027"
    )

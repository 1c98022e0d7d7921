"""An event series in words."""

from __future__ import annotations

import datetime as dt

from scheduling.models import EventSeries
from scheduling.rules.rrule import parse
from scheduling.rules.rule_in_words import in_words


def words_of(series: EventSeries) -> str:
    """The rule of a series as a sentence in the active language, at the time at which its occurrences take place now."""
    return in_words(
        parse(series.rrule),
        series.first_date,
        series.start_time,
        series.duration_minutes,
        [_day(text) for text in series.skipped],
        [_day(text) for text in series.added],
    )


def _day(text: str) -> dt.date | dt.datetime:
    return dt.date.fromisoformat(text) if len(text) == 10 else dt.datetime.fromisoformat(text)

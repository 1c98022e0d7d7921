"""What the calendar stores about a person."""

from __future__ import annotations

from accounts.privacy.rules.subjects import Subject
from accounts.privacy.selectors.personal_data import Held, told
from scheduling.models import Call, Unavailability


def held_by_calendar(subject: Subject) -> Held:
    """Their calls, and when they cannot come. Answers `held_about`."""
    people = sorted(subject.person_ids)
    calls = Call.objects.filter(person__in=people).select_related("occurrence__production").order_by("pk")
    return {
        "scheduling.call": told(calls, title="occurrence.shown_title", date="occurrence.date"),
        "scheduling.unavailability": told(
            Unavailability.objects.filter(person__in=people).order_by("pk"),
            *("kind", "first_date", "last_date", "weekdays", "start_time", "end_time", "timezone", "reason"),
        ),
    }

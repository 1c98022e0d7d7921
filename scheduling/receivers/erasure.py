"""Erases what the calendar stores about a person."""

from __future__ import annotations

from typing import Any

from accounts.audit.services.retention import erase_values
from accounts.privacy.rules.subjects import Subject
from scheduling.models import Call, Unavailability


def forget(subject: Subject, **_: Any) -> None:
    """Delete when they cannot come, and their calls."""
    away = Unavailability.objects.filter(person__in=subject.person_ids)
    keys = list(away.values_list("pk", flat=True))
    away.delete()
    for key in keys:
        erase_values("scheduling.unavailability", key, {"reason"})
    Call.objects.filter(person__in=subject.person_ids).delete()

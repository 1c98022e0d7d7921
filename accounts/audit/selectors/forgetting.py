"""Compares the missing values of the log with the erasures and expiries that the log reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from accounts.audit.models.entries import AuditEntry
from accounts.audit.models.exact_json import exact

# In the note of an entry whose changes never had values. Such changes do not count as erased.
WITHOUT_VALUES = {"values_kept": False}
_WITHOUT = exact(WITHOUT_VALUES)[1:-1]


def keeps_values(note: str) -> bool:
    """Whether the changes of an entry with this note (its text) had values."""
    return _WITHOUT not in note


class Forgetting:
    """The reported losses of values. An erasure's entry has the number of changes of which object lost their values; an
    expiry's entry has their number, and their latest instant. Values that are missing beyond that were deleted by bypassing
    the services.

    For changes older than an expiry only the number is known, not which of them it deleted.
    """

    def __init__(self) -> None:
        self._gone: Counter[tuple[str, str]] = Counter()
        self._lately: Counter[tuple[str, str]] = Counter()
        self._read()

    def is_beyond(self, object_type: str, object_id: str, at: str) -> bool:
        """Count the missing values of a change of that object and instant. Returns whether no entry reports them."""
        key = (object_type, object_id)
        self._gone[key] += 1
        if at < self._before:
            return False
        self._lately[key] += 1
        if self._lately[key] > self._erased[key]:
            self._read()
        return self._lately[key] > self._erased[key] and at >= self._before

    def unexplained(self) -> int:
        """The number of missing values that no entry reports."""
        if self._surplus() > 0:
            self._read()
        return max(0, self._surplus())

    def _surplus(self) -> int:
        return sum(max(0, count - self._erased[key]) for key, count in self._gone.items()) - self._expired

    def _read(self) -> None:
        """Read the reports again: values may have been erased since the last time."""
        self._erased: Counter[tuple[str, str]] = Counter()
        self._expired, self._before = 0, ""
        # Searched in the text of the note, with its quotes.
        telling = AuditEntry.objects.filter(Q(note__contains="values_erased") | Q(note__contains="values_expired"))
        notes: Iterable[Any] = telling.values_list("note", flat=True)
        for note in notes:
            for erased in note.get("values_erased", ()):
                self._erased[erased["object_type"], erased["object_id"]] += erased["count"]
            if expired := note.get("values_expired"):
                self._expired += expired["count"]
                self._before = max(self._before, _text(expired["before"]))


def _text(instant: str) -> str:
    """The instant in the format of the chain."""
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

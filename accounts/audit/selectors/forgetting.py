"""What the log says it has forgotten, held against what is gone of its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from accounts.audit.models.entries import AuditEntry
from accounts.audit.models.exact_json import exact

# Is in the note of an entry whose changes never had values: an erasure does not keep what it took away.
WITHOUT_VALUES = {"values_kept": False}
_WITHOUT = exact(WITHOUT_VALUES)[1:-1]


def keeps_values(note: str) -> bool:
    """Whether the changes of an entry with this note (its text) had values."""
    return _WITHOUT not in note


class Forgetting:
    """Every erasure tells in its entry how many changes of which object lost their values; every expiry how many, and from
    before when. What is gone beyond that was taken away past the services.

    Of changes that are older than an expiry only the number is known, and not which of them it took.
    """

    def __init__(self) -> None:
        self._gone: Counter[tuple[str, str]] = Counter()
        self._lately: Counter[tuple[str, str]] = Counter()
        self._read()

    def is_beyond(self, object_type: str, object_id: str, at: str) -> bool:
        """Take in that the values of a change of that object and instant are gone; whether nothing reports it."""
        key = (object_type, object_id)
        self._gone[key] += 1
        if at < self._before:
            return False
        self._lately[key] += 1
        if self._lately[key] > self._erased[key]:
            self._read()
        return self._lately[key] > self._erased[key] and at >= self._before

    def unexplained(self) -> int:
        """How many values are gone that nothing reports, wherever they stood."""
        if self._surplus() > 0:
            self._read()
        return max(0, self._surplus())

    def _surplus(self) -> int:
        return sum(max(0, count - self._erased[key]) for key, count in self._gone.items()) - self._expired

    def _read(self) -> None:
        """What the log tells by now: somebody may have erased something since it was read before."""
        self._erased: Counter[tuple[str, str]] = Counter()
        self._expired, self._before = 0, ""
        # Looked for as it is in the note's text, within quotes.
        telling = AuditEntry.objects.filter(Q(note__contains="values_erased") | Q(note__contains="values_expired"))
        notes: Iterable[Any] = telling.values_list("note", flat=True)
        for note in notes:
            for erased in note.get("values_erased", ()):
                self._erased[erased["object_type"], erased["object_id"]] += erased["count"]
            if expired := note.get("values_expired"):
                self._expired += expired["count"]
                self._before = max(self._before, _text(expired["before"]))


def _text(instant: str) -> str:
    """As an entry's instant is in the chain."""
    return datetime.fromisoformat(instant).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

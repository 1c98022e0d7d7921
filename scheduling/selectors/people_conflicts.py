"""Finds people who are called to two events at once, or while they are unavailable."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from scheduling.models import PLANNED, AvailabilityKind, Call, Unavailability
from scheduling.rules.availability import Absence
from scheduling.rules.free_slots import Window
from scheduling.rules.spans import LONGEST_DAYS

DOUBLE_CALL, UNAVAILABLE = "double_call", "unavailable"
_LONGEST = dt.timedelta(days=LONGEST_DAYS)


@dataclass(frozen=True, slots=True)
class PersonConflict:
    """A person who is called to `occurrence_id` and, from `starts_at` to `ends_at`, to `other_id` too or is unavailable."""

    kind: str
    person_id: int
    occurrence_id: int
    other_id: int | None
    starts_at: dt.datetime
    ends_at: dt.datetime
    # When the later of the two was entered.
    since: dt.datetime


class _Called(NamedTuple):
    starts_at: dt.datetime
    ends_at: dt.datetime
    occurrence_id: int
    person_id: int
    created_at: dt.datetime


_COLUMNS = ("occurrence__starts_at", "occurrence__ends_at", "occurrence_id", "person_id", "created_at")


def people_conflicts(occurrences: Any, *, called: Collection[int] = ()) -> list[PersonConflict]:
    """The conflicts of those who are called to these occurrences (ids, or a query of ids), in order of time. Three queries.

    With the ids of calls in `called`, of these calls only. Canceled events and those without a known end do not count.
    """
    calls = Call.objects.filter(
        occurrence__in=occurrences, occurrence__status__in=PLANNED, occurrence__ends_at__isnull=False
    )
    if called:
        calls = calls.filter(pk__in=called)
    asked = {_Called(*row) for row in calls.values_list(*_COLUMNS)}
    if not asked:
        return []
    window = Window(min(row.starts_at for row in asked), max(row.ends_at for row in asked))
    people = {row.person_id for row in asked}
    others = Call.objects.filter(
        person__in=people,
        occurrence__status__in=PLANNED,
        occurrence__sort_at__lt=window.ends_at,
        occurrence__sort_at__gt=window.starts_at - _LONGEST,
        occurrence__ends_at__gt=window.starts_at,
    )
    by_person: dict[int, list[_Called]] = defaultdict(list)
    for row in sorted(asked.union(_Called(*row) for row in others.values_list(*_COLUMNS))):
        by_person[row.person_id].append(row)
    found = chain(_double_calls(by_person.values(), asked), _unavailable(people, asked))
    return sorted(found, key=lambda one: (one.starts_at, one.person_id, one.occurrence_id, one.other_id or 0))


def _double_calls(by_person: Iterable[list[_Called]], asked: set[_Called]) -> Iterator[PersonConflict]:
    """Sweep over the calls of each person in order of time."""
    for calls in by_person:
        going: list[_Called] = []
        for row in calls:
            going = [before for before in going if before.ends_at > row.starts_at]
            for before in going:
                if row in asked or before in asked:
                    first, second = (before, row) if before in asked else (row, before)
                    yield PersonConflict(
                        DOUBLE_CALL,
                        row.person_id,
                        first.occurrence_id,
                        second.occurrence_id,
                        row.starts_at,
                        min(before.ends_at, row.ends_at),
                        max(before.created_at, row.created_at),
                    )
            going.append(row)


def _unavailable(people: Collection[int], asked: set[_Called]) -> Iterator[PersonConflict]:
    absences: dict[int, list[tuple[Absence, dt.datetime]]] = defaultdict(list)
    for row in Unavailability.objects.filter(person__in=people, kind=AvailabilityKind.UNAVAILABLE):
        absences[row.person_id].append((row.absence, row.updated_at))
    for call in asked:
        window = Window(call.starts_at, call.ends_at)
        for absence, changed_at in absences[call.person_id]:
            for span in absence.spans(window):
                yield PersonConflict(
                    UNAVAILABLE,
                    call.person_id,
                    call.occurrence_id,
                    None,
                    max(span.starts_at, call.starts_at),
                    min(span.ends_at, call.ends_at),
                    max(changed_at, call.created_at),
                )

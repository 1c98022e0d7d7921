"""Judges productions by their licenses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from productions.models import License, Production, ProductionStatus
from productions.rules.licenses import Use
from productions.selectors.licenses import Licenses, dates_of, public_text_of, warnings
from theater_site.core.changes import DELETED, Change
from theater_site.core.judges import Finding

# The fields that licenses concern. Other changes cost no query.
_DATES = frozenset({"opens_on", "closes_on"})
_TEXTS = frozenset({"billing", "subtitle", "short_synopsis", "synopsis"})


class Asked(NamedTuple):
    """What to check of a production against its licenses."""

    dates: bool = False
    texts: bool = False


def concerned(changes: Iterable[Change]) -> dict[int, Asked]:
    """Return the changed fields, all fields of productions just published, and what new or changed licenses concern."""
    asked: dict[int, Asked] = {}
    for change in changes:
        if change.operation == DELETED or change.after.get("status") == ProductionStatus.ARCHIVED:
            continue
        if change.model is License:
            asked[change.after.get("production_id") or _production_of(change)] = Asked(True, True)
        else:
            appears = change.after.get("published_at") is not None
            known = asked.get(change.object_id, Asked())
            asked[change.object_id] = Asked(
                known.dates or appears or bool(_DATES & change.after.keys()),
                known.texts or appears or bool(_TEXTS & change.after.keys()),
            )
    return {pk: what for pk, what in asked.items() if any(what)}


def faults_of_licenses(rows: Mapping[int, Production], asked: Mapping[int, Asked]) -> list[Finding]:
    """Return findings on dates outside of the license window, and on public productions without the required billing."""
    licenses = Licenses(asked)
    return [
        finding
        for pk, what in asked.items()
        for finding in warnings(rows[pk], licenses.faults(pk, _use(rows[pk], what)))
    ]


def _use(row: Production, asked: Asked) -> Use:
    return Use(
        dates=dates_of(row) if asked.dates else (),
        public_text=public_text_of(row) if asked.texts and row.published_at is not None else None,
    )


def _production_of(change: Change) -> int:
    return License.objects.values_list("production_id", flat=True).get(pk=change.object_id)

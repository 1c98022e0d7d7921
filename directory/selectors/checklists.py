"""Checklist: who should be named before a production's next step."""

from __future__ import annotations

from collections.abc import Iterable

from directory.models import Credit
from directory.models.credits import CreditKind
from productions.rules import life
from productions.rules.checklists import Line, Lines

# Step, kinds of credits of which one is enough, code and label.
_LINES = (
    (life.ANNOUNCED, {CreditKind.CREATIVE}, "creative_team", "The creative team"),
    (life.RUNNING, {CreditKind.CAST}, "cast", "The cast"),
    (life.ARCHIVED, {CreditKind.CAST}, "cast", "The cast"),
    (life.ARCHIVED, {CreditKind.CREATIVE, CreditKind.CREW}, "team", "Who else made it"),
)


def people_named(productions: Iterable[int], steps: Iterable[str], required: bool) -> Lines:
    """Return checklist lines about credits. One query; none for other steps."""
    asked = [line for line in _LINES if line[0] in steps]
    if required or not asked:  # none of them is
        return {}
    ids = list(productions)
    kinds: dict[int, set[str]] = {}
    for pk, kind in Credit.objects.filter(production__in=ids).values_list("production_id", "kind").distinct():
        kinds.setdefault(pk, set()).add(kind)
    return {
        pk: [
            Line(step, "directory", code, label, bool(wanted & kinds.get(pk, set())))
            for step, wanted, code, label in asked
        ]
        for pk in ids
    }

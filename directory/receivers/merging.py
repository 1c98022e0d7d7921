"""The directory's own rows when people are merged, and when that is undone."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from directory.models import Alias, Consent, Credit, DistinctPair, Person, PersonMerge
from directory.services.moves import Moves

_PAIRS = "directory.distinctpair"


def move_rows(survivor: Person, duplicate: Person, moves: Moves, **_: Any) -> None:
    """Move credits, aliases, consents, earlier merges and "not the same" decisions to the survivor."""

    def replace(credit: Credit, kept: Credit) -> None:
        Credit.objects.filter(in_place_of=credit).update(in_place_of=kept)

    moves.take_over(
        Credit,
        same=("production_id", "kind", "role", "note", "starts_on", "holding"),
        dropped=replace,
    )
    moves.take_over(Alias, same=("name",))
    # Two consents to one purpose cannot be in force at once. Withdrawn ones are kept as they are.
    moves.take_over(Consent, same=("purpose", "withdrawn_at"))
    moves.take_over(PersonMerge, person="survivor")
    _move_pairs(survivor, duplicate, moves)


def return_rows(survivor: Person, restored: Person, moves: Moves, **_: Any) -> None:
    """Return what `move_rows` moved."""
    for model in (Credit, Alias, Consent):
        moves.give_back(model)
    moves.give_back(PersonMerge, person="survivor")
    others, created = moves.memory.get(_PAIRS, ([], []))
    DistinctPair.objects.filter(pk__in=created).delete()
    for other in Person.objects.filter(pk__in=others).order_by("pk"):
        _pair(restored.pk, other.pk).save()


def _move_pairs(survivor: Person, duplicate: Person, moves: Moves) -> None:
    pairs = list(DistinctPair.objects.filter(Q(first=duplicate) | Q(second=duplicate)).order_by("pk"))
    if not pairs:
        return
    known = {
        (pair.first_id, pair.second_id) for pair in DistinctPair.objects.filter(Q(first=survivor) | Q(second=survivor))
    }
    others, created = [], []
    for pair in pairs:
        other = pair.second_id if pair.first_id == duplicate.pk else pair.first_id
        others.append(other)
        pair.delete()
        new = _pair(survivor.pk, other)
        if (new.first_id, new.second_id) not in known:
            new.save()
            created.append(new.pk)
    moves.memory[_PAIRS] = [others, created]


def _pair(one: int, other: int) -> DistinctPair:
    return DistinctPair(first_id=min(one, other), second_id=max(one, other))

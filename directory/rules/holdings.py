"""How a person holds a part, and which of its holders plays on one night.

The precedence, from the top:

1. A **cover** plays on the nights from its first day to its last, in place of the holder it names, or of everybody who
   would play the part. An understudy who plays tonight is credited as a cover of tonight.
2. A holder with a **team** (alternating casts) plays on the nights set for the team, before those without a team.
   On a day without a team, any of them may play, and all are named.
3. The **principal**, the **replacement**, and a person credited with the part without a holding.

An **understudy**, a **standby**, a **swing**, and an **alternate** without a team are on standby: they hold the part
and do not play it. If several holders are left, they share the part. In a part that is a group all holders of 2 and 3
play, and a cover replaces only the holder it names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from itertools import combinations, permutations
from typing import Protocol, TypeVar

from productions.rules.partial_dates import PartialDate


class Holding(str, Enum):
    """ "" means that the holding is not known; the credit then counts like a principal's."""

    UNSAID = ""
    PRINCIPAL = "principal"
    ALTERNATE = "alternate"
    UNDERSTUDY = "understudy"
    SWING = "swing"
    STANDBY = "standby"
    COVER = "cover"
    REPLACEMENT = "replacement"


_ITS_OWN = frozenset({Holding.UNSAID, Holding.PRINCIPAL, Holding.REPLACEMENT})


class Held(Protocol):
    """The fields of a credit that these rules read."""

    @property
    def id(self) -> int: ...
    @property
    def holding(self) -> str: ...
    @property
    def team(self) -> str: ...
    @property
    def in_place_of_id(self) -> int | None: ...
    @property
    def starts_on(self) -> str: ...
    @property
    def ends_on(self) -> str: ...


class HeldPart(Held, Protocol):
    """And the part."""

    @property
    def character_id(self) -> int | None: ...


class Billed(HeldPart, Protocol):
    """And the billing order."""

    @property
    def billing_order(self) -> int: ...


C = TypeVar("C", bound=Held)
P = TypeVar("P", bound=HeldPart)
B = TypeVar("B", bound=Billed)


def is_cover(credit: Held) -> bool:
    return credit.holding == Holding.COVER


def plays(credit: Held) -> bool:
    """Whether this holder plays the part unless a cover does; False for those on standby."""
    return credit.holding in _ITS_OWN or (credit.holding == Holding.ALTERNATE and bool(credit.team))


def stands_by(credit: Held) -> bool:
    return not plays(credit) and not is_cover(credit)


def stands(credit: Held, on: dt.date) -> bool:
    """Whether the credit may cover that day: a date known to the month covers all of it, an unknown one sets no bound."""
    start, end = PartialDate.parse(credit.starts_on), PartialDate.parse(credit.ends_on)
    return (start is None or start.earliest <= on) and (end is None or on <= end.latest)


def billed_parts(credits: Iterable[B], *, role: Callable[[B], str]) -> list[list[B]]:
    """Group the credits of a cast by part, in billing order.

    `credits` are all that the cast ever had, ordered by `billing_order` and id. A credit in the place of another is
    billed in that place, unless it has a `billing_order` of its own. `role` returns the printed role, which
    distinguishes parts without a character.
    """
    listed = list(credits)
    by_id = {credit.id: credit for credit in listed}
    position = {credit.id: index for index, credit in enumerate(listed)}

    def place(credit: B) -> tuple[int, int]:
        own, seen = position[credit.id], {credit.id}
        old = by_id.get(credit.in_place_of_id or 0)
        # `seen` ends a cycle of credits, each in the place of the next.
        while old is not None and old.id not in seen and credit.billing_order in (0, old.billing_order):
            credit = old
            seen.add(old.id)
            old = by_id.get(credit.in_place_of_id or 0)
        return position[credit.id], own

    parts: dict[tuple[int | None, str], list[B]] = {}
    in_order = sorted(listed, key=place) if any(credit.in_place_of_id for credit in listed) else listed
    for credit in in_order:
        key = (credit.character_id, "" if credit.character_id is not None else role(credit))
        parts.setdefault(key, []).append(credit)
    return list(parts.values())


def who_plays(held: Iterable[C], *, group: bool, covers: bool = True) -> list[C]:
    """Return the players of one part on one night among its holders, in the order given.

    `held` are the credits in force that night, and of teams only those that play. Without `covers` it returns who would
    play without absences.
    """
    everybody = list(held)
    own = [credit for credit in everybody if plays(credit)]
    if not group and any(credit.team for credit in own):
        own = [credit for credit in own if credit.team]
    stepping_in = [credit for credit in everybody if is_cover(credit)] if covers else []
    replaced = {credit.in_place_of_id for credit in stepping_in}
    if not group and replaced - {credit.id for credit in own}:
        # Covers for everybody, or for a holder who no longer plays the part, were entered for this night and play.
        return stepping_in
    playing = {credit.id for credit in own} - replaced | {credit.id for credit in stepping_in}
    return [credit for credit in everybody if credit.id in playing]


def surely_together(one: Held, other: Held) -> bool:
    """Whether both credits surely share a day, however their partial dates are read."""
    first = max(_latest(one.starts_on), _latest(other.starts_on))
    last = min(_earliest(one.ends_on), _earliest(other.ends_on))
    return first <= last


def last_holders(credits: Iterable[P]) -> list[P]:
    """Leave out credits that another one followed in the same part, holding and team. A credit is followed if it surely ended
    before the other began. Credits without a character, such as jobs, are all kept."""
    everybody = list(credits)
    lanes: dict[object, list[P]] = {}
    for credit in everybody:
        if credit.character_id is not None:
            way = "own" if plays(credit) else credit.holding
            lanes.setdefault((credit.character_id, way, credit.team), []).append(credit)

    def after(other: P, one: P) -> bool:
        return _earliest_start(other) > _latest_end(one)

    # With dates that an archive printed in the wrong order, each would follow the other and itself.
    replaced = {
        one.id
        for held in lanes.values()
        for one, other in permutations(held, 2)
        if after(other, one) and not after(one, other)
    }
    return [credit for credit in everybody if credit.id not in replaced]


def collisions(held: Sequence[C]) -> list[tuple[C, C]]:
    """Return pairs of credits that would both play one part on one night: two principals, two of one team, two covers of one
    holder. A cover that names no holder covers everybody, and so overlaps with any other cover."""

    def meet(one: C, other: C) -> bool:
        if is_cover(one) and is_cover(other):
            return None in (one.in_place_of_id, other.in_place_of_id) or one.in_place_of_id == other.in_place_of_id
        return plays(one) and plays(other) and one.team == other.team

    return [(one, other) for one, other in combinations(held, 2) if meet(one, other) and surely_together(one, other)]


def _earliest_start(credit: Held) -> dt.date:
    known = PartialDate.parse(credit.starts_on)
    return dt.date.min if known is None else known.earliest


def _latest_end(credit: Held) -> dt.date:
    known = PartialDate.parse(credit.ends_on)
    return dt.date.max if known is None else known.latest


def _latest(start: str) -> dt.date:
    known = PartialDate.parse(start)
    return dt.date.min if known is None else known.latest


def _earliest(end: str) -> dt.date:
    known = PartialDate.parse(end)
    return dt.date.max if known is None else known.earliest

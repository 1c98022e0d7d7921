"""Who holds which part, and who plays it on one night. These functions do not check permissions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models import Value as Constant
from django.db.models.functions import Coalesce, NullIf

from directory.models import Credit, CreditKind, TeamNight
from directory.rules.holdings import billed_parts, who_plays
from theater_site.core.models import ContentQuerySet
from theater_site.core.prepared import Prepared


class Holder(NamedTuple):
    """A person who holds a part, under the printed name. `part` is the character's name, else the printed role.

    `billing_order` and `standing` (in force on the requested day) are loaded only if parts are ordered."""

    id: int
    person_id: int
    name: str
    public: bool
    holding: str
    team: str
    in_place_of_id: int | None
    starts_on: str
    ends_on: str
    character_id: int | None
    part: str
    group: bool | None
    note: str
    billing_order: int = 0
    standing: bool | None = None


class Part(NamedTuple):
    """A part on one night: who plays it, and its other holders (on standby, or covered)."""

    character_id: int | None
    name: str
    plays: list[Holder]
    others: list[Holder]


class Work(NamedTuple):
    """One credit in a person's history."""

    id: int
    production_id: int
    title: str
    slug: str
    opens_on: str
    closes_on: str
    public: bool
    kind: str
    role: str
    note: str
    holding: str
    name: str
    starts_on: str
    ends_on: str


def printed_name(person: str = "person__name") -> Coalesce:
    """Return the expression for the name under which a credit is printed."""
    return Coalesce(NullIf("credited_as", Constant("")), person)


def _is_set(path: str) -> ExpressionWrapper:
    return ExpressionWrapper(Q(**{f"{path}__isnull": False}), output_field=BooleanField())


def standing(on: str, month: str, year: str, day: dt.date) -> Q:
    """Filter credits in force on a day, given as text `on`, `month` and `year` too. Of teams only those that play, or all
    if no team is set for the day. Partial dates are compared as text: "2026-09" sorts before "2026-09-01", and as an end
    it is a prefix of the day."""
    nights = TeamNight.objects.filter(production=OuterRef("production"), date=day)
    return (
        Q(starts_on__lte=on)
        & (Q(ends_on="") | Q(ends_on__gte=on) | Q(ends_on=month) | Q(ends_on=year))
        & (Q(team="") | Exists(nights.filter(team=OuterRef("team"))) | ~Exists(nights))
    )


def _holders(rows: ContentQuerySet, *more: Any) -> ContentQuerySet:
    """Return `rows` as Holder rows; `more` are its last, optional columns."""
    return rows.order_by("billing_order", "pk").values_list(  # type: ignore[return-value]
        "pk", "person_id", printed_name(), _is_set("person__published_at"), "holding", "team", "in_place_of_id",
        "starts_on", "ends_on", "character_id", Coalesce("character__name", "role"), "character__is_group", "note", *more,
    )  # fmt: skip


_OF_PART = Prepared(
    lambda character, on, month, year, day: _holders(
        Credit.objects.filter(standing(on, month, year, day), character=character)
    ),
    Holder, character=int, on=str, month=str, year=str, day=dt.date,
)  # fmt: skip
_OF_PRODUCTION = Prepared(
    lambda production, on, month, year, day: _holders(
        Credit.objects.filter(production=production, kind=CreditKind.CAST),
        "billing_order", ExpressionWrapper(standing(on, month, year, day), BooleanField()),
    ),
    Holder, production=int, on=str, month=str, year=str, day=dt.date,
)  # fmt: skip
_WHOLE_PART = Prepared(
    lambda character: _holders(Credit.objects.filter(character=character)).order_by("starts_on", "billing_order", "pk"),
    Holder, character=int,
)  # fmt: skip
_WHOLE_CAST = Prepared(
    lambda production: _holders(Credit.objects.filter(production=production, kind=CreditKind.CAST), "billing_order"),
    Holder, production=int,
)  # fmt: skip
_HISTORY = Prepared(
    lambda person: Credit.objects.filter(person=person)
    .order_by("-production__opens_on", "-production_id", "billing_order", "pk")
    .values_list(
        "pk", "production_id", "production__title", "production__slug", "production__opens_on", "production__closes_on",
        _is_set("production__published_at"), "kind", "role", "note", "holding", printed_name(), "starts_on", "ends_on",
    ),
    Work, person=int,
)  # fmt: skip


def holders_of(character_id: int, on: dt.date | None = None) -> list[Holder]:
    """Return the holders of a part: on one day in billing order, or without a day all, in order of their start. One query."""
    return _OF_PART(character=character_id, **_day(on)) if on is not None else _WHOLE_PART(character=character_id)


def who_played(character_id: int, on: dt.date) -> list[Holder]:
    """Return who plays a part on a day. One query; see directory/rules/holdings.py for the precedence."""
    held = _OF_PART(character=character_id, **_day(on))
    return who_plays(held, group=bool(held and held[0].group))


def cast_on(production_id: int, on: dt.date) -> list[Part]:
    """List every part held on a day, in billing order, and who plays it. One query.

    It also loads credits not in force that day: a replacement is billed in the place of an ended one.
    """
    return _parts_of(_OF_PRODUCTION(production=production_id, **_day(on)))


def whole_cast(production_id: int) -> list[Holder]:
    """Return everybody who ever held a part in the production, in billing order. One query."""
    return _WHOLE_CAST(production=production_id)


def history(person_id: int) -> list[Work]:
    """Return a person's credits, the latest opening first. One query."""
    return _HISTORY(person=person_id)


def by_part(held: Iterable[Holder]) -> list[list[Holder]]:
    """Group everybody who ever held a part by part, in billing order (`billed_parts`)."""
    # The printed role identifies a part without a character; several people may share a role.
    return billed_parts(held, role=lambda holder: holder.part)


def _parts_of(held: Iterable[Holder]) -> list[Part]:
    """Return the parts with a holder in force, and who plays each."""
    parts = []
    for ever in by_part(held):
        if not (holders := [holder for holder in ever if holder.standing]):
            continue
        first = holders[0]
        playing = who_plays(holders, group=first.character_id is None or bool(first.group))
        ids = {holder.id for holder in playing}
        parts.append(Part(first.character_id, first.part, playing, [one for one in holders if one.id not in ids]))
    return parts


def _day(on: dt.date) -> dict[str, str | dt.date]:
    text = on.isoformat()
    return {"on": text, "month": text[:7], "year": text[:4], "day": on}

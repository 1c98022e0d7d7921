"""Judge casts: does a part have two players on one night, and is a credit outside of the run?"""

from __future__ import annotations

from django.db.models import Q

from directory.models import Credit
from directory.rules.holdings import collisions
from directory.services.credits import outside
from productions.models import Character, Production, ProductionStatus
from theater_site.core.changes import CHANGED, DELETED, Change
from theater_site.core.judges import Finding, Severity

_SAID = frozenset({"character_id", "holding", "team", "starts_on", "ends_on", "in_place_of_id"})
_NAMED = 5


def judge_casts(changes: list[Change]) -> list[Finding]:
    """Return a warning for each changed credit that overlaps with another of its part, and for each part that stops being a
    group and has such credits. A group is held by many.

    One query; none if no changed credit names a character.
    """
    changed = {change.object_id for change in changes if change.model is Credit and change.operation != DELETED}
    # New credits without a character, such as all of an archive, need no query.
    asked = [
        change.object_id
        for change in changes
        if change.object_id in changed
        and change.model is Credit
        and _SAID & change.after.keys()
        and change.after.get("character_id", "unchanged") is not None
    ]
    parts = {
        change.object_id
        for change in changes
        if change.model is Character and change.operation == CHANGED and change.after.get("is_group") is False
    }
    if not asked and not parts:
        return []
    concerned = Q(character__in=parts)
    if asked:
        named = Credit.objects.filter(pk__in=asked, character__is_group=False)
        concerned |= Q(character__in=named.values("character_id"))
    by_part: dict[int, list[Credit]] = {}
    for credit in Credit.objects.filter(concerned).select_related("character").order_by("pk"):
        by_part.setdefault(credit.character_id or 0, []).append(credit)
    found: dict[int, Finding] = {}
    singled_out: list[Finding] = []
    for pk, held in by_part.items():
        pairs = collisions(held)
        if pk in parts and pairs:
            singled_out.append(_no_group(*pairs[0]))
        for one, other in pairs:
            for mine, theirs in ((other, one), (one, other)):
                if mine.pk in changed and mine.pk not in found and theirs.pk not in found:
                    found[mine.pk] = _finding(mine, theirs)
    return [*found.values(), *singled_out]


def judge_moved_dates(changes: list[Change]) -> list[Finding]:
    """Return a warning for each production whose changed run leaves credits outside. The archive is not judged.

    One query; none if no first or last day was changed.
    """
    moved = [
        change.object_id
        for change in changes
        if change.operation == CHANGED and {"opens_on", "closes_on"} & change.after.keys()
    ]
    if not moved:
        return []
    dated = Credit.objects.filter(production__in=moved).exclude(starts_on="", ends_on="")
    rows = dated.exclude(production__status=ProductionStatus.ARCHIVED).select_related("production").order_by("pk")
    left: dict[tuple[Production, str], list[int]] = {}
    for credit in rows.only(
        "starts_on", "ends_on", "holding", "production__opens_on", "production__closes_on", "production__status"
    ):
        if (fault := outside(credit)) is not None:
            bound = "closes_on" if fault.code == "outside_the_run" and fault.field == "starts_on" else "opens_on"
            left.setdefault((credit.production, bound), []).append(credit.pk)
    return [_outside(production, bound, credits) for (production, bound), credits in left.items()]


def _finding(mine: Credit, theirs: Credit) -> Finding:
    assert mine.character is not None
    return Finding.on(
        mine,
        rule="one_part_twice",
        severity=Severity.WARNING,
        message=f"{mine.character.name} would have two players on one night: this credit and credit {theirs.pk} overlap.",
        hint="End one of them the day before the other begins, give them teams, or waive this if they share the part.",
        field="starts_on",
    )


def _no_group(one: Credit, other: Credit) -> Finding:
    character = one.character
    assert character is not None
    return Finding.on(
        character,
        rule="one_part_twice",
        severity=Severity.WARNING,
        message=f"{character.name} would have two players on one night: credits {one.pk} and {other.pk} overlap.",
        hint="End one of them the day before the other begins, keep the part a group, or waive this if they share the part.",
        field="is_group",
    )


def _outside(production: Production, bound: str, credits: list[int]) -> Finding:
    named = ", ".join(map(str, credits[:_NAMED])) + ", …" * (len(credits) > _NAMED)
    run = f"{production.opens_on or '?'} to {production.closes_on or '?'}"
    return Finding.on(
        production,
        rule="credit_outside_the_run",
        severity=Severity.WARNING,
        message=f"The run ({run}) would leave out credits with their own days: {named}.",
        hint="Correct or remove these credits, choose another day, or waive this and correct them afterwards.",
        field=bound,
    )

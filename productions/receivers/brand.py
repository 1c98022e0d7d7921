"""Judges changed productions by the brand guidelines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from productions.models import BrandKit, Production, ProductionStatus
from productions.rules import brand
from productions.selectors.brand import BrandKits, finding
from productions.signals import roles_credited
from theater_site.core.changes import DELETED, Change
from theater_site.core.judges import Finding


def concerned(changes: Iterable[Change]) -> dict[int, Change]:
    """Return the changes that the guidelines may concern, by production: texts, publications, and emptied fields."""
    return {
        change.object_id: change
        for change in changes
        if change.operation != DELETED
        and (_appears(change) or any(name in brand.TEXTS or not value for name, value in change.after.items()))
    }


def faults_of_brand(rows: Mapping[int, Production], changes: Mapping[int, Change]) -> list[Finding]:
    """Return findings on changed texts, and on all fields of productions that this change publishes.

    Requirements (required fields and credits, shortest texts) apply to public productions only: a draft may be
    incomplete.
    """
    kits = BrandKits()
    judged = [
        (rows[pk], kit, change) for pk, change in changes.items() if (kit := kits.of(rows[pk].section_id)) is not None
    ]
    wanted = sorted({role for row, kit, change in judged if _appears(change) for role in kit.required_credits})
    appearing = [row.pk for row, kit, change in judged if _appears(change) and kit.required_credits]
    credited = roles_credited.ask(productions=appearing, roles=wanted) if appearing else {}
    return [
        finding(kit, fault, row)
        for row, kit, change in judged
        for fault in _faults(row, kit, change, credited.get(row.pk, set()))
    ]


def missing_credits(productions: Collection[int]) -> list[Finding]:
    """Return findings on those of `productions` that are public and lack a required credit, after a credit was changed or
    removed."""
    if not productions or not (kits := BrandKits()):
        return []
    rows = Production.objects.filter(pk__in=productions, published_at__isnull=False).exclude(
        status=ProductionStatus.ARCHIVED
    )
    judged = [(row, kit) for row in rows if (kit := kits.of(row.section_id)) is not None and kit.required_credits]
    if not judged:
        return []
    wanted = sorted({role for _, kit in judged for role in kit.required_credits})
    credited = roles_credited.ask(productions=[row.pk for row, _ in judged], roles=wanted)
    return [
        finding(kit, fault, row)
        for row, kit in judged
        for fault in brand.faults_of_credits(credited.get(row.pk, set()), kit.required_credits)
    ]


def _appears(change: Change) -> bool:
    return change.after.get("published_at") is not None


def _faults(row: Production, kit: BrandKit, change: Change, credited: set[str]) -> Iterator[brand.Fault]:
    public = row.published_at is not None
    for field in brand.TEXTS:
        if field not in change.after and not _appears(change):
            continue
        text = getattr(row, field)
        shortest = getattr(kit, f"{field}_min_length", None) if public else None
        yield from brand.faults_of_length(
            field, text, shortest=shortest, longest=getattr(kit, f"{field}_max_length", None)
        )
        yield from brand.faults_of_words(field, text, kit.forbidden_words)
    if public:
        asked = [name for name in kit.required_fields if _appears(change) or name in change.after]
        yield from brand.faults_of_gaps({name: getattr(row, name) for name in asked}, asked)
    if _appears(change):
        yield from brand.faults_of_credits(credited, kit.required_credits)

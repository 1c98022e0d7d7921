"""The judge of licenses: is a production played as it was licensed to be?"""

from __future__ import annotations

from productions.models import License, Production, ProductionStatus
from productions.rules.licenses import Use
from productions.selectors.licenses import dates_of, license_allows, public_text_of, warnings
from theater_site.core.judges import Finding
from theater_site.core.recording import DELETED, Change

# Of a production: what a license has a word on. Other changes cost no query.
_DATES = frozenset({"opens_on", "closes_on"})
_TEXTS = frozenset({"billing", "subtitle", "short_synopsis", "synopsis"})


def judge_licenses(changes: list[Change]) -> list[Finding]:
    """Findings on dates outside of the license's window, and on public productions that lack the billing it requires.

    Judged are what was changed, a production that has just become public, and what a new or corrected license is about. The
    archive is history and is not judged.
    """
    asked: dict[int, tuple[bool, bool]] = {}
    for change in changes:
        if change.operation == DELETED or change.after.get("status") == ProductionStatus.ARCHIVED:
            continue
        if change.model is License:
            asked[change.after.get("production_id") or _production_of(change)] = (True, True)
        else:
            appears = change.after.get("published_at") is not None
            wanted = (appears or bool(_DATES & change.after.keys()), appears or bool(_TEXTS & change.after.keys()))
            known = asked.get(change.object_id, (False, False))
            asked[change.object_id] = (known[0] or wanted[0], known[1] or wanted[1])
    asked = {pk: wanted for pk, wanted in asked.items() if any(wanted)}
    if not asked:
        return []
    licensed = Production.objects.filter(licenses__isnull=False).exclude(status=ProductionStatus.ARCHIVED).distinct()
    # An import may bring more ids than one statement takes.
    rows = licensed.in_bulk(list(asked))
    uses = {
        pk: Use(
            dates=dates_of(row) if asked[pk][0] else (),
            public_text=public_text_of(row) if asked[pk][1] and row.published_at is not None else None,
        )
        for pk, row in rows.items()
    }
    broken = license_allows(uses) if uses else {}
    return [finding for pk, faults in broken.items() for finding in warnings(rows[pk], faults)]


def _production_of(change: Change) -> int:
    return License.objects.values_list("production_id", flat=True).get(pk=change.object_id)

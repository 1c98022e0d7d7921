"""Which rules do not count for which objects for now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q

from accounts.models import Waiver
from theater_site.core.judges import Finding


def standing(findings: Collection[Finding], at: datetime) -> Mapping[Finding, int]:
    """Of these findings those that somebody waived, with the waiver's id. Answers the runner's question; one query."""
    concerned = Q(pk__in=())
    for finding in findings:
        concerned |= Q(object_type=finding.object_type, object_id=finding.object_id, rule=finding.rule)
    rows = Waiver.objects.filter(concerned, revoked_at=None, until__gt=at).order_by("until")
    known = {(row.object_type, row.object_id, row.rule): row.pk for row in rows}
    held = ((finding, known.get((finding.object_type, finding.object_id, finding.rule))) for finding in findings)
    return {finding: pk for finding, pk in held if pk is not None}

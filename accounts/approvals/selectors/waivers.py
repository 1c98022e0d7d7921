"""Finds the waived warnings: waived until a date, or together with the change that caused them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.approvals.models.waivers import Waiver
from accounts.audit.models.entries import AuditChange
from theater_site.core.judges import Finding


def standing(findings: Collection[Finding], at: datetime) -> Mapping[Finding, int | None]:
    """The waived ones of these findings, each with the id of its waiver.

    The id is None if the rule was waived with a reason when the current value was written. Answers the runner's question.
    """
    concerned = Q(pk__in=())
    for finding in findings:
        concerned |= Q(object_type=finding.object_type, object_id=finding.object_id, rule=finding.rule)
    rows = Waiver.objects.filter(concerned, revoked_at=None, until__gt=at).order_by("until")
    known = {(row.object_type, row.object_id, row.rule): row.pk for row in rows}
    held = {finding: known.get((finding.object_type, finding.object_id, finding.rule)) for finding in findings}
    return {finding: pk for finding, pk in held.items() if pk is not None or _waived_with_its_value(finding)}


# The number of recent changes of an object that are searched.
_MOST = 100


def _waived_with_its_value(finding: Finding) -> bool:
    """Whether the rule was waived in the last change of the field that the finding is about."""
    changes = AuditChange.objects.filter(object_type=finding.object_type, object_id=finding.object_id)
    for change in changes.select_related("entry").order_by("-entry__at", "-id")[:_MOST]:
        note: Any = change.entry.note
        if finding.rule in note.get("waived", ()):
            return True
        if not finding.field or {finding.field, f"{finding.field}_id"} & set(change.fields):
            return False
    return False

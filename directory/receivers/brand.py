"""Judge credits: does a public production still name everybody whom the brand guidelines require?"""

from __future__ import annotations

from directory.models import Credit
from productions.receivers.brand import missing_credits
from theater_site.core.changes import DELETED, Change
from theater_site.core.judges import Finding


def judge_credits(changes: list[Change]) -> list[Finding]:
    """Return findings for removed credits and changed roles; nothing else can leave a required role without a name."""
    removed = {change.before["production_id"] for change in changes if change.operation == DELETED}
    renamed = [change.object_id for change in changes if change.operation != DELETED and "role" in change.before]
    if renamed:
        removed |= set(Credit.objects.filter(pk__in=renamed).values_list("production_id", flat=True))
    return missing_credits(removed)

"""Cancels the events of a canceled production."""

from __future__ import annotations

from typing import Any

from productions.models import Production
from scheduling.models import PLANNED, Occurrence
from scheduling.selectors.occurrences import to_come
from scheduling.services.series.planning import cancel_all
from theater_site.core.actions import current


def cancel_coming(production: Production, reason: str, **_: Any) -> None:
    """Cancel all future events of the production; their spaces are released."""
    coming = Occurrence.objects.filter(to_come(current().instant), production=production, status__in=PLANNED)
    rows = coming.select_related("section", "space__venue").select_for_update(of=("self",)).order_by("pk")
    # The reason for the cancellation of a production is internal.
    cancel_all(list(rows), reason, note="")

"""A production was copied: its places of playing may come along."""

from __future__ import annotations

from typing import Any

from productions.models import Production
from scheduling.services.runs import copy_runs
from theater_site.core.actions import also_needs


def bring_runs(original: Production, copy: Production, parts: list[str], **_: Any) -> None:
    """The venues and legs of the original, to be dated again. Refused for those who may not see its runs, or not give the copy
    any."""
    if "runs" not in parts:
        return
    also_needs(("view_schedule", original), ("edit_schedule", copy), to="bring the runs")
    copy_runs(original, copy)

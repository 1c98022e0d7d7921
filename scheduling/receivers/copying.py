"""Copies the runs of a production into its copy."""

from __future__ import annotations

from typing import Any

from productions.models import Production
from scheduling.services.runs import copy_runs
from theater_site.core.actions import also_needs


def bring_runs(original: Production, copy: Production, parts: list[str], **_: Any) -> None:
    """If `parts` asks for runs: copy the venues and legs of the original, without dates. Raises: NotAllowed without
    `view_schedule` on the original or `edit_schedule` on the copy."""
    if "runs" not in parts:
        return
    also_needs(("view_schedule", original), ("edit_schedule", copy), to="bring the runs")
    copy_runs(original, copy)

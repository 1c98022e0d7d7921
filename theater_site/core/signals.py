"""What the service runner announces and asks. theater_site/wiring.py connects the listeners and answerers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theater_site.core.announcements import Announcement, Question
from theater_site.core.judges import Finding

action_done = Announcement(
    "An action ran and its judges passed it. Sent inside its transaction, once for it and all its consequences (`run.tree`),"
    " and for each write outside of a service. `run` is theater_site.core.runs.Run.",
    run=object,
)

store_submission: Question[Any] = Question(
    "Keep an action that its actor may only submit, until somebody decides. Answers the stored submission.",
    arguments=("action", "actor", "given", "if_version"),
    default=lambda: None,
)

changed_since: Question[list[str]] = Question(
    "The names of the fields of one object that were changed after `version`.",
    arguments=("object_type", "object_id", "version"),
    default=list,
)

standing_waivers: Question[Mapping[Finding, int | None]] = Question(
    "Which of these warnings are waived at the instant `at`: each with the id of the waiver, or None where the rule was waived"
    " with a reason when the value was written.",
    arguments=("findings", "at"),
    default=dict,
)

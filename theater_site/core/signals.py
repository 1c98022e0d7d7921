"""The announcements and questions of the service runner. theater_site/wiring.py connects receivers and answerers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theater_site.core.announcements import Announcement, Question
from theater_site.core.judges import Finding

action_done = Announcement(
    "An action ran and passed the judges. Sent inside its transaction, once for the action and all its consequences"
    " (`run.tree`), and for each write outside of an action. `run` is a theater_site.core.runs.Run.",
    run=object,
)

store_submission: Question[Any] = Question(
    "Stores an action that its actor may only submit. Answers the submission.",
    arguments=("action", "actor", "given", "if_version"),
    default=lambda: None,
)

changed_since: Question[list[str]] = Question(
    "The names of the fields of one object that changed after `version`.",
    arguments=("object_type", "object_id", "version"),
    default=list,
)

standing_waivers: Question[Mapping[Finding, int | None]] = Question(
    "The warnings that are waived at the instant `at`, each with the id of its stored waiver, or None if the rule was waived"
    " when the value was written.",
    arguments=("findings", "at"),
    default=dict,
)

"""Judges look at what an action changed, before it is committed, and give findings.

Brand guidelines are the first judge. An error stops the action; a warning stops it until somebody waives it by name
and with a reason, which the audit entry keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from theater_site.core.recording import Change


class Severity(str, Enum):
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a judge found: the rule it breaks, on which object and field, and how to mend it."""

    rule: str
    severity: Severity
    message: str
    mend: str
    object_type: str
    object_id: str
    field: str = ""

    def as_data(self) -> dict[str, str]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "message": self.message,
            "mend": self.mend,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "field": self.field,
        }


Judge = Callable[["list[Change]"], Iterable[Finding]]
_judges: list[tuple[frozenset[type[models.Model]], Judge]] = []


def register(judge: Judge, *, models_judged: Iterable[type[models.Model]]) -> None:
    """Called from wiring. The judge is asked only where an action changed one of `models_judged`, with those changes."""
    entry = (frozenset(models_judged), judge)
    if entry not in _judges:
        _judges.append(entry)


def findings_on(changes: Iterable[Change]) -> list[Finding]:
    if not _judges:
        return []
    everything = list(changes)
    found: list[Finding] = []
    for judged, judge in _judges:
        concerned = [change for change in everything if change.model in judged]
        if concerned:
            found.extend(judge(concerned))
    return found

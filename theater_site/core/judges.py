"""Judges check the changes of an action before the commit and report findings. The brand guidelines are a judge.

An error refuses the action. A warning refuses it unless the rule is waived with a reason, which the audit entry records.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from django.db import models

from theater_site.core.changes import Change
from theater_site.core.errors import Invalid


class Severity(str, Enum):
    """A warning can be waived; an error cannot."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, the object and field that break it, and a hint how to fix it."""

    rule: str
    severity: Severity
    message: str
    hint: str
    object_type: str
    object_id: str
    field: str = ""

    @classmethod
    def on(
        cls, row: models.Model, *, rule: str, severity: Severity, message: str, hint: str, field: str = ""
    ) -> Finding:
        """A finding on `row`."""
        return cls(rule, severity, message, hint, row._meta.label_lower, str(row.pk), field)

    def as_problem(self, field: str | None = None) -> Invalid:
        """The finding as an error. `field` is the name of the field in the input, if it differs."""
        return Invalid(f"{self.message} {self.hint}", code=self.rule, field=field or self.field or None)

    def as_data(self) -> dict[str, str]:
        return {
            "rule": self.rule,
            "severity": self.severity.value,
            "message": self.message,
            "hint": self.hint,
            "object_type": self.object_type,
            "object_id": self.object_id,
            "field": self.field,
        }


def refuse_errors(findings: Collection[Finding]) -> None:
    """Raise Invalid `rules_broken` if one of `findings` is an error. Its data lists all findings."""
    if errors := [finding for finding in findings if finding.severity is Severity.ERROR]:
        raise Invalid(
            "This breaks the theater's rules. Fix what the findings with the severity error name.",
            code="rules_broken",
            data={"findings": [finding.as_data() for finding in findings]},
            problems=[finding.as_problem() for finding in errors],
        )


Judge = Callable[[list[Change]], Iterable[Finding]]
_judges: list[tuple[frozenset[type[models.Model]], Judge]] = []


def register(judge: Judge, *, models_judged: Iterable[type[models.Model]]) -> None:
    """Register a judge, in theater_site/wiring.py. It is called with the changes of `models_judged`, if there are any."""
    entry = (frozenset(models_judged), judge)
    if entry not in _judges:
        _judges.append(entry)


def findings_on(changes: Iterable[Change]) -> list[Finding]:
    """The findings of all registered judges on these changes."""
    if not _judges:
        return []
    all_changes = list(changes)
    findings: list[Finding] = []
    for models_judged, judge in _judges:
        judged = [change for change in all_changes if change.model in models_judged]
        if judged:
            findings.extend(judge(judged))
    return findings

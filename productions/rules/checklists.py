"""Checklist lines: what a production should have before its next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist before `step` (a status). A `required` line that is not `done` blocks the step; others
    only inform. `code` is stable, `label` is for people, `app` is the app that reports the line."""

    step: str
    app: str
    code: str
    label: str
    done: bool
    required: bool = False

    @property
    def missing(self) -> bool:
        return self.required and not self.done

    def as_data(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "app": self.app,
            "code": self.code,
            "label": self.label,
            "done": self.done,
            "required": self.required,
        }


Lines = dict[int, list[Line]]


def both(first: Lines, then: Lines) -> Lines:
    """Merge two apps' lines by production."""
    return {pk: [*first.get(pk, ()), *then.get(pk, ())] for pk in first.keys() | then.keys()}

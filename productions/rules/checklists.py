"""What a production still lacks before its next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist before `step` (a status). A `required` one that is not `done` holds the step up; others
    only tell. `code` is stable, `label` is for people, `app` says whose matter it is."""

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
    """Two apps' lines by production, as one."""
    return {pk: [*first.get(pk, ()), *then.get(pk, ())] for pk in first.keys() | then.keys()}

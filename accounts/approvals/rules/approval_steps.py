"""The approval steps that apply to an area on a section: those of the nearest section above, or one default step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# Nobody is granted `decide_<area>`: it follows from the approve permission, an approval step, or a substitution.
DECIDE = "decide_"


class Step(NamedTuple):
    """An approval step in `area` for the section at `path` and below.

    `word` names who decides: a permission, or "role:<id>".
    """

    path: str
    area: str
    position: int
    word: str
    title: str = ""


def role_word(role_id: int) -> str:
    """The `word` of a step that a role decides."""
    return f"role:{role_id}"


def role_of(word: str) -> int | None:
    """The id of the role that `word` names; None if it names a permission."""
    kind, _, role_id = word.partition(":")
    return int(role_id) if kind == "role" else None


def approve(area: str) -> str:
    """The area's approve permission, which its last step always needs."""
    return f"approve_{area}"


def governing(steps: Iterable[Step], area: str, path: str) -> list[Step]:
    """The steps that apply to `area` on the section at `path`, in their order; never empty."""
    above = [step for step in steps if step.area == area and path.startswith(step.path)]
    nearest = max((len(step.path) for step in above), default=0)
    governing_steps = sorted((step for step in above if len(step.path) == nearest), key=lambda step: step.position)
    return governing_steps or [Step("", area, 0, approve(area), "Approval")]


def covers(steps: Iterable[Step], here: tuple[str, str], there: tuple[str, str]) -> bool:
    """Whether the approvers of `here` (an area and a path) include all approvers that `there` needs before its last step.

    True if `there` has one step, or the same steps as `here` on the same section or above.
    """
    steps = list(steps)
    needed = governing(steps, *there)
    return len(needed) == 1 or (needed == governing(steps, *here) and there[1].startswith(here[1]))


def standing(steps: list[Step], position: int) -> Step:
    """The step at `position`; the last step if steps were removed since."""
    return steps[min(position, len(steps) - 1)]


def narrower(one: str, other: str) -> str | None:
    """The deeper of two paths if it is below the other; None if neither contains the other."""
    if one.startswith(other):
        return one
    return other if other.startswith(one) else None

"""Which agreements something needs: the steps of the nearest section that has any for the area, or one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# Nobody is granted `decide_<area>`: it follows from the approve permission, an approval step, or a substitution.
DECIDE = "decide_"


class Step(NamedTuple):
    """One agreement in `area` for the section at `path` and below. `word` names who gives it: a permission, or "role:<id>"."""

    path: str
    area: str
    position: int
    word: str
    title: str = ""


def role_word(role_id: int) -> str:
    return f"role:{role_id}"


def role_of(word: str) -> int | None:
    """The id of the role that a word names; None where it names a permission."""
    kind, _, role_id = word.partition(":")
    return int(role_id) if kind == "role" else None


def approve(area: str) -> str:
    """The permission that the last step of an area always needs."""
    return f"approve_{area}"


def governing(steps: Iterable[Step], area: str, path: str) -> list[Step]:
    """The steps for `area` on the section at `path`, in their order; never empty."""
    above = [step for step in steps if step.area == area and path.startswith(step.path)]
    nearest = max((len(step.path) for step in above), default=0)
    whole = sorted((step for step in above if len(step.path) == nearest), key=lambda step: step.position)
    return whole or [Step("", area, 0, approve(area), "Approval")]


def covers(steps: Iterable[Step], here: tuple[str, str], there: tuple[str, str]) -> bool:
    """Whether those who agree to something `here` (an area and a path) are all whom something `there` needs before its
    last step: it has no other, or the same ones on the same section or above."""
    steps = list(steps)
    needed = governing(steps, *there)
    return len(needed) == 1 or (needed == governing(steps, *here) and there[1].startswith(here[1]))


def standing(steps: list[Step], position: int) -> Step:
    """The step at which something waits; the last one where there have come to be fewer meanwhile."""
    return steps[min(position, len(steps) - 1)]


def narrower(one: str, other: str) -> str | None:
    """The path below which both hold; None where there is none."""
    if one.startswith(other):
        return one
    return other if other.startswith(one) else None

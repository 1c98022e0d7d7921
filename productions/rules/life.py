"""The status of a production: which status may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IDEA, PLANNED, ANNOUNCED, ON_SALE, RUNNING, CLOSED, ARCHIVED, CANCELED = (
    "idea", "planned", "announced", "on_sale", "running", "closed", "archived", "canceled",
)  # fmt: skip
# In this order, one after the other.
STEPS: Final = (IDEA, PLANNED, ANNOUNCED, ON_SALE, RUNNING, CLOSED, ARCHIVED)
# Possible next statuses: the next step, the one before (to correct a mistake), or canceled before it is closed.
# A canceled production is archived, or reinstated as planned.
TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    IDEA: frozenset({PLANNED, CANCELED}),
    PLANNED: frozenset({IDEA, ANNOUNCED, CANCELED}),
    ANNOUNCED: frozenset({PLANNED, ON_SALE, CANCELED}),
    ON_SALE: frozenset({ANNOUNCED, RUNNING, CANCELED}),
    RUNNING: frozenset({ON_SALE, CLOSED, CANCELED}),
    CLOSED: frozenset({RUNNING, ARCHIVED}),
    ARCHIVED: frozenset({CLOSED}),
    CANCELED: frozenset({PLANNED, ARCHIVED}),
}

# Steps that require a public production: unpublishing sets it back to planned.
BEFORE_THE_PUBLIC: Final = frozenset({ANNOUNCED, ON_SALE, RUNNING})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step is not possible, and for a skipped step what comes between."""

    code: str
    message: str
    between: tuple[str, ...] = ()


def next_step(now: str) -> str | None:
    """Return the regular next status after `now`; None at the end, and for canceled productions."""
    ahead = steps_ahead(now)
    return ahead[0] if ahead else None


def steps_ahead(now: str) -> tuple[str, ...]:
    """Return all statuses ahead, in order; empty for canceled productions."""
    return STEPS[STEPS.index(now) + 1 :] if now in STEPS else ()


def refusal(now: str, to: str) -> Refusal | None:
    """Return why a production with status `now` cannot become `to`; None if it can."""
    if to in TRANSITIONS[now]:
        return None
    if now == to:
        return Refusal("already_there", f"It is {shown(now)} already.")
    if now == CANCELED:
        return Refusal("production_canceled", f"It is canceled and cannot become {shown(to)}. Reinstate it first.")
    if to == CANCELED:
        return Refusal("too_late", f"It is {shown(now)}, which cannot be canceled anymore.")
    first, last = STEPS.index(now), STEPS.index(to)
    if last > first:
        between = STEPS[first + 1 : last]
        names = ", then ".join(shown(step) for step in between)
        return Refusal("step_skipped", f"It is {shown(now)}; before {shown(to)} it must be {names}.", between)
    names = shown(STEPS[first - 1])
    return Refusal("no_such_step", f"It is {shown(now)} and goes back one step at a time. Change it to {names} first.")


def shown(step: str) -> str:
    return step.replace("_", " ")

"""The life of a production: what may follow what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IDEA, PLANNED, ANNOUNCED, ON_SALE, RUNNING, CLOSED, ARCHIVED, CANCELED = (
    "idea", "planned", "announced", "on_sale", "running", "closed", "archived", "canceled",
)  # fmt: skip
# In this order, one after the other.
STEPS: Final = (IDEA, PLANNED, ANNOUNCED, ON_SALE, RUNNING, CLOSED, ARCHIVED)
# What it may become: the next step, the one before (a mistake is taken back), or canceled while it is not over.
# What was canceled is history, or is planned again.
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

# Steps that are none without the public: unpublishing such a production plans it again.
BEFORE_THE_PUBLIC: Final = frozenset({ANNOUNCED, ON_SALE, RUNNING})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a step cannot be taken, and for a skipped one what comes between."""

    code: str
    message: str
    between: tuple[str, ...] = ()


def next_step(now: str) -> str | None:
    """What comes after `now` if all goes well; None at the end, and for what is canceled."""
    ahead = steps_ahead(now)
    return ahead[0] if ahead else None


def steps_ahead(now: str) -> tuple[str, ...]:
    """All that is still to come, in order; of what is canceled nothing."""
    return STEPS[STEPS.index(now) + 1 :] if now in STEPS else ()


def refusal(now: str, to: str) -> Refusal | None:
    """Why a production that is `now` cannot become `to`; None where it can."""
    if to in TRANSITIONS[now]:
        return None
    if now == to:
        return Refusal("already_there", f"It is {shown(now)} already.")
    if now == CANCELED:
        return Refusal("production_canceled", f"It is canceled, and cannot become {shown(to)}. Reinstate it first.")
    if to == CANCELED:
        return Refusal("too_late", f"It is {shown(now)}: what is over is not canceled.")
    first, last = STEPS.index(now), STEPS.index(to)
    if last > first:
        between = STEPS[first + 1 : last]
        names = ", then ".join(shown(step) for step in between)
        return Refusal("step_skipped", f"It is {shown(now)}; before {shown(to)} it has to be {names}.", between)
    names = shown(STEPS[first - 1])
    return Refusal("no_such_step", f"It is {shown(now)}, and goes back one step at a time: to {names} first.")


def shown(step: str) -> str:
    return step.replace("_", " ")

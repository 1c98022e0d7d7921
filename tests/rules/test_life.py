"""The life of a production: every pair of states, against the two sentences that the table represents."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from productions.models import ProductionStatus
from productions.rules import life

ALL = (*life.STEPS, life.CANCELED)
ALIVE = life.STEPS[:5]


def allowed(now: str, to: str) -> bool:
    """One step forward or back; canceled while it is not over; from there planned again, or to the archive."""
    if now == life.CANCELED:
        return to in (life.PLANNED, life.ARCHIVED)
    if to == life.CANCELED:
        return now in ALIVE
    return abs(life.STEPS.index(to) - life.STEPS.index(now)) == 1


def test_the_states_are_those_of_the_model():
    assert set(ALL) == set(ProductionStatus.values) == life.TRANSITIONS.keys()


@pytest.mark.parametrize(("now", "to"), list(product(ALL, ALL)))
def test_every_pair_of_states_is_allowed_or_refused_with_its_reason(now, to):
    refusal = life.refusal(now, to)
    assert (refusal is None) == allowed(now, to)
    if refusal is None:
        return
    assert refusal.message.endswith(".")
    if now == to:
        assert refusal.code == "already_there"
    elif now == life.CANCELED:
        assert refusal.code == "production_canceled"
    elif to == life.CANCELED:
        assert refusal.code == "too_late"
    elif life.STEPS.index(to) > life.STEPS.index(now):
        path = (now, *refusal.between, to)
        assert refusal.code == "step_skipped"
        assert len(path) > 2
        assert all(life.refusal(*step) is None for step in pairwise(path)), "what comes between is the way"
        assert all(life.shown(step) in refusal.message for step in refusal.between)
    else:
        assert refusal.code == "no_such_step"


def test_the_next_steps_lead_to_the_archive():
    assert life.steps_ahead(life.RUNNING) == (life.CLOSED, life.ARCHIVED)
    assert [life.next_step(now) for now in ALL] == [*life.STEPS[1:], None, None]
    assert life.steps_ahead(life.CANCELED) == ()

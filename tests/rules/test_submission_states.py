"""The life of a submission: every state with every verb, and what must hold of the whole table."""

from __future__ import annotations

import pytest

from accounts.approvals.rules.submission_states import OPEN, STATES, TRANSITIONS, VERBS, WRITABLE, after, states_for
from accounts.models import SubmissionState

# Written down a second time, by hand: what each verb leads to, from where. Anything else is refused.
EXPECTED = {
    "edit": {"draft": "draft", "submitted": "submitted", "changes_requested": "changes_requested",
             "rejected": "rejected", "stale": "stale", "failed": "failed"},
    "submit": dict.fromkeys(["draft", "changes_requested", "rejected", "stale", "failed"], "submitted"),
    "request_changes": dict.fromkeys(["submitted", "approved", "stale", "failed"], "changes_requested"),
    "approve": {"submitted": "approved"},
    "apply": {"submitted": "applied", "approved": "applied"},
    "reject": dict.fromkeys(["submitted", "changes_requested", "approved", "stale", "failed"], "rejected"),
    "withdraw": dict.fromkeys(
        ["draft", "submitted", "changes_requested", "approved", "stale", "failed"], "withdrawn"
    ),
    "rebase": {"submitted": "submitted", "stale": "submitted"},
    "go_stale": {"submitted": "stale", "approved": "stale"},
    "fail": {"submitted": "failed", "approved": "failed"},
    "comment": {state: state for state in STATES},
}  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_every_state_allows_only_its_actions(state: str, verb: str) -> None:
    assert after(state, verb) == EXPECTED[verb].get(state)
    assert (state in states_for(verb)) == (state in EXPECTED[verb])


def test_the_table_has_exactly_the_states_of_the_column() -> None:
    assert set(STATES) == set(SubmissionState.values)
    assert EXPECTED.keys() == set(VERBS)
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) <= set(STATES)
    assert {verb for _, verb in TRANSITIONS} == set(VERBS)


def test_no_transition_leaves_a_final_state() -> None:
    for state in ("applied", "withdrawn"):
        assert {after(state, verb) for verb in VERBS} <= {state, None}


def test_nothing_is_applied_without_being_submitted() -> None:
    into = {goal: {state for (state, _), then in TRANSITIONS.items() if then == goal} - {goal} for goal in STATES}
    assert into["applied"] == {"submitted", "approved"}
    assert into["approved"] == {"submitted"}
    assert {verb for (_, verb), then in TRANSITIONS.items() if then == "submitted"} <= {
        "submit",
        "edit",
        "rebase",
        "comment",
    }
    # Neither of them is left for a state in which its authors write at will, but by somebody who says so.
    for state in ("submitted", "approved"):
        assert after(state, "edit") in ("submitted", None)


def test_every_state_is_reachable() -> None:
    reached, waiting = {"draft"}, ["draft"]
    while waiting:
        here = waiting.pop()
        further = {then for (state, _), then in TRANSITIONS.items() if state == here} - reached
        reached |= further
        waiting += further
    assert reached == set(STATES)


def test_open_and_writable_states_agree_with_the_table() -> None:
    assert {state for state in STATES if after(state, "reject")} == OPEN
    assert {state for state in STATES if after(state, "submit")} == WRITABLE

"""The states of a submission and the transitions between them.

A verb that is not listed for a state is rejected in that state. Three verbs are outcomes of an approval, not requests: `apply`,
`go_stale` and `fail`.
"""

from __future__ import annotations

DRAFT, SUBMITTED, CHANGES_REQUESTED, APPROVED = "draft", "submitted", "changes_requested", "approved"
APPLIED, REJECTED, WITHDRAWN, STALE, FAILED = "applied", "rejected", "withdrawn", "stale", "failed"

STATES = (DRAFT, SUBMITTED, CHANGES_REQUESTED, APPROVED, APPLIED, REJECTED, WITHDRAWN, STALE, FAILED)
VERBS = (
    "edit", "submit", "request_changes", "approve", "apply", "reject", "withdraw", "rebase", "go_stale", "fail", "comment"
)  # fmt: skip

# Open submissions: shown to others who submit a change of the same object.
OPEN = frozenset({SUBMITTED, CHANGES_REQUESTED, APPROVED, STALE, FAILED})
# In these states its authors can save it without notifying anybody. Saving a submitted one starts a new round.
WRITABLE = frozenset({DRAFT, CHANGES_REQUESTED, REJECTED, STALE, FAILED})

TRANSITIONS: dict[tuple[str, str], str] = {
    **{(state, "edit"): state for state in WRITABLE},
    (SUBMITTED, "edit"): SUBMITTED,
    **{(state, "submit"): SUBMITTED for state in WRITABLE},
    (SUBMITTED, "request_changes"): CHANGES_REQUESTED,
    (APPROVED, "request_changes"): CHANGES_REQUESTED,
    (STALE, "request_changes"): CHANGES_REQUESTED,
    (FAILED, "request_changes"): CHANGES_REQUESTED,
    (SUBMITTED, "approve"): APPROVED,
    (SUBMITTED, "apply"): APPLIED,
    (APPROVED, "apply"): APPLIED,
    **{(state, "reject"): REJECTED for state in OPEN},
    **{(state, "withdraw"): WITHDRAWN for state in OPEN | {DRAFT}},
    (SUBMITTED, "rebase"): SUBMITTED,
    (STALE, "rebase"): SUBMITTED,
    (SUBMITTED, "go_stale"): STALE,
    (APPROVED, "go_stale"): STALE,
    (SUBMITTED, "fail"): FAILED,
    (APPROVED, "fail"): FAILED,
    **{(state, "comment"): state for state in STATES},
}


def after(state: str, verb: str) -> str | None:
    """The state after `verb`; None if `verb` is not possible in `state`."""
    return TRANSITIONS.get((state, verb))


def states_for(verb: str) -> tuple[str, ...]:
    """The states in which `verb` is possible."""
    return tuple(state for state in STATES if (state, verb) in TRANSITIONS)

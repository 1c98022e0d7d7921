"""The life of a submission: what may be done with it in which state, and its state then.

A verb that is not listed for a state is refused there. Three verbs are outcomes that nobody asks for: `go_stale` and
`fail` tell why something that was agreed to was not done, `apply` that it was.
"""

from __future__ import annotations

DRAFT, SUBMITTED, CHANGES_REQUESTED, APPROVED = "draft", "submitted", "changes_requested", "approved"
APPLIED, REJECTED, WITHDRAWN, STALE, FAILED = "applied", "rejected", "withdrawn", "stale", "failed"

STATES = (DRAFT, SUBMITTED, CHANGES_REQUESTED, APPROVED, APPLIED, REJECTED, WITHDRAWN, STALE, FAILED)
VERBS = (
    "edit", "submit", "request_changes", "approve", "apply", "reject", "withdraw", "rebase", "go_stale", "fail", "comment"
)  # fmt: skip

# What is pending for somebody: it concerns everybody else who wants to change the same object.
OPEN = frozenset({SUBMITTED, CHANGES_REQUESTED, APPROVED, STALE, FAILED})
# What its authors can write at without a word to anybody; a change of what was submitted is a new round.
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
    """Where `verb` leads from `state`; None where it is refused."""
    return TRANSITIONS.get((state, verb))


def states_for(verb: str) -> tuple[str, ...]:
    """The states in which `verb` can be done."""
    return tuple(state for state in STATES if (state, verb) in TRANSITIONS)

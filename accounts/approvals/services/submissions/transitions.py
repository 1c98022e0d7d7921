"""The one place where the state of a submission changes."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules import submission_states as states
from theater_site.core.errors import Conflict

_DECIDED = {SubmissionState.APPLIED, SubmissionState.REJECTED, SubmissionState.APPROVED, SubmissionState.WITHDRAWN}


def move(submission: Submission, verb: str) -> None:
    """Set the state to which `verb` leads. Conflict where it leads nowhere from here.

    The submission is the subject of the running action: locked, and loaded since. Of two who decide in the same instant
    the second finds it decided.
    """
    submission.state = SubmissionState(_after(submission, verb))


def refuse_unless(submission: Submission, verb: str) -> None:
    """Conflict where `verb` cannot be done in this state."""
    _after(submission, verb)


def _after(submission: Submission, verb: str) -> str:
    state = states.after(submission.state, verb)
    if state is not None:
        return state
    possible = ", ".join(states.states_for(verb)).replace("_", " ")
    raise Conflict(
        f"This submission is {submission.get_state_display()}; that can be done only while it is {possible}.",
        code="already_decided" if submission.state in _DECIDED else "wrong_state",
        data={"state": submission.state, "round": submission.round},
    )

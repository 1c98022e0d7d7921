"""The one place where the state of a submission changes."""

from __future__ import annotations

from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules import submission_states as states
from theater_site.core.errors import Conflict

_DECIDED = {SubmissionState.APPLIED, SubmissionState.REJECTED, SubmissionState.APPROVED, SubmissionState.WITHDRAWN}


def move(submission: Submission, verb: str) -> None:
    """Set the state to the one after `verb`.

    The submission is the subject of the running action, so it is locked and loaded after the lock. Of two concurrent decisions
    the second fails.
    Raises: Conflict `already_decided` or `wrong_state`.
    """
    submission.state = SubmissionState(_after(submission, verb))


def refuse_unless(submission: Submission, verb: str) -> None:
    """Check that `verb` is possible in the current state.

    Raises: Conflict `already_decided` or `wrong_state`.
    """
    _after(submission, verb)


def _after(submission: Submission, verb: str) -> str:
    state = states.after(submission.state, verb)
    if state is not None:
        return state
    possible = ", ".join(states.states_for(verb)).replace("_", " ")
    raise Conflict(
        f"This submission is {submission.get_state_display()}. This is possible only while it is {possible}.",
        code="already_decided" if submission.state in _DECIDED else "wrong_state",
        data={"state": submission.state, "round": submission.round},
    )

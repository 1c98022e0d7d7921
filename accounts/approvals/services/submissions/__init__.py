"""Submissions: actions that wait until somebody who wrote no part of them approves exactly these changes.

`items` reads items and runs them in a dry run, `drafts` saves drafts, `submitting` starts a round, `decisions` approves or
rejects it, `granting` applies it, `rebasing` brings a stale round up to date, `comments` and `differing` serve the approvers.
"""

from accounts.approvals.services.submissions.comments import comment_submission
from accounts.approvals.services.submissions.decisions import (
    approve_submission,
    reject_submission,
    request_changes,
)
from accounts.approvals.services.submissions.drafts import (
    draft_submission,
    save_submission,
    share_submission,
    withdraw_submission,
)
from accounts.approvals.services.submissions.rebasing import rebase_submission
from accounts.approvals.services.submissions.submitting import create_submission, submit, submit_submission

__all__ = [
    "approve_submission",
    "comment_submission",
    "create_submission",
    "draft_submission",
    "rebase_submission",
    "reject_submission",
    "request_changes",
    "save_submission",
    "share_submission",
    "submit",
    "submit_submission",
    "withdraw_submission",
]

"""Submissions: what somebody submits waits until somebody else, who wrote no part of it, agrees to exactly that.

`items` reads and runs what is submitted, `drafts` keeps it while it is written, `submitting` makes a round of it that can be
decided on, `decisions` decides, `granting` does it, `rebasing` brings a round up to date, `comments` and `differing` are
for those who have to judge it.
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

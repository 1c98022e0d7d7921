"""Announcements and questions of approvals. Listeners are connected in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from accounts.approvals.models.approvals import Substitute
from accounts.approvals.models.submissions import Submission, SubmissionComment
from accounts.users.models.users import User
from theater_site.core.announcements import Announcement, Question

submission_arrived = Announcement(
    "A submission waits for approval: submitted, or submitted again (`submission.round` > 1). Sent inside the transaction"
    " that stores it.",
    submission=Submission,
)

submission_changes_requested = Announcement(
    "An approver requested changes; `comments` are the requests, by field. Sent inside the transaction.",
    submission=Submission,
    comments=list,
)

submission_decided = Announcement(
    "A submission was approved and scheduled, applied, or rejected; see `submission.state`. Sent inside the deciding"
    " transaction.",
    submission=Submission,
)

submission_stale = Announcement(
    "A submission was not applied, since the fields that it changes have changed. Sent inside the transaction that marks it.",
    submission=Submission,
)

submission_failed = Announcement(
    "A submission cannot be applied; `submission.failure` is the error code. Sent inside the transaction that marks it.",
    submission=Submission,
)

submission_commented = Announcement(
    "Somebody commented on a submission. Sent inside the transaction.", comment=SubmissionComment
)

submission_waits = Announcement(
    "A submission reached a step where `deciders` may decide on it: it was submitted, approved at the step before, or"
    " `escalated`. If nobody may decide, the list is empty. Sent inside the transaction.",
    submission=Submission,
    deciders=list,
    escalated=bool,
)

decided_in_place = Announcement(
    "A substitute decided on a submission for `person`; `verb` is approve, reject or request_changes. Sent inside the"
    " transaction.",
    submission=Submission,
    person=User,
    verb=str,
)

submission_overdue = Announcement(
    "A submission has waited at its step for `days` days. Sent once for each number of days, inside the transaction that"
    " records it.",
    submission=Submission,
    deciders=list,
    days=int,
)

emergency_published = Announcement(
    "A submission was applied without approval; `deciders` are those who could have decided. Sent inside the transaction.",
    submission=Submission,
    deciders=list,
    reason=str,
)

substitute_named = Announcement("A substitute was named. Sent inside the transaction.", substitute=Substitute)

substitute_ended = Announcement(
    "A substitution was ended before its time. Sent inside the transaction.", substitute=Substitute
)

submittable_besides: Question[bool] = Question(
    "Whether `actor` may submit the action without a `submit_` permission, such as changes of their own data. `given` are the"
    " loaded arguments of the action.",
    arguments=("actor", "action", "given"),
    default=bool,
    combine=lambda one, other: one or other,
)

picture_urls: Question[dict[Any, str]] = Question(
    "The URLs of public pictures among the objects of one type, by object id.",
    arguments=("object_type", "ids"),
    default=dict,
)

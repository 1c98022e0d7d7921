"""What approvals announces and asks. Listeners are named in theater_site/wiring.py."""

from __future__ import annotations

from typing import Any

from accounts.approvals.models.approvals import Substitute
from accounts.approvals.models.submissions import Submission, SubmissionComment
from accounts.users.models.users import User
from theater_site.core.announcements import Announcement, Question

submission_arrived = Announcement(
    "Something waits for approval: submitted, or submitted again (`submission.round` > 1). Sent inside the transaction that"
    " stores it.",
    submission=Submission,
)

submission_changes_requested = Announcement(
    "Its authors are asked to change something; `comments` are what was asked for, field by field. Sent inside the"
    " transaction.",
    submission=Submission,
    comments=list,
)

submission_decided = Announcement(
    "A submission was approved for a set time, applied or rejected; `submission.state` tells which. Sent inside the deciding"
    " transaction.",
    submission=Submission,
)

submission_stale = Announcement(
    "It was to be done and was not, since what it would change has moved. Sent inside the transaction that marks it.",
    submission=Submission,
)

submission_failed = Announcement(
    "It was to be done and cannot be; `submission.failure` is the code of why. Sent inside the transaction that marks it.",
    submission=Submission,
)

submission_commented = Announcement(
    "Somebody wrote a remark to a submission. Sent inside the transaction.", comment=SubmissionComment
)

submission_waits = Announcement(
    "A submission came to a step where `deciders` may decide on it: it arrived, somebody agreed to it at the step before, or it"
    " went up since nobody below may (`escalated`). Nobody at all may decide: the list is empty. Sent inside the transaction.",
    submission=Submission,
    deciders=list,
    escalated=bool,
)

decided_in_place = Announcement(
    "Somebody decided on a submission in the place of `person`; `verb` is what they did: approve, reject or request_changes."
    " Sent inside the transaction.",
    submission=Submission,
    person=User,
    verb=str,
)

submission_overdue = Announcement(
    "A submission has waited at its step for `days` days. Sent once for each number of days, inside the transaction that notes"
    " it.",
    submission=Submission,
    deciders=list,
    days=int,
)

emergency_published = Announcement(
    "Somebody did what a submission submits without waiting; `deciders` are those who could have decided, `reason` is why."
    " Sent inside the transaction.",
    submission=Submission,
    deciders=list,
    reason=str,
)

substitute_named = Announcement(
    "Somebody substitutes for somebody. Sent inside the transaction.", substitute=Substitute
)

substitute_ended = Announcement(
    "Somebody no longer substitutes, before the time that was set. Sent inside the transaction.", substitute=Substitute
)

submittable_besides: Question[bool] = Question(
    "Whether `actor` may submit this though they hold no permission to: what people say of themselves, say. `given` are the"
    " arguments of the action, loaded.",
    arguments=("actor", "action", "given"),
    default=bool,
    combine=lambda one, other: one or other,
)

picture_urls: Question[dict[Any, str]] = Question(
    "The addresses of those among the objects of one type, by their ids, that are pictures everybody may see.",
    arguments=("object_type", "ids"),
    default=dict,
)

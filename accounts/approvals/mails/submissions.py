"""The mails about submissions and decisions."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.rules.approval_steps import approve
from accounts.notifications.mails.letters import Letter, Reader
from accounts.notifications.mails.people import named, said
from accounts.users.models.users import User


def submission_arrived(submission: Submission, reader: Reader) -> Letter:
    return _letter(
        submission,
        _("Waiting for you: %(title)s"),
        _("%(author)s submits “%(title)s” in %(section)s."),
        _("See what would change, and decide:"),
    )


def submission_changes_requested(
    submission: Submission, reader: Reader, by: User | None = None, comment: str = ""
) -> Letter:
    return _letter(
        submission,
        _("Changes wanted: %(title)s"),
        _("%(by)s asks for changes in what you submitted in %(section)s."),
        _("See what is wanted, change it, and submit it again:"),
        by=by,
        comment=comment,
    )


def submission_commented(submission: Submission, reader: Reader, by: User | None = None, comment: str = "") -> Letter:
    return _letter(
        submission,
        _("Comment: %(title)s"),
        _("%(by)s commented on “%(title)s” in %(section)s."),
        _("Read it and answer:"),
        by=by,
        comment=comment,
    )


def submission_decided(submission: Submission, reader: Reader) -> Letter:
    """To the authors: rejected, approved for later, applied at once, or applied at its scheduled time."""
    if submission.state == SubmissionState.REJECTED:
        subject, text = _("Rejected: %(title)s"), _("What you submitted in %(section)s was rejected by %(by)s.")
    elif submission.state == SubmissionState.APPROVED:
        subject = _("Approved for later: %(title)s")
        text = _("What you submitted in %(section)s was approved by %(by)s and is to be done on %(at)s.")
    elif submission.run_at is not None:
        subject = _("Live: %(title)s")
        text = _("What you submitted in %(section)s, and %(by)s approved, is done now that its time has come.")
    else:
        subject = _("Approved: %(title)s")
        text = _("What you submitted in %(section)s was approved by %(by)s and is done.")
    at = reader.time(submission.run_at) if submission.run_at is not None else ""
    by, person, comment = submission.decided_by, submission.decided_in_place_of, submission.comment
    return _letter(submission, subject, text, _("See it:"), by=by, in_place_of=person, comment=comment, at=at)


def decided_in_your_place(submission: Submission, reader: Reader, by: User | None, verb: str) -> Letter:
    """To an absent approver: the decision of their substitute."""
    if verb == "approve":
        text = _("%(by)s agreed to “%(title)s” by %(author)s in %(section)s in your place.")
    elif verb == "reject":
        text = _("%(by)s rejected “%(title)s” by %(author)s in %(section)s in your place.")
    else:
        text = _("%(by)s asked for changes of “%(title)s” by %(author)s in %(section)s in your place.")
    return _letter(submission, _("Decided in your place: %(title)s"), text, _("See it:"), by=by)


def submission_stale(submission: Submission, reader: Reader) -> Letter:
    return _letter(
        submission,
        _("No longer fits: %(title)s"),
        _("What was to be changed in %(section)s has changed since this was submitted, so it was not done."),
        _("See what changed, and submit it again:"),
    )


def submission_failed(submission: Submission, reader: Reader) -> Letter:
    return _letter(
        submission,
        _("Could not be done: %(title)s"),
        _("What was approved in %(section)s could not be done when its time came. Nothing was changed."),
        _("See why, fix it, and submit it again:"),
    )


def submission_reminder(submission: Submission, reader: Reader, days: int) -> Letter:
    text = ngettext(
        "“%(title)s” by %(author)s in %(section)s has waited for %(days)s day.",
        "“%(title)s” by %(author)s in %(section)s has waited for %(days)s days.",
        days,
    )
    then = _("See what would change, and decide:")
    return _letter(submission, _("Still waiting for you: %(title)s"), text, then, days=str(days))


def submission_escalated(submission: Submission, reader: Reader) -> Letter:
    return _letter(
        submission,
        _("Nobody decided yet: %(title)s"),
        _(
            "“%(title)s” by %(author)s in %(section)s waits, and there is nobody nearer who may decide. It is yours now."
        ),
        _("See what would change, and decide:"),
    )


def nobody_may_decide(submission: Submission, reader: Reader) -> Letter:
    """To the authors, and to those who manage members there and so can assign an approver."""
    return _letter(
        submission,
        _("Nobody may decide on this: %(title)s"),
        _(
            "“%(title)s” by %(author)s in %(section)s waits, and there is nobody who may decide on it: nobody approves what "
            "they wrote themselves."
        ),
        _(
            "Give somebody else a role with the permission %(permission)s there, a second director for instance. See it:"
        ),
        permission=approve(submission.area),
    )


def emergency_published(submission: Submission, reader: Reader, by: User | None, reason: str) -> Letter:
    return _letter(
        submission,
        _("Published without approval: %(title)s"),
        _("%(by)s published “%(title)s” in %(section)s at once, without the approval that you could have given."),
        _("See what was done:"),
        by=by,
        comment=reason,
    )


def own_published_in_emergency(submission: Submission, reader: Reader, by: User | None, reason: str) -> Letter:
    """To the authors."""
    return _letter(
        submission,
        _("Published without approval: %(title)s"),
        _("%(by)s published what you submitted in %(section)s at once, without waiting for its approval."),
        _("See what was done:"),
        by=by,
        comment=reason,
    )


def _letter(
    submission: Submission,
    subject: str,
    text: str,
    then: str,
    *,
    by: User | None = None,
    in_place_of: User | None = None,
    comment: str = "",
    **more: str,
) -> Letter:
    who = named(by)
    if in_place_of is not None:
        who = _("%(who)s, in the place of %(person)s") % {"who": who, "person": named(in_place_of)}
    holes = {
        "title": submission.title,
        "section": submission.section.name,
        "author": named(submission.author),
        "by": who,
        **more,
    }
    link = settings.FRONTEND_URLS["submission"].format(id=submission.pk)
    words = said(by, comment)
    return Letter(subject % holes, f"{text % holes}\n\n{words}{then % holes}\n{link}")

"""Erases what accounts stores about a person."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from accounts.approvals.models.approvals import Substitute, Waiting
from accounts.approvals.models.submissions import Submission, SubmissionAuthor, SubmissionComment, SubmissionState
from accounts.approvals.models.waivers import Waiver
from accounts.approvals.rules.submission_states import OPEN, WRITABLE
from accounts.audit.services.retention import erase_reasons, erase_values
from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment
from accounts.permissions.models.tokens import ApiToken
from accounts.permissions.services.delegation import reach_of
from accounts.privacy.rules.subjects import Subject, erased_address
from accounts.privacy.selectors.personal_data import indexes
from accounts.users.models.users import User
from accounts.users.selectors.login_tokens import session_store
from accounts.users.services.login_tokens import revoke_all_session_tokens
from theater_site.core.actions import current
from theater_site.core.mentions import mentions


def forget(subject: Subject, words: frozenset[str], **_: Any) -> None:
    """Close the account and replace its data by placeholders. Delete its sign-ins, second factors and mails, and the texts of
    its submissions and reasons. The row and its id stay, since the audit log refers to it."""
    _forget_invitations(subject)
    if subject.user_id is not None:
        _end_roles(subject.user_id)
        _forget_account(User.objects.select_for_update().get(pk=subject.user_id))
    # Last, because ending a role may add a mail to the outbox.
    _forget_texts(subject, words)


def _end_roles(user_id: int) -> None:
    now = current().instant
    held = RoleAssignment.objects.filter(user_id=user_id)
    running = [one for one in held.select_related("role", "section") if one.ends_at is None or one.ends_at > now]
    if running:
        reach_of(now, assignments=running).cut()
    for assignment in held.exclude(reason=""):
        assignment.reason = ""
        assignment.save()
    for pk in held.values_list("pk", flat=True):
        erase_values("accounts.roleassignment", pk, {"reason"})


def _forget_account(user: User) -> None:
    revoke_all_session_tokens(user)
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    NotificationPreferences.objects.filter(user=user).delete()
    for token in ApiToken.objects.filter(made_by=user, revoked_at=None):
        token.revoked_at = current().instant
        token.save()
    user.email, user.name, user.is_active, user.last_login = erased_address(user.pk), "", False, None
    user.refused_index = ""
    user.set_unusable_password()
    user.save()


def _forget_invitations(subject: Subject) -> None:
    for invitation in Invitation.objects.filter(email_index__in=indexes(subject)):
        invitation.email, invitation.reason = erased_address(invitation.pk), ""
        if invitation.assignment_id is None and invitation.withdrawn_at is None:
            invitation.withdrawn_at = current().instant
        invitation.save()
        erase_values("accounts.invitation", invitation.pk, {"email", "reason"})


def _forget_remarks(subject: Subject, words: frozenset[str]) -> None:
    """Erase their comments on submissions, and comments of others about them. That there was a comment stays known."""
    for comment in SubmissionComment.objects.order_by("pk").iterator():
        if comment.author_id == subject.user_id or mentions(comment.text, words):
            comment.text = "(erased)"
            comment.save()
            erase_values("accounts.submissioncomment", comment.pk, {"text"})


def _forget_texts(subject: Subject, words: frozenset[str]) -> None:
    """Erase encrypted texts that mention the person. Encrypted texts have no index, so all of them are read once."""
    _forget_remarks(subject, words)
    for submission in Submission.objects.order_by("pk").iterator():
        own = submission.author_id is not None and submission.author_id == subject.user_id
        written = json.dumps([submission.items, submission.decided_changes], ensure_ascii=False)
        said = f"{written} {submission.comment} {submission.title}"
        if own or mentions(said, words):
            # The actions stay known, their inputs do not.
            submission.items = [
                {"action": item["action"], "name": "", "inputs": {}, "if_version": None} for item in submission.items
            ]
            submission.comment, submission.decided_changes = "", None
            if mentions(submission.title, words):
                submission.title = "(erased)"
            if submission.state in OPEN | WRITABLE:
                submission.state = SubmissionState.WITHDRAWN if own else SubmissionState.REJECTED
                submission.decided_at = current().instant
            submission.save()
            erase_values("accounts.submission", submission.pk, {"items", "comment", "title", "decided_changes"})
    _forget_reasons(subject, words)
    if subject.user_id is not None:
        SubmissionAuthor.objects.filter(user_id=subject.user_id, wrote_at=None).delete()
    gone = [
        message.pk
        for message in Notification.objects.iterator()
        if (message.recipient_id is not None and message.recipient_id == subject.user_id)
        or mentions(f"{message.address or ''} {message.subject} {message.body}", words)
    ]
    Notification.objects.filter(pk__in=gone).delete()
    for key in Session.objects.values_list("session_key", flat=True):
        session = session_store(key)
        signed_in_as = str(session.get(SESSION_KEY, ""))
        if signed_in_as == str(subject.user_id) or mentions(json.dumps(dict(session.items()), default=str), words):
            session.delete()


def _forget_reasons(subject: Subject, words: frozenset[str]) -> None:
    """End the person's substitutions, in both directions, and erase reasons of waivers that mention them."""
    now, user_id = current().instant, subject.user_id
    for substitute in Substitute.objects.order_by("pk").iterator():
        own = user_id is not None and user_id in (substitute.person_id, substitute.substitute_id)
        if own or mentions(substitute.reason, words):
            substitute.reason = ""
            if own and substitute.ends_at > now:
                substitute.starts_at, substitute.ends_at = min(substitute.starts_at, now), now
            substitute.save()
            erase_values("accounts.substitute", substitute.pk, {"reason"})
    for waiver in Waiver.objects.order_by("pk").iterator():
        if (user_id is not None and waiver.by_id == user_id) or mentions(waiver.reason, words):
            waiver.reason = "(erased)"
            waiver.save()
            erase_values("accounts.waiver", waiver.pk, {"reason"})
    erase_reasons(lambda entry, said: (user_id is not None and entry.actor_id == user_id) or mentions(said, words))
    for waiting in Waiting.objects.order_by("pk").iterator():
        if waiting.waived and mentions(json.dumps(waiting.waived, ensure_ascii=False), words):
            waiting.waived = dict.fromkeys(waiting.waived, "(erased)")
            waiting.save()

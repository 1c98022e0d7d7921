"""The personal data that accounts stores, and the format in which every app exports it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q

from accounts.approvals.models.approvals import Agreement, Substitute, Waiting
from accounts.approvals.models.submissions import Submission, SubmissionAuthor, SubmissionComment
from accounts.approvals.models.waivers import Waiver
from accounts.audit.models.entries import AuditEntry
from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.permissions.models.invitations import Invitation
from accounts.permissions.models.sections import RoleAssignment
from accounts.permissions.models.tokens import ApiToken
from accounts.privacy.rules.subjects import Subject
from accounts.users.models.users import User, stored_email
from theater_site.core.encryption import blind_index

# By model label ("ticketing.order"), one dictionary for each row. An empty list means that no rows were found.
Held = dict[str, list[dict[str, Any]]]


def told(rows: Iterable[Any], *fields: str, **named: str) -> list[dict[str, Any]]:
    """`rows` as JSON: their `fields`, and under each given name the value of a path such as "section.name"."""
    paths = {"id": "pk", **{field: field for field in fields}, **named}
    return [{name: _plain(_follow(row, path)) for name, path in paths.items()} for row in rows]


def _follow(row: Any, path: str) -> Any:
    for step in path.split("."):
        row = getattr(row, step, None)
        if row is None:
            return None
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID | timedelta) else value


def indexes(subject: Subject) -> list[str]:
    """The blind indexes of the subject's addresses, with which encrypted columns are searched."""
    return [blind_index(email) for email in sorted(subject.emails)]


def _to_their_addresses(subject: Subject) -> list[Notification]:
    """Messages to an address without an account. They are encrypted without an index, so all of them are read."""
    mails = Notification.objects.filter(recipient=None).order_by("pk").iterator()
    return [message for message in mails if stored_email(message.address or "") in subject.emails]


def held_by_accounts(subject: Subject) -> Held:
    """The account with its data, and the user's submissions, notifications and actions. Answers `held_about`."""
    mine = Q(user_id=subject.user_id) if subject.user_id is not None else Q(pk__in=())
    user = subject.user_id if subject.user_id is not None else -1
    return {
        "accounts.user": told(
            User.objects.filter(pk=user),
            *("email", "name", "language", "timezone", "is_active", "date_joined", "last_login"),
        ),
        "account.emailaddress": told(EmailAddress.objects.filter(mine), "email", "verified", "primary"),
        "mfa.authenticator": told(Authenticator.objects.filter(mine), "type", "created_at", "last_used_at"),
        "usersessions.usersession": told(
            UserSession.objects.filter(mine), "created_at", "last_seen_at", address="ip", device="user_agent"
        ),
        "accounts.roleassignment": told(
            RoleAssignment.objects.filter(mine).select_related("role", "section").order_by("pk"),
            *("starts_at", "ends_at", "reason"),
            role="role.title",
            section="section.name",
        ),
        "accounts.invitation": told(
            Invitation.objects.filter(email_index__in=indexes(subject)).select_related("role", "section"),
            *("email", "reason", "created_at", "expires_at"),
            role="role.title",
            section="section.name",
        ),
        "accounts.submission": told(
            Submission.objects.filter(author_id=user).order_by("pk"),
            *("title", "area", "state", "items", "comment", "created_at", "decided_at"),
        ),
        "accounts.agreement": told(
            Agreement.objects.filter(mine | Q(in_place_of=user)).order_by("pk"),
            "at",
            "step",
            submission="submission_id",
        ),
        "accounts.substitute": told(
            Substitute.objects.filter(Q(person_id=user) | Q(substitute_id=user))
            .select_related("section")
            .order_by("pk"),
            *("area", "starts_at", "ends_at", "reason"),
            section="section.name",
        ),
        "accounts.waiting": told(
            Waiting.objects.filter(submission__decided_by=user).order_by("pk"),
            "since",
            "waived",
            submission="submission_id",
        ),
        "accounts.waiver": told(
            Waiver.objects.filter(by_id=user).order_by("pk"), "rule", "reason", "created_at", "until"
        ),
        "accounts.submissionauthor": told(
            SubmissionAuthor.objects.filter(mine).select_related("submission").order_by("pk"),
            *("created_at", "wrote_at"),
            submission="submission.title",
        ),
        "accounts.submissioncomment": told(
            SubmissionComment.objects.filter(author_id=user).order_by("pk"), "round", "field", "text", "created_at"
        ),
        "accounts.notification": told(
            [*Notification.objects.filter(recipient_id=user).order_by("pk"), *_to_their_addresses(subject)],
            *("kind", "subject", "body", "address", "created_at", "delivered_at", "read_at"),
        ),
        "accounts.notificationpreferences": told(
            NotificationPreferences.objects.filter(user_id=user), "deliveries", "digest_at", "quiet_from", "quiet_until"
        ),
        "accounts.apitoken": told(
            ApiToken.objects.filter(made_by_id=user).order_by("pk"),
            *("name", "hint", "created_at", "expires_at", "revoked_at"),
        ),
        "accounts.auditentry": told(
            AuditEntry.objects.filter(Q(actor_id=user) | Q(on_behalf_of_id=user)).order_by("at"),
            *("action", "at", "request_id"),
        ),
    }

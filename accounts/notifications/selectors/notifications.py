"""Reads the notifications of a user, and the mail queue of the installation."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.notifications.rules.notification_kinds import DIGEST
from accounts.users.models.users import User


def notifications_of(user: User) -> QuerySet[Notification]:
    """All notifications of the user, mailed or not, without the mails of digests."""
    return Notification.objects.filter(recipient=user).exclude(kind=DIGEST)


def unread_count(user: User) -> int:
    return notifications_of(user).filter(read_at=None).count()


def preferences_of(user: User) -> NotificationPreferences:
    """The user's preferences; unsaved defaults if they have none."""
    return NotificationPreferences.objects.select_related("user").filter(user=user).first() or NotificationPreferences(
        user=user
    )


# Notifications that are only listed, or that are part of a digest, are not mails.
_MAILED = Q(next_attempt_at__isnull=False) | Q(delivered_at__isnull=False) | Q(failed=True)


def mail_queue() -> QuerySet[Notification]:
    """All mails of the installation, without their texts."""
    return Notification.objects.filter(_MAILED).defer("subject", "body", "address")


def mail_state(mail: Notification) -> str:
    if mail.failed:
        return "failed"
    return "waiting" if mail.delivered_at is None else "delivered"


def mail_counts() -> dict[str, int]:
    """The number of mails that wait, of those that wait for another attempt, and of those given up."""
    waiting = Q(next_attempt_at__isnull=False)
    return Notification.objects.filter(waiting | Q(failed=True)).aggregate(
        waiting=Count("pk", filter=waiting),
        retrying=Count("pk", filter=waiting & ~Q(last_error="")),
        failed=Count("pk", filter=Q(failed=True)),
    )

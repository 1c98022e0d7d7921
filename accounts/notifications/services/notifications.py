"""Marks notifications as read, and sends failed mails again."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from django.db.models import Q

from accounts.notifications.models.notifications import Notification
from accounts.permissions.models.sections import Section
from accounts.users.models.users import User
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed


class Marked(NamedTuple):
    """The number of notifications that were unread before."""

    read: int


class Retried(NamedTuple):
    """The number of mails that are sent again."""

    retried: int


@action("notification.read", open_to=OpenTo.SIGNED_IN)
def read_notification(*, notification: Notification) -> Notification:
    """Mark a notification as read. A digest that is not sent yet leaves it out."""
    if notification.recipient_id != current().actor.user_id:
        raise NotAllowed("This notification is somebody else's.", code="not_own_notification")
    current().note["notification"] = notification.pk
    if notification.read_at is None:
        notification.read_at = current().instant
        Notification.objects.filter(pk=notification.pk, read_at=None).update(read_at=notification.read_at)
    return notification


@action("notification.read_all", open_to=OpenTo.SIGNED_IN)
def read_all_notifications(
    *,
    user: User,
    up_to: Annotated[int | None, Doc("Id of the last one that was seen; null marks all as read. Example: 88")],
) -> Marked:
    """Mark all your notifications as read."""
    if user.pk != current().actor.user_id:
        raise NotAllowed("These notifications are somebody else's.", code="not_own_notification")
    rows = Notification.objects.filter(recipient=user, read_at=None)
    if up_to is not None:
        rows = rows.filter(pk__lte=up_to)
    marked = rows.update(read_at=current().instant)
    current().note["read"] = marked
    return Marked(marked)


@action("mail.retry", needs=Needs("manage_members", on="organization"))
def retry_mail(*, organization: Section, message: Notification) -> Notification:
    """Try to send a failed mail again. Needs the permission on the organization itself.

    Errors: `not_failed` for a mail that was delivered or is still being tried.
    """
    _refuse_parts(organization)
    if not _again(Q(pk=message.pk)):
        raise Conflict("Only a mail that was given up can be tried again.", code="not_failed")
    current().note["mails"] = [message.pk]
    message.refresh_from_db()
    return message


@action("mail.retry_all", needs=Needs("manage_members", on="organization"))
def retry_all_mail(*, organization: Section) -> Retried:
    """Send all failed mails again."""
    _refuse_parts(organization)
    done = _again(Q())
    current().note["retried"] = done
    return Retried(done)


def _again(which: Q) -> int:
    return Notification.objects.filter(which, failed=True).update(
        failed=False, attempts=0, last_error="", next_attempt_at=current().instant
    )


def _refuse_parts(organization: Section) -> None:
    if organization.parent_id is not None:
        raise Invalid("Mail belongs to the organization, not to a part of it.", code="not_root", field="organization")

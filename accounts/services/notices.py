"""What becomes of notices after they were told: read by whom they are for, retried by whoever looks after the mail."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q

from accounts.models import Notification, Section, User
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.errors import Conflict, Invalid, NotAllowed


class Marked(NamedTuple):
    """How many notices were unread before."""

    read: int


class Retried(NamedTuple):
    """How many mails are tried anew."""

    retried: int


@action("notice.read", open_to=OpenTo.SIGNED_IN)
def read_notice(*, notice: Notification) -> Notification:
    """Mark one of one's own as read; a second time changes nothing. A digest that still waits leaves it out."""
    if notice.recipient_id != current().actor.user_id:
        raise NotAllowed("This notice is somebody else's.", code="not_own_notice")
    current().note["notice"] = notice.pk
    if notice.read_at is None:
        notice.read_at = current().instant
        Notification.objects.filter(pk=notice.pk, read_at=None).update(read_at=notice.read_at)
    return notice


@action("notice.read_all", open_to=OpenTo.SIGNED_IN)
def read_all_notices(*, user: User, up_to: int | None) -> Marked:
    """Mark all one's own as read, those with an id up to `up_to` (the newest that was seen), or all there are."""
    if user.pk != current().actor.user_id:
        raise NotAllowed("These notices are somebody else's.", code="not_own_notice")
    rows = Notification.objects.filter(recipient=user, read_at=None)
    if up_to is not None:
        rows = rows.filter(pk__lte=up_to)
    marked = rows.update(read_at=current().instant)
    current().note["read"] = marked
    return Marked(marked)


@action("mail.retry", needs=Needs("manage_members", on="organization"))
def retry_mail(*, organization: Section, message: Notification) -> Notification:
    """Try a mail anew that was given up, as often as a new one; under its old Message-ID. The right is needed on the
    organization itself. Refused (`not_failed`): one that is delivered, or that is still tried."""
    _refuse_parts(organization)
    if not _again(Q(pk=message.pk)):
        raise Conflict("Only a mail that was given up can be tried again.", code="not_failed")
    current().note["mails"] = [message.pk]
    message.refresh_from_db()
    return message


@action("mail.retry_all", needs=Needs("manage_members", on="organization"))
def retry_all_mail(*, organization: Section) -> Retried:
    """Try every mail anew that was given up: once the mail server is mended."""
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

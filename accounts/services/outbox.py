"""The outbox: put a message in with what it tells of, deliver it after the commit, try again when that fails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from accounts.models import Notification, User
from theater_site.core import recording
from theater_site.core.actions import current

ATTEMPTS = 8
_FIRST_DELAY = timedelta(minutes=1)
_BATCH = 50


def put(kind: str, recipients: Iterable[User], subject: str, body: str) -> None:
    """One message to each of `recipients`, in the running action's transaction: told if that commits, else never."""
    now = current().instant
    Notification.objects.bulk_create(
        Notification(recipient=user, kind=kind, subject=subject, body=body, created_at=now, next_attempt_at=now)
        for user in recipients
    )


def deliver_due(now: datetime | None = None) -> tuple[int, int]:
    """Send what is due through the configured mail backend; answers (delivered, failed this time).

    A row is claimed by moving its next attempt on before anything is sent, so a second worker passes it by and a killed
    one's message comes again later. The mail may then arrive twice, when the worker died between the server's yes and
    our note of it; SMTP offers no way to tell.
    """
    now = now or recording.instant()
    with transaction.atomic():
        due = list(
            Notification.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient")
            .filter(next_attempt_at__lte=now)
            .order_by("next_attempt_at", "pk")[:_BATCH]
        )
        for message in due:
            message.attempts += 1
            message.next_attempt_at = now + _FIRST_DELAY * 2 ** (message.attempts - 1)
        Notification.objects.bulk_update(due, ["attempts", "next_attempt_at"])
    delivered = 0
    connection = get_connection()
    for message in due:
        mail = EmailMessage(message.subject, message.body, to=[message.recipient.email], connection=connection)
        try:
            mail.send()
        except Exception as error:
            # The server's own words may repeat the address; the kind of failure is enough to act upon.
            message.last_error = type(error).__name__
            message.failed = message.attempts >= ATTEMPTS
            if message.failed:
                message.next_attempt_at = None
        else:
            delivered += 1
            message.delivered_at, message.next_attempt_at, message.last_error = now, None, ""
        message.save(update_fields=["last_error", "failed", "next_attempt_at", "delivered_at"])
    return delivered, len(due) - delivered

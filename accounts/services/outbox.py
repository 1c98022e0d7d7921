"""The outbox: put a message in with what it tells of, deliver it after the commit, try again when that fails."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from accounts.models import Notification, User
from theater_site.core import recording
from theater_site.core.actions import current
from theater_site.core.errors import Unavailable

ATTEMPTS = 8
_FIRST_DELAY = timedelta(minutes=1)
# Longer than one message can take (EMAIL_TIMEOUT holds for each step of the dialog), or a second worker would send
# what the first one is still sending.
_CLAIM = timedelta(minutes=10)
_BATCH = 50


class Delivery(NamedTuple):
    """What one round came to: messages delivered, and messages that could not be, this time or for good."""

    delivered: int
    failed: int

    def __str__(self) -> str:
        return f"{self.delivered} delivered, {self.failed} failed"


class _NoRecipient(Exception):
    """The address has gone since; the mail library would pass over it in silence."""


def put(kind: str, recipients: Iterable[User], subject: str, body: str) -> None:
    """One message to each of `recipients`, in the running action's transaction: told if that commits, else never."""
    now = current().instant
    Notification.objects.bulk_create(
        Notification(recipient=user, kind=kind, subject=subject, body=body, created_at=now, next_attempt_at=now)
        for user in recipients
    )


def put_to_address(kind: str, address: str, subject: str, body: str) -> None:
    """One message to somebody who has no account, else as `put`; outside of an action too."""
    now = recording.instant()
    Notification.objects.create(
        address=address, kind=kind, subject=subject, body=body, created_at=now, next_attempt_at=now
    )


def deliver_due(now: datetime | None = None) -> Delivery:
    """Send what is due through the configured mail backend.

    Each message is claimed just before it is sent, so that any number of workers share the work and none sends what
    another has taken. A worker that dies with a message in hand leaves it to be sent again after `_CLAIM`; where it
    died between the server's yes and our note of it, the mail arrives twice, under one Message-ID. Tried `ATTEMPTS`
    times at growing distances, a message is given up. Raises Unavailable where the server itself cannot be reached:
    that is no message's fault and counts against none.
    """
    waiting = Notification.objects.filter(next_attempt_at__lte=now or recording.instant()).order_by(
        "next_attempt_at", "pk"
    )
    due = list(waiting.values_list("pk", "attempts")[:_BATCH])
    connection = get_connection()
    outcomes = []
    try:
        for pk, attempts in due:
            _reach(connection)
            if _claim(pk, attempts, now or recording.instant()):
                outcomes.append(_deliver(pk, attempts + 1, connection, now))
    finally:
        _hang_up(connection)
    return Delivery(outcomes.count(True), outcomes.count(False))


def _reach(connection: Any) -> None:
    try:
        connection.open()  # nothing, where it is open
    except Exception as error:
        # The server's own words may repeat user names; the kind of failure is enough to act upon.
        raise Unavailable(f"The mail server cannot be reached ({type(error).__name__}): see EMAIL_URL.") from None


def _hang_up(connection: Any) -> None:
    with suppress(Exception):  # the other side may have done so before
        connection.close()


def _claim(pk: int, attempts: int, now: datetime) -> bool:
    """Whether this message is ours to send: of all workers that saw it, the first one's update finds it unchanged."""
    unclaimed = Notification.objects.filter(pk=pk, attempts=attempts, next_attempt_at__lte=now)
    if attempts >= ATTEMPTS:
        # Nobody noted the outcome of its last attempt: a message that ends the worker must not end it for ever.
        unclaimed.update(failed=True, next_attempt_at=None, last_error="WorkerDied")
        return False
    return unclaimed.update(attempts=attempts + 1, next_attempt_at=now + _CLAIM) == 1


def _deliver(pk: int, attempt: int, connection: Any, now: datetime | None) -> bool:
    try:
        message = Notification.objects.select_related("recipient").get(pk=pk)
        mail = EmailMessage(
            message.subject,
            message.body,
            to=[message.recipient.email if message.recipient is not None else message.address],
            headers={"Message-ID": _message_id(message), "Auto-Submitted": "auto-generated"},
            connection=connection,
        )
        if mail.send() != 1:
            raise _NoRecipient
    except Exception as error:
        _hang_up(connection)  # in whatever state the failure left it
        given_up = attempt >= ATTEMPTS
        again = (now or recording.instant()) + _FIRST_DELAY * 2 ** (attempt - 1)
        outcome = {
            "last_error": type(error).__name__.lstrip("_"),
            "failed": given_up,
            "next_attempt_at": None if given_up else again,
        }
    else:
        outcome = {"delivered_at": now or recording.instant(), "next_attempt_at": None, "last_error": ""}
    # Whoever held on to a message past its claim must not undo what the next one noted.
    Notification.objects.filter(pk=pk, attempts=attempt).update(**outcome)
    return "delivered_at" in outcome


def _message_id(message: Notification) -> str:
    """The same at every attempt, so that a mail that arrives twice can be known for one."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<notification.{message.pk}.{message.created_at:%Y%m%d%H%M%S%f}@{domain}>"

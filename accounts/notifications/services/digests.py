"""Gathers the waiting notifications of each reader into one mail a day."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from accounts.notifications.mails.digests import digest
from accounts.notifications.mails.letters import Letter, Reader, for_reader
from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.notifications.rules.notification_kinds import DIGEST, KINDS, Delivery
from accounts.users.models.users import User
from theater_site.core import runs

log = logging.getLogger(__name__)
_READERS_A_ROUND = 200


def gather_due(now: datetime | None = None) -> int:
    """Put a digest into the outbox for each reader whose digest is due. Returns their number.

    Leaves out notifications that were read, or whose kind was turned off. Each reader's digest is one transaction: a killed
    worker leaves all of the reader's notifications, and two workers cannot put one into two digests.
    """
    now = now or runs.instant()
    due = Notification.objects.filter(digest_at__lte=now).order_by("digest_at").values_list("recipient_id", flat=True)
    readers = dict.fromkeys(due[:_READERS_A_ROUND])
    return sum(_gather(User.objects.get(pk=pk), now) for pk in readers)


def _gather(user: User, now: datetime) -> bool:
    preferences = NotificationPreferences.objects.filter(user=user).first() or NotificationPreferences(user=user)
    with transaction.atomic():
        waiting = Notification.objects.filter(recipient=user, digest_at__lte=now).select_for_update(skip_locked=True)
        keys = list(waiting.order_by("pk").values_list("pk", "kind", "read_at"))
        wanted = [
            pk
            for pk, kind, read_at in keys
            if read_at is None and not (kind in KINDS and preferences.delivery_of(kind) is Delivery.OFF)
        ]
        letters = [letter for pk in wanted if (letter := _letter(pk)) is not None]
        made = _put(user, letters, now) if letters else None
        Notification.objects.filter(pk__in=[key[0] for key in keys]).update(digest_at=None)
        Notification.objects.filter(pk__in=wanted, failed=False).update(digest=made)
    return made is not None


def _put(user: User, letters: list[Letter], now: datetime) -> Notification:
    whole = for_reader(lambda reader: digest(letters, reader), Reader.of(user))
    return Notification.objects.create(
        recipient=user, kind=DIGEST, subject=whole.subject, body=whole.body, created_at=now, next_attempt_at=now,
        thread=DIGEST,
    )  # fmt: skip


def _letter(pk: int) -> Letter | None:
    """The letter of a notification; None if it cannot be decrypted: it is given up, and must not block the others."""
    try:
        row = Notification.objects.get(pk=pk)
    except Exception as error:
        log.error("notification %s cannot be read: %s", pk, type(error).__name__)
        Notification.objects.filter(pk=pk).update(failed=True, last_error=type(error).__name__)
        return None
    return Letter(row.subject, row.body)

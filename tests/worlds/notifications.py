"""Scenes of mail: notifications as services put them, and mails whose server refused them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from django.core.mail import EmailMultiAlternatives

from accounts.models import Notification, User
from accounts.notifications.mails.letters import Letter
from accounts.notifications.services import outbox
from theater_site.core import runs
from theater_site.core.actions import Run
from theater_site.core.actors import Actor, System


@contextmanager
def acting(actor: Actor, at: datetime | None = None) -> Iterator[None]:
    """As inside an action of `actor`, at the instant `at`."""
    token = runs.running.set(Run(actor=actor, instant=at or runs.instant()))
    try:
        yield
    finally:
        runs.running.reset(token)


def tell(kind: str, *recipients: User, at: datetime | None = None, **options: Any) -> list[Notification]:
    """Put one notification to each, as a running action does at the instant `at`."""
    subject, body = options.pop("subject", "News"), options.pop("body", "There is news.")
    known = set(Notification.objects.values_list("pk", flat=True))
    with acting(System("test"), at):
        outbox.put(kind, recipients, options.pop("make", lambda reader: Letter(subject, body)), **options)
    return list(Notification.objects.exclude(pk__in=known).order_by("pk"))


def given_up(user: User) -> Notification:
    """A mail to `user` that the server refused until it was given up."""
    (mail,) = tell("role_given", user)
    now = mail.created_at
    with patch.object(EmailMultiAlternatives, "send", side_effect=ValueError):
        for _ in range(outbox.ATTEMPTS):
            now += timedelta(days=1)
            outbox.deliver_due(now)
    mail.refresh_from_db()
    assert mail.failed
    return mail

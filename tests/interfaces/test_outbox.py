"""Delivering what the outbox holds: once, again where it failed, never for ever, and never past what another noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.models import Notification, User
from accounts.notifications.services import outbox
from tests import world
from theater_site.core.errors import Unavailable


def put(*recipients: User, subject: str = "Hello", body: str = "There is news.") -> list[Notification]:
    """Messages as the services leave them."""
    now = timezone.now()
    return [
        Notification.objects.create(
            recipient=who, kind="test", subject=subject, body=body, created_at=now, next_attempt_at=now
        )
        for who in recipients
    ]


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.django_db
def test_an_action_sends_its_mail_once() -> None:
    root, director = world.found()
    ann = world.give("stage_manager", root, by=director)
    Notification.objects.exclude(recipient=ann).delete()
    assert outbox.deliver_due() == (1, 0)
    assert outbox.deliver_due() == (0, 0)
    (sent,) = mail.outbox
    assert sent.to == [ann.email]
    assert sent.subject.startswith("You are now Stage manager")
    noted = Notification.objects.get(recipient=ann)
    assert noted.delivered_at is not None
    assert (noted.next_attempt_at, noted.failed, noted.last_error) == (None, False, "")


@pytest.mark.django_db
def test_a_failed_action_sends_no_mail() -> None:
    root, director = world.found()
    Notification.objects.all().delete()
    with pytest.raises(Exception, match="end"):
        world.give("viewer", root, by=director, starts_at=timezone.now(), ends_at=timezone.now() - minutes(1))
    assert not Notification.objects.exists()


class Refusing:
    """A mail backend whose server takes the call and refuses the messages whose subject says so."""

    opened = sent = 0
    reachable = True

    def open(self) -> None:
        type(self).opened += 1
        if not self.reachable:
            raise ConnectionRefusedError("mail.internal:25")

    def close(self) -> None: ...

    def send_messages(self, messages: list[Any]) -> int:
        for message in messages:
            if "refuse" in message.subject:
                raise ValueError(f"550 no such user: {message.to[0]}")
            type(self).sent += 1
        return len(messages)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Refusing]:
    class Server(Refusing):
        pass

    monkeypatch.setattr(outbox, "get_connection", Server)
    return Server


@pytest.mark.django_db
def test_a_refused_message_is_retried_with_growing_delays_and_then_fails(server: type[Refusing]) -> None:
    (message,) = put(world.user(), subject="refuse me")
    now = timezone.now()
    waits = []
    for attempt in range(1, outbox.ATTEMPTS + 1):
        assert outbox.deliver_due(now) == (0, 1)
        assert outbox.deliver_due(now) == (0, 0), "not again at once"
        message.refresh_from_db()
        assert message.attempts == attempt
        assert message.last_error == "ValueError", "the server's words may name people"
        if message.next_attempt_at is not None:
            waits.append(message.next_attempt_at - now)
            now = message.next_attempt_at
    assert waits == [minutes(2**n) for n in range(outbox.ATTEMPTS - 1)]
    assert (message.failed, message.next_attempt_at) == (True, None)
    assert outbox.deliver_due(now + timedelta(days=365)) == (0, 0)


@pytest.mark.django_db
def test_a_failing_message_does_not_block_others(server: type[Refusing]) -> None:
    put(world.user(), subject="refuse me")
    put(world.user(), world.user())
    unreadable, *_ = put(world.user(), subject="unreadable")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_notification SET body = 'garbled' WHERE id = %s", [unreadable.pk])
    put(world.user())
    assert outbox.deliver_due() == (3, 2)
    assert server.sent == 3


@pytest.mark.django_db
def test_an_unreachable_server_counts_against_no_message(server: type[Refusing]) -> None:
    put(world.user(), world.user())
    server.reachable = False
    for _ in range(outbox.ATTEMPTS + 1):
        with pytest.raises(Unavailable, match="ConnectionRefusedError") as refused:
            outbox.deliver_due()
        assert "internal" not in str(refused.value)
    assert set(Notification.objects.values_list("attempts", flat=True)) == {0}
    server.reachable = True
    assert outbox.deliver_due() == (2, 0)


@pytest.mark.django_db
def test_no_connection_is_opened_while_no_message_is_due(server: type[Refusing]) -> None:
    assert outbox.deliver_due() == (0, 0)
    assert server.opened == 0


@pytest.mark.django_db
def test_a_message_without_an_address_is_not_marked_delivered() -> None:
    (message,) = put(world.user())
    User.objects.filter(pk=message.recipient_id).update(email="")
    assert outbox.deliver_due() == (0, 1)
    message.refresh_from_db()
    assert (message.delivered_at, message.last_error) == (None, "NoRecipient")


@pytest.mark.django_db
def test_messages_of_a_killed_worker_are_retried_a_limited_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> int:
        raise Killed

    (message,) = put(world.user())
    now = timezone.now()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", die)
        with pytest.raises(Killed):
            outbox.deliver_due(now)
    assert outbox.deliver_due(now + minutes(1)) == (0, 0), "the first one may still be sending it"
    assert outbox.deliver_due(now + minutes(30)) == (1, 0)
    Notification.objects.update(attempts=outbox.ATTEMPTS, delivered_at=None, next_attempt_at=now)
    assert outbox.deliver_due(now) == (0, 0)
    message.refresh_from_db()
    assert (message.failed, message.last_error) == (True, "WorkerDied")


@pytest.mark.django_db
def test_a_late_worker_does_not_overwrite_the_result_of_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    (message,) = put(world.user())
    now = timezone.now()
    real = mail.EmailMessage.send

    def slow(self: mail.EmailMessage, *_: Any) -> int:
        monkeypatch.setattr(mail.EmailMessage, "send", real)
        assert outbox.deliver_due(now + minutes(30)) == (1, 0)  # another worker, much later
        raise TimeoutError

    monkeypatch.setattr(mail.EmailMessage, "send", slow)
    outbox.deliver_due(now)
    message.refresh_from_db()
    assert message.delivered_at is not None
    assert message.next_attempt_at is None
    assert len(mail.outbox) == 1

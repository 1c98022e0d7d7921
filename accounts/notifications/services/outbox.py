"""The outbox: store a message in the transaction of its cause, deliver it after the commit, retry when that fails.

The reasons for this design and the limits of SMTP: docs/decisions/mail-goes-through-an-outbox.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from django.core.mail import get_connection
from django.db import connection as database
from django.db import models, transaction

from accounts.notifications.mails.letters import Letter, Make, Reader, for_reader
from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.notifications.rules.notification_kinds import KINDS
from accounts.notifications.rules.quiet_hours import after_quiet_hours
from accounts.notifications.services.envelopes import (
    NoRecipient,
    Sealed,
    enveloped,
    final,
    hung_up,
    reason,
    refused_address,
    unreachable,
)
from accounts.notifications.services.notification_preferences import going
from accounts.users.models.users import User
from accounts.users.rules.locales import zone_of
from theater_site.core import runs
from theater_site.core.actions import current
from theater_site.core.encryption import blind_index
from theater_site.core.errors import Unavailable

ATTEMPTS = 8
_FIRST_DELAY = timedelta(minutes=1)
# Longer than sending one message can take (EMAIL_TIMEOUT applies to each step of the dialog). Otherwise a second worker would
# send a message that the first one is still sending.
_CLAIM = timedelta(minutes=10)
# How long a worker has a batch to itself before it starts with a message. Only the speed depends on it: each message is
# claimed separately before it is sent.
_BATCH_CLAIM = timedelta(minutes=1)
_BATCH = 50
_REFUSED = "AddressRefusedBefore"
# Other jobs, and a request to stop the worker, wait for this long.
_ROUND_SECONDS = 8


class Delivery(NamedTuple):
    """The result of one round: delivered messages, and messages that failed, for now or permanently."""

    delivered: int
    failed: int

    def __str__(self) -> str:
        return f"{self.delivered} delivered, {self.failed} failed"


def put(
    kind: str,
    recipients: Iterable[User],
    make: Make,
    *,
    thread: str = "",
    about: models.Model | None = None,
    once: str = "",
) -> None:
    """Notify each of `recipients` in their language. The notification is stored if the running action's transaction commits.

    Skips inactive users. To a permanently refused address only urgent messages are mailed; others are only listed. `thread`
    groups mails, `about` is the object. If notifications to one user have the same `once`, only the first is stored. All
    three hold ids, no words.
    Raises: KeyError for an undeclared kind.
    """
    KINDS[kind]
    now = current().instant
    told = {user.pk: user for user in recipients if user.is_active}
    preferences = {} if KINDS[kind].urgent else _preferences_of(told)
    rows = []
    for user in told.values():
        letter = for_reader(make, Reader.of(user))
        mailed_at, digest_at = going(kind, user, preferences.get(user.pk) or NotificationPreferences(user=user), now)
        if refused := not user.takes_mail and not KINDS[kind].urgent and (mailed_at or digest_at) is not None:
            mailed_at = digest_at = None
        rows.append(
            Notification(
                recipient=user,
                kind=kind,
                subject=letter.subject,
                body=letter.body,
                created_at=now,
                next_attempt_at=mailed_at,
                digest_at=digest_at,
                failed=refused,
                last_error=_REFUSED if refused else "",
                once=once,
                **_belonging(thread, about),
            )
        )
    # The database skips duplicates of `once`, so that two concurrent workers need no lock.
    Notification.objects.bulk_create(rows, ignore_conflicts=bool(once))


def withdraw_unsent(kind: str, recipients: Iterable[User], about: models.Model) -> None:
    """Delete these users' notifications of this kind about `about` that were neither sent nor read yet."""
    rows = Notification.objects.filter(
        recipient__in=list(recipients), read_at=None, delivered_at=None, attempts=0, digest=None, kind=kind
    )
    about_it = _belonging("", about)
    rows.filter(about_type=about_it["about_type"], about_id=about_it["about_id"])._raw_delete(rows.db)


def _preferences_of(users: Mapping[int, User]) -> dict[int, NotificationPreferences | None]:
    """The preferences by user, None without a row. Uses rows that were loaded with the users; else one query."""
    name = "notification_preferences"
    along = {pk: user._state.fields_cache[name] for pk, user in users.items() if name in user._state.fields_cache}
    others = users.keys() - along.keys()
    return {**along, **(NotificationPreferences.objects.in_bulk(others) if others else {})}


def put_to_address(
    kind: str,
    address: str,
    make: Make,
    *,
    recipient: User | None = None,
    thread: str = "",
    about: models.Model | None = None,
    attachments: str = "",
) -> None:
    """Store one message to an address, which may have no account. It is sent at once; else like `put`. Works outside of an
    action.

    With `recipient` it is in their language, and in their list. `attachments` names the maker of its files (see
    mails/attachments.py), which is called with the id of `about` when the mail is sent.
    """
    KINDS[kind]
    now = runs.instant()
    letter: Letter = for_reader(make, Reader.of(recipient))
    Notification.objects.create(
        recipient=recipient,
        address=address,
        kind=kind,
        subject=letter.subject,
        body=letter.body,
        created_at=now,
        next_attempt_at=now,
        attachments=attachments,
        **_belonging(thread, about),
    )


def _belonging(thread: str, about: models.Model | None) -> dict[str, str]:
    if about is None:
        return {"thread": thread}
    return {"thread": thread, "about_type": about._meta.label_lower, "about_id": str(about.pk)}


# --- Delivering ----------------------------------------------------------------------------------------------


def deliver_due(now: datetime | None = None) -> Delivery:
    """Send the due messages through the configured mail backend, in batches, for some seconds at most.

    A batch is claimed for a minute, so that any number of workers share the work. Each message is claimed again just before
    it is sent, so that two workers never send the same one. If a worker dies, others take the rest of its batch after a
    minute, and the message being sent after `_CLAIM`. If it dies after the server accepted a mail and before that is stored,
    the mail arrives twice, with one Message-ID. A message is given up after `ATTEMPTS` attempts at growing intervals, or when
    the server refuses it permanently.
    Raises: Unavailable if the server cannot be reached or a provider takes no mail from us. This is not counted as an attempt.
    """
    connection = get_connection()
    outcomes: list[bool] = []
    until = monotonic() + _ROUND_SECONDS
    try:
        while monotonic() < until and (batch := _claim(now or runs.instant())):
            try:
                with database.cursor() as cursor:
                    for message in _loaded(batch):
                        _reach(connection)
                        if attempt := _begin(cursor, message.pk, batch, now or runs.instant()):
                            outcomes.append(_deliver(cursor, message, attempt, connection, now))
            except Unavailable:
                _give_back(batch, now or runs.instant())
                raise
    finally:
        _hang_up(connection)
    return Delivery(outcomes.count(True), outcomes.count(False))


class _Batch(NamedTuple):
    """Claimed messages: keys with the attempts so far, and the instant until which they are claimed; `mark` is that instant
    in the database's format."""

    attempts: dict[int, int]
    until: datetime
    mark: Any


def _claim(now: datetime) -> _Batch | None:
    """Claim the longest waiting messages for `_BATCH_CLAIM`; None if nothing is due."""
    until = now + _BATCH_CLAIM
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_DUE + _SKIPPING.get(database.vendor, ""), [_instant(now)])
        attempts: dict[int, int] = dict(cursor.fetchall())
        if not attempts:
            return None
        cursor.execute(_TAKE % ", ".join(["%s"] * len(attempts)), [_instant(until), *attempts])
        # The worker died during the last attempt. A message that kills the worker must not be retried for ever.
        if spent := [pk for pk, made in attempts.items() if made >= ATTEMPTS]:
            Notification.objects.filter(pk__in=spent).update(failed=True, next_attempt_at=None, last_error="WorkerDied")
    return _Batch({pk: made for pk, made in attempts.items() if made < ATTEMPTS}, until, _instant(until))


class _Unreadable(NamedTuple):
    """Replaces a message that cannot be decrypted."""

    pk: int
    error: Exception


def _loaded(batch: _Batch) -> Iterable[Sealed | _Unreadable]:
    rows = Notification.objects.values_list(*Sealed._fields)
    try:
        found: dict[int, Any] = {row[0]: Sealed(*row) for row in rows.filter(pk__in=batch.attempts)}
    except Exception:
        # A message that cannot be decrypted must not block the others.
        found = {}
        for pk in batch.attempts:
            try:
                found |= {row[0]: Sealed(*row) for row in rows.filter(pk=pk)}
            except Exception as error:
                found[pk] = _Unreadable(pk, error)
    return [found[pk] for pk in batch.attempts if pk in found]


# Written as SQL: these statements run for each message or batch, and the ORM takes longer to compile them than they take.
_TABLE = Notification._meta.db_table
_DUE = (
    f'SELECT id, attempts FROM "{_TABLE}" WHERE next_attempt_at <= %s '  # noqa: S608
    f"ORDER BY next_attempt_at, id LIMIT {_BATCH}"
)
# Rows that another worker is claiming are skipped; SQLite has one writer at a time.
_SKIPPING = {"postgresql": " FOR UPDATE SKIP LOCKED"}
_TAKE = f'UPDATE "{_TABLE}" SET next_attempt_at = %%s WHERE id IN (%s)'  # noqa: S608
_BEGIN = (
    f'UPDATE "{_TABLE}" SET attempts = attempts + 1, next_attempt_at = %s '  # noqa: S608
    "WHERE id = %s AND attempts = %s AND next_attempt_at = %s"
)
# A worker that had a message longer than its claim must not overwrite the result of the next one.
_DONE = (
    f"UPDATE \"{_TABLE}\" SET delivered_at = %s, next_attempt_at = NULL, last_error = '' "  # noqa: S608
    "WHERE id = %s AND attempts = %s"
)


def _instant(at: datetime) -> Any:
    return database.ops.adapt_datetimefield_value(at)


def _begin(cursor: Any, pk: int, batch: _Batch, now: datetime) -> int:
    """The number of this attempt; 0 if another worker has claimed the message."""
    made = batch.attempts[pk]
    cursor.execute(_BEGIN, [_instant(now + _CLAIM), pk, made, batch.mark])
    return made + 1 if cursor.rowcount == 1 else 0


def _deliver(cursor: Any, message: Sealed | _Unreadable, attempt: int, connection: Any, now: datetime | None) -> bool:
    try:
        if isinstance(message, _Unreadable):
            raise message.error
        _send(message, connection)
    except Exception as error:
        _hang_up(connection)  # in whatever state the failure left it
        still = Notification.objects.filter(pk=message.pk, attempts=attempt, next_attempt_at__isnull=False)
        if unreachable(error):
            again = (now or runs.instant()) + _FIRST_DELAY
            still.update(attempts=attempt - 1, next_attempt_at=again, last_error=reason(error))
            raise Unavailable(f"The mail provider takes nothing from us ({reason(error)}): see ANYMAIL.") from None
        given_up = attempt >= ATTEMPTS or final(error)
        if isinstance(message, Sealed) and refused_address(error, message):
            _reader(message).update(refused_index=blind_index(message.recipient__email or ""))
        again = (now or runs.instant()) + _FIRST_DELAY * 2 ** (attempt - 1)
        # Not retried if its reader has unsubscribed from the kind since.
        still.update(
            last_error=reason(error),
            failed=given_up,
            next_attempt_at=None if given_up else _outside_quiet_hours(message.pk, again),
        )
        return False
    if isinstance(message, Sealed) and message.recipient__refused_index and message.address is None:
        _reader(message).update(refused_index="")
    cursor.execute(_DONE, [_instant(now or runs.instant()), message.pk, attempt])
    return True


def _reader(message: Sealed) -> models.QuerySet[User]:
    return User.objects.filter(pk__in=[message.recipient_id])


def _outside_quiet_hours(pk: int, again: datetime) -> datetime:
    """`again`, or the end of the quiet hours around it: a failed mail must not disturb its reader."""
    kind = Notification.objects.filter(pk=pk).values_list("kind", flat=True).first()
    chosen = NotificationPreferences.objects.select_related("user").filter(user__notifications=pk).first()
    if chosen is None or (kind in KINDS and KINDS[kind].urgent):
        return again
    return after_quiet_hours(again, zone_of(chosen.user.timezone), chosen.quiet_from, chosen.quiet_until)


def _send(message: Sealed, connection: Any) -> None:
    mail = enveloped(message, connection)
    reused = getattr(connection, "sent_before", False)
    try:
        sent = mail.send()
    except Exception as error:
        if not (reused and hung_up(error)):
            raise
        # Servers close a connection after some messages. This is not an error.
        _hang_up(connection)
        _reach(connection)
        sent = mail.send()
    if sent != 1:
        raise NoRecipient
    connection.sent_before = True


def _give_back(batch: _Batch, now: datetime) -> None:
    """Make claimed messages that were not started due again at once."""
    Notification.objects.filter(pk__in=batch.attempts, next_attempt_at=batch.until).update(next_attempt_at=now)


def _reach(connection: Any) -> None:
    try:
        connection.open()  # nothing, where it is open
    except Exception as error:
        # The server's text may contain user names; the type of the error is enough.
        raise Unavailable(f"The mail server cannot be reached ({type(error).__name__}): see EMAIL_URL.") from None


def _hang_up(connection: Any) -> None:
    connection.sent_before = False
    with suppress(Exception):  # the other side may have done so before
        connection.close()

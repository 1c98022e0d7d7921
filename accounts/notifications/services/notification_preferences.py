"""Sets how a user is notified, and calculates when a notification is sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time
from typing import Annotated, NamedTuple, TypedDict
from zoneinfo import available_timezones

from django.conf import settings
from django.db.models import Q

from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.notifications.rules.notification_kinds import KINDS, Delivery
from accounts.notifications.rules.quiet_hours import after_quiet_hours, next_at
from accounts.users.models.users import User
from accounts.users.rules.locales import zone_of
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import DomainError, Invalid, NotAllowed, all_of


class KindChoice(TypedDict):
    """The new delivery of one kind of notification."""

    kind: Annotated[str, Doc("The kind of notification. Example: submission_approved")]
    delivery: Annotated[Delivery, Doc("How it is delivered. Example: digest")]


class NotificationChoices(TypedDict, total=False):
    """The fields to change; absent fields stay, and `kinds` lists only those to change. Quiet hours need a start and an
    end."""

    language: Annotated[str, Doc("BCP 47 tag of the language of your mails. Example: en")]
    timezone: Annotated[str, Doc("IANA time zone of your mails. Example: Europe/Berlin")]
    digest_at: Annotated[time, Doc("When the daily digest is sent, in wall time. Example: 08:00:00")]
    quiet_from: Annotated[
        time | None, Doc("From when nothing is mailed, in wall time; null is never. Example: 22:00:00")
    ]
    quiet_until: Annotated[
        time | None, Doc("Until when nothing is mailed, in wall time; null is never. Example: 07:00:00")
    ]
    kinds: Annotated[list[KindChoice], Doc("The kinds whose delivery changes; others stay as they are.")]


class Going(NamedTuple):
    """When a notification is mailed alone, or added to a digest; neither if it is only listed."""

    mailed_at: datetime | None
    digest_at: datetime | None


def going(kind: str, user: User, preferences: NotificationPreferences, now: datetime) -> Going:
    """When a notification of `kind`, created now, reaches `user`."""
    delivery, zone = preferences.delivery_of(kind), zone_of(user.timezone)
    if delivery is Delivery.OFF:
        return Going(None, None)
    if delivery is Delivery.DIGEST:
        return Going(None, next_at(now, zone, preferences.digest_at))
    if KINDS[kind].urgent:
        return Going(now, None)
    return Going(after_quiet_hours(now, zone, preferences.quiet_from, preferences.quiet_until), None)


@action("notification.set_preferences", open_to=OpenTo.SIGNED_IN)
def set_notification_preferences(*, user: User, choices: NotificationChoices) -> NotificationPreferences:
    """Set how you are notified. Unsent notifications of a changed kind follow the new choice.

    Errors, each with its field: `unknown_kind`, `unknown_time_zone`, `unknown_language`; `essential` for a delivery that the
    kind does not allow; `half_quiet_hours`, `no_quiet_hours`; `not_own_preferences`.
    """
    if user.pk != current().actor.user_id:
        raise NotAllowed("These are somebody else's preferences.", code="not_own_preferences")
    preferences = chosen(user)
    for name in ("digest_at", "quiet_from", "quiet_until"):
        if name in choices:
            setattr(preferences, name, choices[name])
    all_of([*_faults(choices), *_faults_of_hours(preferences)])
    preferences.deliveries |= {
        choice["kind"]: Delivery(choice["delivery"]).value for choice in choices.get("kinds", ())
    }
    preferences.save()
    follow(preferences, {choice["kind"] for choice in choices.get("kinds", ())})
    reads = {name: choices[name] for name in ("language", "timezone") if name in choices}
    for name, value in reads.items():
        setattr(user, name, value)
    if reads:
        user.save(update_fields=[*reads])
    preferences.user = user
    current().note.update(user=user.pk, changed=sorted(choices))
    return preferences


def follow(preferences: NotificationPreferences, kinds: Collection[str]) -> None:
    """Reschedule unsent notifications of these kinds by the new preferences; those turned off are not sent, but stay
    listed."""
    waits = Q(next_attempt_at__isnull=False) | Q(digest_at__isnull=False)
    for kind in sorted(kinds):
        rows = Notification.objects.filter(waits, recipient=preferences.user_id, kind=kind)
        mailed_at, digest_at = (
            going(kind, preferences.user, preferences, current().instant) if kind in KINDS else Going(None, None)
        )
        if mailed_at is not None:
            # A mail of its own may be being sent or retried right now, so it stays as it is.
            rows = rows.filter(next_attempt_at=None)
        rows.update(next_attempt_at=mailed_at, digest_at=digest_at)


def chosen(user: User) -> NotificationPreferences:
    """The user's preferences, locked until the end of the transaction. Creates them if needed."""
    NotificationPreferences.objects.get_or_create(user=user)
    return NotificationPreferences.objects.select_for_update().get(user=user)


def _faults(choices: NotificationChoices) -> list[DomainError]:
    faults: list[DomainError] = []
    if "language" in choices and choices["language"] not in dict(settings.LANGUAGES):
        told = f"Choose one of: {', '.join(dict(settings.LANGUAGES))}."
        faults.append(Invalid(told, code="unknown_language", field="language"))
    if "timezone" in choices and choices["timezone"] not in available_timezones():
        faults.append(Invalid("Use a name such as Europe/Berlin.", code="unknown_time_zone", field="timezone"))
    for place, choice in enumerate(choices.get("kinds", ())):
        known = KINDS.get(choice["kind"])
        if known is None:
            told = f"Choose one of: {', '.join(KINDS)}."
            faults.append(Invalid(told, code="unknown_kind", field=f"kinds.{place}.kind"))
        elif choice["delivery"] not in known.choices:
            told = f"This is essential. Choose one of: {', '.join(choice.value for choice in known.choices)}."
            faults.append(Invalid(told, code="essential", field=f"kinds.{place}.delivery"))
    return faults


def _faults_of_hours(preferences: NotificationPreferences) -> list[DomainError]:
    begin, end = preferences.quiet_from, preferences.quiet_until
    if (begin is None) != (end is None):
        missing = "quiet_from" if begin is None else "quiet_until"
        return [Invalid("Quiet hours have a beginning and an end, or neither.", code="half_quiet_hours", field=missing)]
    if begin is not None and begin == end:
        told = "These would be no hours, or all. Turn kinds off instead."
        return [Invalid(told, code="no_quiet_hours", field="quiet_until")]
    return []

"""Who listens to what, who answers what, who judges what, and what runs when: all of it, in one place.

Called once, when the apps are ready. Nothing is connected anywhere else.
"""

from __future__ import annotations

from accounts import signals as accounts_signals
from accounts.receivers import audit, notifications
from accounts.selectors.audit import changed_since
from accounts.services import outbox, submissions
from accounts.selectors.rights import actor_for
from theater_site.api import idempotency
from theater_site.api.resources import who_acts
from theater_site.core import jobs
from theater_site.core import signals as core_signals
from theater_site.core.announcements import Announcement


def connect() -> None:
    _accounts()


def _listen(announcement: Announcement, *receivers: object) -> None:
    for receiver in receivers:
        announcement.connect(receiver, weak=False, dispatch_uid=f"{receiver.__module__}.{receiver.__qualname__}")  # type: ignore[attr-defined]


def _accounts() -> None:
    _listen(core_signals.action_done, audit.write_entry)
    _listen(accounts_signals.submission_arrived, notifications.tell_approvers)
    _listen(accounts_signals.submission_decided, notifications.tell_author)
    _listen(accounts_signals.role_given, notifications.tell_of_role)
    _listen(accounts_signals.role_ended, notifications.tell_of_role_ended)
    core_signals.store_submission.answered_by(submissions.propose)
    core_signals.changed_since.answered_by(changed_since)
    who_acts.answered_by(actor_for)
    jobs.every("forget idempotency keys", seconds=3600, run=idempotency.sweep)
    jobs.every("deliver notifications", seconds=10, run=outbox.deliver_due)

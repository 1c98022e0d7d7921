"""Who listens to what, who answers what, who judges what, and what runs when: all of it, in one place.

Called once, when the apps are ready. Nothing is connected anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable

from accounts import signals as accounts_signals
from accounts.receivers import audit, notifications
from accounts.receivers import erasure as accounts_erasure
from accounts.selectors.audit import changed_since
from accounts.selectors.callers import caller
from accounts.selectors.personal_data import held_by_accounts
from accounts.services import keys, outbox, sealing, submissions
from directory.models import Credit
from directory.receivers import erasure as directory_erasure
from directory.receivers.brand import judge_credits
from directory.selectors.credits import credited_roles
from directory.selectors.personal_data import held_by_directory
from media_library.models import Asset
from media_library.receivers import erasure as media_library_erasure
from media_library.receivers.brand import judge_pictures
from media_library.selectors.personal_data import held_by_media_library
from media_library.services import files
from productions import signals as productions_signals
from productions.models import Production
from productions.receivers.brand import judge_productions
from theater_site.api import idempotency
from theater_site.api.resources import who_acts
from theater_site.core import jobs, judges, rotation
from theater_site.core import signals as core_signals
from theater_site.core.announcements import Announcement
from ticketing.receivers import erasure as ticketing_erasure
from ticketing.selectors.personal_data import held_by_box_office


def connect() -> None:
    _encrypted_places()
    _accounts()
    _personal_data()
    _productions()
    _media_library()


def _listen(announcement: Announcement, *receivers: Callable[..., None]) -> None:
    for receiver in receivers:
        announcement.connect(receiver, weak=False, dispatch_uid=f"{receiver.__module__}.{receiver.__qualname__}")


def _encrypted_places() -> None:
    """Where tokens stand that are no encrypted field: `rotate_keys` goes there too."""
    rotation.also("accounts.auditvalue", "personal", replaced=True)
    rotation.also("core.idempotentanswer", "answer")
    rotation.also("mfa.authenticator", "data", rewrite=keys.rewrite_authenticator)
    rotation.also("sessions.session", "session_data")


def _accounts() -> None:
    _listen(core_signals.action_done, audit.write_entry)
    _listen(accounts_signals.submission_arrived, notifications.tell_approvers)
    _listen(accounts_signals.submission_decided, notifications.tell_author)
    _listen(accounts_signals.role_given, notifications.tell_of_role)
    _listen(accounts_signals.role_ended, notifications.tell_of_role_ended)
    _listen(accounts_signals.role_dated, notifications.tell_of_role_dated)
    core_signals.store_submission.answered_by(submissions.propose)
    core_signals.changed_since.answered_by(changed_since)
    who_acts.answered_by(caller)
    jobs.every("forget idempotency keys", seconds=3600, run=idempotency.sweep)
    jobs.every("deliver notifications", seconds=10, run=outbox.deliver_due)
    jobs.every("seal the audit log", seconds=10, run=sealing.seal_waiting)
    jobs.every("sign a checkpoint of the audit log", seconds=3600, run=sealing.checkpoint_job)


def _personal_data() -> None:
    for answerer in (held_by_accounts, held_by_directory, held_by_box_office, held_by_media_library):
        accounts_signals.held_about.answered_by(answerer)
    # From the top down: what belongs to a person's entry goes before the entry does, the account last.
    _listen(
        accounts_signals.person_forgotten,
        *(app.forget for app in (ticketing_erasure, media_library_erasure, directory_erasure, accounts_erasure)),
        idempotency.forget_answers,
    )


def _productions() -> None:
    productions_signals.roles_credited.answered_by(credited_roles)
    judges.register(judge_productions, models_judged=[Production])
    judges.register(judge_credits, models_judged=[Credit])


def _media_library() -> None:
    judges.register(judge_pictures, models_judged=[Asset])
    jobs.every("sweep uploads that nobody took", seconds=3600, run=files.sweep)

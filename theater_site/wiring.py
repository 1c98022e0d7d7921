"""The wiring of the apps: receivers of announcements, answerers of questions, judges, periodic jobs, encrypted columns.

`connect` is called once, when all apps are loaded. Nothing is connected elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.signals import password_reset

from accounts.approvals import signals as approvals_signals
from accounts.approvals.receivers import approvals, closing, notifications
from accounts.approvals.rules.approval_steps import DECIDE
from accounts.approvals.selectors import deciding, waivers
from accounts.approvals.services import previews, reminders, set_times
from accounts.approvals.services.submissions import submit
from accounts.audit.receivers import recording as audit
from accounts.audit.selectors import changed_since
from accounts.audit.services import sealing
from accounts.notifications.mails import attachments
from accounts.notifications.receivers import people
from accounts.notifications.services import digests, outbox
from accounts.permissions import signals as permissions_signals
from accounts.permissions.receivers import addresses
from accounts.permissions.selectors import permissions
from accounts.permissions.selectors.callers import caller
from accounts.privacy import signals as privacy_signals
from accounts.privacy.receivers import erasure as accounts_erasure
from accounts.privacy.selectors.personal_data import held_by_accounts
from accounts.privacy.services import keys
from directory import signals as directory_signals
from directory.models import Credit
from directory.receivers import erasure as directory_erasure
from directory.receivers import merging
from directory.receivers import notifications as casting_notifications
from directory.receivers.brand import judge_credits
from directory.receivers.casting import judge_casts, judge_moved_dates
from directory.receivers.copying import bring_credits
from directory.selectors.checklists import people_named
from directory.selectors.credits import credited_roles
from directory.selectors.personal_data import held_by_directory
from directory.services.people import describes_self
from media_library.models import Asset, Depiction
from media_library.receivers import erasure as media_library_erasure
from media_library.receivers import merging as media_library_merging
from media_library.receivers.brand import judge_pictures
from media_library.receivers.consents import judge_photo_consents, withdraw_pictures
from media_library.selectors.checklists import pictures_there
from media_library.selectors.personal_data import held_by_media_library
from media_library.selectors.pictures import urls_of_public_pictures
from media_library.services import files
from media_library.services.headshots import gives_headshot
from productions import signals as productions_signals
from productions.models import Character, License, Production
from productions.receivers.copying import bring_scenes
from productions.receivers.judging import judge_productions
from scheduling import signals as scheduling_signals
from scheduling.models import Call, Occurrence, Run
from scheduling.receivers import erasure as scheduling_erasure
from scheduling.receivers import merging as scheduling_merging
from scheduling.receivers import notifications as scheduling_notifications
from scheduling.receivers.copying import bring_runs
from scheduling.receivers.licenses import judge_runs
from scheduling.receivers.people import judge_calls
from scheduling.receivers.productions import cancel_coming
from scheduling.selectors.performance_days import performances_on, zone_played_in
from scheduling.selectors.personal_data import held_by_calendar
from scheduling.selectors.productions import first_performances, performed_on, with_performances
from scheduling.services import zone_changes
from scheduling.services.series import horizon as series_horizon
from theater_site.api import idempotency
from theater_site.api.previews import previewed_submission
from theater_site.api.resources import who_acts
from theater_site.core import jobs, judges, rotation
from theater_site.core import signals as core_signals
from theater_site.core.announcements import Announcement
from ticketing import signals as ticketing_signals
from ticketing.mails.ticket_files import ticket_files
from ticketing.receivers import buyers, performances, waiting
from ticketing.receivers import erasure as ticketing_erasure
from ticketing.selectors.checklists import sales_ready
from ticketing.selectors.personal_data import held_by_box_office
from ticketing.services import deadlines, waiting_list


def connect() -> None:
    """Connect everything."""
    _encrypted_columns()
    _accounts()
    _personal_data()
    _productions()
    _directory()
    _media_library()
    _ticketing()


def _listen(announcement: Announcement, *receivers: Callable[..., None]) -> None:
    """Connect the receivers, which are called in this order."""
    for receiver in receivers:
        announcement.connect(receiver, weak=False, dispatch_uid=f"{receiver.__module__}.{receiver.__qualname__}")


def _encrypted_columns() -> None:
    """Columns that contain encrypted values but are not encrypted fields. `rotate_keys` re-encrypts them too."""
    rotation.register("accounts.auditvalue", "personal", replaced=True)
    rotation.register("core.idempotentanswer", "answer")
    rotation.register("mfa.authenticator", "data", rewrite=keys.rewrite_authenticator)
    rotation.register("sessions.session", "session_data")


def _accounts() -> None:
    _listen(core_signals.action_done, audit.write_entry)
    password_reset.connect(addresses.verify_address, weak=False, dispatch_uid="verify_address")
    _listen(approvals_signals.submission_arrived, approvals.let_wait)
    _listen(approvals_signals.submission_decided, notifications.notify_author)
    _listen(approvals_signals.submission_changes_requested, notifications.notify_of_changes_requested)
    _listen(approvals_signals.submission_commented, notifications.notify_of_comment)
    _listen(approvals_signals.submission_stale, notifications.notify_of_stale)
    _listen(approvals_signals.submission_failed, notifications.notify_of_failed)
    _listen(permissions_signals.invitation_sent, people.mail_invitation)
    _listen(permissions_signals.organization_founded, people.mail_founder)
    _listen(permissions_signals.role_given, people.notify_of_role)
    _listen(permissions_signals.role_ended, people.notify_of_role_ended)
    _listen(permissions_signals.role_dated, people.notify_of_role_dated)
    _approvals()
    core_signals.store_submission.answered_by(submit)
    core_signals.changed_since.answered_by(changed_since)
    core_signals.standing_waivers.answered_by(waivers.standing)
    who_acts.answered_by(caller)
    permissions.derive(DECIDE, deciding.reach_of_user)
    jobs.every("forget idempotency keys", seconds=3600, run=idempotency.sweep)
    jobs.every("gather digests", seconds=30, run=digests.gather_due)
    jobs.every("deliver notifications", seconds=10, run=outbox.deliver_due)
    jobs.every("seal the audit log", seconds=10, run=sealing.seal_waiting)
    jobs.every("sign a checkpoint of the audit log", seconds=3600, run=sealing.checkpoint_job)


def _approvals() -> None:
    _listen(approvals_signals.submission_waits, approvals.tell_deciders)
    _listen(approvals_signals.decided_in_place, approvals.tell_in_whose_place)
    _listen(approvals_signals.submission_overdue, approvals.tell_overdue)
    _listen(approvals_signals.emergency_published, approvals.notify_of_emergency)
    _listen(approvals_signals.substitute_named, approvals.notify_of_substitute)
    _listen(approvals_signals.substitute_ended, approvals.notify_of_substitute_ended)
    previewed_submission.answered_by(previews.previewed)
    jobs.every("apply scheduled submissions", seconds=5, run=set_times.run_due)
    jobs.every("send reminders of pending submissions", seconds=300, run=reminders.chase)


def _personal_data() -> None:
    for answerer in (held_by_accounts, held_by_directory, held_by_calendar, held_by_box_office, held_by_media_library):
        privacy_signals.held_about.answered_by(answerer)
    # The apps from top to bottom: rows that refer to the person first, then the person, the account last.
    _listen(
        privacy_signals.person_forgotten,
        *(
            app.forget
            for app in (
                ticketing_erasure,
                media_library_erasure,
                scheduling_erasure,
                directory_erasure,
                accounts_erasure,
            )
        ),
        idempotency.forget_answers,
    )


def _productions() -> None:
    productions_signals.roles_credited.answered_by(credited_roles)
    for answerer in (people_named, first_performances, sales_ready, pictures_there):
        productions_signals.checklist_lines.answered_by(answerer)
    productions_signals.played_on.answered_by(performed_on)
    productions_signals.performances_counted.answered_by(with_performances)
    # Scenes first: copied credits refer to the copied characters.
    _listen(productions_signals.production_copied, bring_scenes, bring_credits, bring_runs)
    judges.register(judge_productions, models_judged=[Production, License])
    judges.register(judge_runs, models_judged=[Run])
    judges.register(judge_calls, models_judged=[Occurrence, Call])
    _listen(scheduling_signals.occurrences_moved, scheduling_notifications.notify_moved)
    _listen(scheduling_signals.occurrences_canceled, scheduling_notifications.notify_canceled)
    _listen(scheduling_signals.occurrences_reinstated, scheduling_notifications.notify_reinstated)
    _listen(productions_signals.production_canceled, cancel_coming, closing.close_waiting)
    jobs.every("extend event series without an end", seconds=3600, run=series_horizon.extend_endless)
    jobs.every("follow changes of time zones", seconds=86_400, run=zone_changes.follow_zone_changes)


def _directory() -> None:
    approvals_signals.submittable_besides.answered_by(describes_self)
    _listen(
        directory_signals.people_merged,
        merging.move_rows,
        scheduling_merging.move_calls,
        media_library_merging.move_depictions,
    )
    _listen(
        directory_signals.people_unmerged,
        merging.return_rows,
        scheduling_merging.return_calls,
        media_library_merging.return_depictions,
    )
    _listen(directory_signals.cast_changed, casting_notifications.notify_cast_changed)
    directory_signals.zone_played_in.answered_by(zone_played_in)
    directory_signals.performances_on.answered_by(performances_on)
    judges.register(judge_credits, models_judged=[Credit])
    judges.register(judge_casts, models_judged=[Credit, Character])
    judges.register(judge_moved_dates, models_judged=[Production])


def _media_library() -> None:
    approvals_signals.submittable_besides.answered_by(gives_headshot)
    approvals_signals.picture_urls.answered_by(urls_of_public_pictures)
    judges.register(judge_pictures, models_judged=[Asset])
    judges.register(judge_photo_consents, models_judged=[Asset, Depiction])
    _listen(directory_signals.consent_withdrawn, withdraw_pictures)
    jobs.every("delete unused uploads", seconds=3600, run=files.sweep)


def _ticketing() -> None:
    # The mails first: they go to buyers with valid tickets, which `close_orders` voids.
    _listen(scheduling_signals.occurrences_canceled, buyers.send_performance_canceled, performances.close_orders)
    _listen(scheduling_signals.occurrences_moved, performances.shorten_deadlines, buyers.send_moved)
    _listen(scheduling_signals.occurrences_reinstated, buyers.send_reinstated, performances.keep_orders)
    _listen(ticketing_signals.order_placed, buyers.send_order)
    _listen(ticketing_signals.order_paid, buyers.send_tickets)
    _listen(ticketing_signals.tickets_resent, buyers.send_tickets)
    attachments.register(buyers.TICKET_FILES, ticket_files)
    _listen(ticketing_signals.order_expired, buyers.send_expired)
    _listen(ticketing_signals.order_canceled, buyers.send_canceled)
    _listen(ticketing_signals.seats_freed, waiting.offer_freed)
    jobs.every("offer seats to the waiting list", seconds=60, run=waiting_list.offer_due)
    judges.register(performances.judge_performances, models_judged=[Occurrence])
    jobs.every("expire unpaid orders", seconds=30, run=deadlines.expire_due)

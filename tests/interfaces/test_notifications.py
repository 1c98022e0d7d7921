"""Notifications: who is told what, in which language, once, when; what their mails carry; the queue of those that failed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.approvals import signals as approvals_signals
from accounts.models import AuditEntry, Notification, NotificationPreferences, SubmissionComment, User
from accounts.notifications.mails.letters import Letter
from accounts.notifications.rules.notification_kinds import KINDS, Delivery
from accounts.notifications.selectors.notifications import mail_counts
from accounts.notifications.services import digests, outbox
from accounts.notifications.services.unsubscribing import one_click_address
from tests import world
from tests.laws.scenes import Theater
from tests.laws.scenes.accounts import submission
from tests.worlds.notifications import acting, given_up, tell

pytestmark = pytest.mark.django_db
PREFERENCES, NOTIFICATIONS, MAILS = (
    "/api/v1/me/notification-preferences/",
    "/api/v1/me/notifications/",
    "/api/v1/mails/",
)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def choose(user: User, **choices: Any) -> Any:
    kinds = [{"kind": kind, "delivery": delivery} for kind, delivery in choices.pop("kinds", {}).items()]
    answer = world.patch(world.client(user), PREFERENCES, {**choices, **({"kinds": kinds} if kinds else {})})
    assert answer.status_code == 200, answer.content
    return answer.json()


# --- Being told ----------------------------------------------------------------------------------------------


def test_notifications_use_the_language_and_time_zone_of_their_recipient() -> None:
    ann, bert = world.user("Ann"), world.user("Bert", language="de", timezone="Europe/Berlin")
    root, director = world.found()
    ends_at = datetime(2099, 7, 1, 12, tzinfo=UTC)
    for who in (ann, bert):
        world.assign("viewer", root, by=director, to=who, ends_at=ends_at)
    told = {row.recipient_id: row for row in Notification.objects.filter(kind="role_given")}
    assert "made you Viewer for The Lantern Players until July 1, 2099, 12:00 (UTC)." in told[ann.pk].body
    assert "bis 1. Juli 2099, 14:00 (Europe/Berlin) zu Viewer" in told[bert.pk].body
    assert told[bert.pk].subject == "Sie sind nun Viewer: The Lantern Players"


def test_inactive_users_get_no_notification_and_nobody_gets_two() -> None:
    ann, gone = world.user(), world.user(is_active=False)
    assert [row.recipient for row in tell("role_given", ann, gone, ann)] == [ann]


def test_an_undeclared_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        tell("gossip", world.user())


def test_a_notification_with_a_key_is_sent_once() -> None:
    ann, bert = world.user(), world.user()
    assert len(tell("submission_reminder", ann, once="reminder:1:3")) == 1
    assert [row.recipient for row in tell("submission_reminder", ann, bert, once="reminder:1:3")] == [bert]
    assert len(tell("submission_reminder", ann, once="reminder:1:7")) == 1
    assert len(tell("submission_reminder", ann) + tell("submission_reminder", ann)) == 2


def test_notifying_a_hundred_users_takes_the_queries_of_notifying_one() -> None:
    people = [world.user() for _ in range(100)]
    with CaptureQueriesContext(connection) as queries:
        tell("submission_arrived", *people)
    about = [query["sql"] for query in queries if "INSERT" in query["sql"] or "notificationpreferences" in query["sql"]]
    assert len(about) <= 3, "SQLite takes a hundred rows in two"


@pytest.mark.parametrize(
    ("kind", "choices", "mailed_at"),
    [
        ("submission_arrived", {}, NOON),
        (
            "submission_arrived",
            {"quiet_from": "13:00", "quiet_until": "15:30"},
            datetime(2026, 7, 1, 13, 30, tzinfo=UTC),
        ),
        ("role_given", {"quiet_from": "13:00", "quiet_until": "15:30"}, datetime(2026, 7, 1, 13, 30, tzinfo=UTC)),
        ("security", {"quiet_from": "13:00", "quiet_until": "15:30"}, NOON),
        ("emergency_published", {"quiet_from": "13:00", "quiet_until": "15:30"}, NOON),
        ("submission_arrived", {"kinds": {"submission_arrived": "off"}}, None),
        ("submission_arrived", {"kinds": {"submission_arrived": "digest"}}, None),
    ],
)
def test_a_mail_is_due_according_to_the_preferences(
    kind: str, choices: dict[str, Any], mailed_at: datetime | None
) -> None:
    ann = world.user(timezone="Europe/Berlin")
    if choices:
        choose(ann, **choices)
    (row,) = tell(kind, ann, at=NOON)
    assert row.next_attempt_at == mailed_at
    digest_at = datetime(2026, 7, 2, 6, tzinfo=UTC) if "digest" in str(choices) else None
    assert row.digest_at == digest_at


def test_every_announcement_about_a_submission_notifies_its_author() -> None:
    theater = Theater()
    waiting = submission(theater, "A title")
    author, director = waiting.author, theater.acting()
    asked = SubmissionComment(submission=waiting, author=theater.director, round=1, text="Shorter, please.", asks=True)
    Notification.objects.all().delete()
    with acting(director):
        asked.save()
        approvals_signals.submission_changes_requested.announce(submission=waiting, comments=[asked])
        approvals_signals.submission_commented.announce(comment=asked)
        approvals_signals.submission_stale.announce(submission=waiting)
        approvals_signals.submission_failed.announce(submission=waiting)
        for state, run_at in (("rejected", None), ("approved", NOON), ("applied", NOON), ("applied", None)):
            waiting.state, waiting.run_at, waiting.decided_by = state, run_at, theater.director
            approvals_signals.submission_decided.announce(submission=waiting)
    told = list(Notification.objects.filter(recipient=author).order_by("pk"))
    assert [row.subject.split(":")[0] for row in told] == [
        "Changes wanted", "Comment", "No longer fits", "Could not be done", "Rejected", "Approved for later", "Live",
        "Approved",
    ]  # fmt: skip
    assert {(row.thread, row.about_type, row.about_id) for row in told} == {
        (f"submission:{waiting.pk}", "accounts.submission", str(waiting.pk))
    }
    assert "Dora Director writes:\nShorter, please." in told[0].body
    assert "is to be done on July 1, 2026, 12:00 (UTC)" in told[5].body
    assert all(f"/submissions/{waiting.pk}" in row.body for row in told)
    # Anybody who agreed to what could not be done hears of it; nobody hears of their own remark.
    others = Notification.objects.exclude(recipient=author).values_list("recipient_id", "kind")
    assert set(others) <= {(theater.director.pk, "submission_stale"), (theater.director.pk, "submission_failed")}


# --- The mail itself -----------------------------------------------------------------------------------------


def sent_to(user: User) -> Any:
    return [message for message in mail.outbox if message.to == [user.email]]


def test_a_mail_has_text_html_thread_headers_and_an_unsubscribe_link() -> None:
    ann = world.user()
    tell("submission_arrived", ann, thread="submission:7", subject="One\r\nBcc: all@theater.example")
    tell("submission_arrived", ann, thread="submission:7", body="Look: https://a.example/<b>")
    outbox.deliver_due()
    first, second = (message.message() for message in sent_to(ann))
    assert first["Subject"] == "One Bcc: all@theater.example"
    assert first["Bcc"] is None
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == first["In-Reply-To"] == second["References"] == "<thread.submission.7@localhost>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Unsubscribe"] == f"<{one_click_address(ann.pk, 'submission_arrived')}>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (part.get_payload(decode=True).decode() for part in second.get_payload())
    assert second.get_content_type() == "multipart/alternative"
    assert plain.startswith("Look: https://a.example/<b>\n\n-- \nWhich notifications are mailed to you")
    assert '<a href="https://a.example/">https://a.example/</a>&lt;b&gt;' in html


def test_essential_mails_have_no_unsubscribe_link_and_say_so() -> None:
    ann = world.user(language="de")
    tell("role_given", ann)
    outbox.deliver_due()
    (message,) = sent_to(ann)
    assert "List-Unsubscribe" not in message.message()
    assert "Dies wird immer gemailt." in message.body


# --- Digests -------------------------------------------------------------------------------------------------


def test_a_digest_contains_unread_notifications_once() -> None:
    ann = world.user()
    choose(ann, kinds={"submission_arrived": "digest", "submission_commented": "digest", "role_given": "digest"})
    kinds = ("submission_arrived", "submission_commented", "role_given", "submission_arrived")
    rows = [tell(kind, ann, at=NOON, subject=f"About {n}", body=f"Words {n}")[0] for n, kind in enumerate(kinds)]
    browser = world.client(ann)
    world.post(browser, f"{NOTIFICATIONS}{rows[3].pk}/read/")
    choose(ann, kinds={"submission_commented": "off"})
    early, due = NOON + timedelta(hours=10), NOON + timedelta(hours=20)
    assert (digests.gather_due(early), digests.gather_due(due), digests.gather_due(due)) == (0, 1, 0)
    assert outbox.deliver_due(due) == (1, 0)
    (message,) = sent_to(ann)
    assert message.subject == "2 notifications from Theater"
    assert "* About 0\n\nWords 0\n\n* About 2\n\nWords 2" in message.body
    assert "About 1" not in message.body
    assert "About 3" not in message.body
    gathered = Notification.objects.get(kind="digest")
    assert set(gathered.gathered.values_list("pk", flat=True)) == {rows[0].pk, rows[2].pk}
    assert len(browser.get(NOTIFICATIONS).json()["results"]) == 4, (
        "the mail that gathers is not a notification of its own"
    )


def test_an_undecryptable_notification_does_not_block_the_digest() -> None:
    ann = world.user()
    choose(ann, kinds={"role_given": "digest"})
    broken, *_ = tell("role_given", ann, at=NOON)
    tell("role_given", ann, at=NOON, subject="Whole")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_notification SET body = 'garbled' WHERE id = %s", [broken.pk])
    assert digests.gather_due(NOON + timedelta(days=1)) == 1
    assert digests.gather_due(NOON + timedelta(days=1)) == 0
    assert Notification.objects.defer("body").get(pk=broken.pk).last_error == "Undecryptable"


def test_an_empty_digest_is_not_sent() -> None:
    ann = world.user()
    (row,) = tell("submission_reminder", ann, at=NOON)
    assert row.digest_at is not None, "reminders are gathered by default"
    choose(ann, kinds={"submission_reminder": "off"})
    assert digests.gather_due(NOON + timedelta(days=1)) == 0
    assert not Notification.objects.filter(kind="digest").exists()


# --- Preferences ---------------------------------------------------------------------------------------------


def test_unset_preferences_have_defaults_and_updates_are_partial() -> None:
    ann = world.user()
    before = world.client(ann).get(PREFERENCES).json()
    assert not NotificationPreferences.objects.exists(), "to look writes nothing"
    assert {row["kind"]: row["delivery"] for row in before["kinds"]} == {
        name: kind.default.value for name, kind in KINDS.items()
    }
    assert (before["digest_at"], before["quiet_from"], before["language"]) == ("08:00:00", None, "en")
    after = choose(ann, language="de", timezone="Europe/Berlin", kinds={"submission_stale": "off"})
    assert (after["language"], after["timezone"]) == ("de", "Europe/Berlin")
    assert User.objects.get(pk=ann.pk).language == "de"
    changed = [
        row for row, old in zip(after["kinds"], before["kinds"], strict=True) if row["delivery"] != old["delivery"]
    ]
    assert [(row["kind"], row["delivery"]) for row in changed] == [("submission_stale", "off")]
    assert choose(ann, quiet_from="22:00", quiet_until="07:00")["kinds"] == after["kinds"]
    entry = AuditEntry.objects.filter(action="notification.set_preferences").latest("id")
    assert entry.note == {"user": ann.pk, "changed": ["quiet_from", "quiet_until"]}


def test_unsent_mails_follow_the_current_preferences() -> None:
    ann, bert = world.user(), world.user()
    (waiting,), (other,) = tell("submission_arrived", ann), tell("submission_commented", ann)
    (of_bert,) = tell("submission_arrived", bert)

    def going() -> tuple[bool, bool]:
        waiting.refresh_from_db()
        return waiting.next_attempt_at is not None, waiting.digest_at is not None

    choose(ann, kinds={"submission_arrived": "digest"})
    assert going() == (False, True)
    choose(ann, kinds={"submission_arrived": "at_once"})
    assert going() == (True, False)
    tried_again = waiting.created_at + timedelta(hours=3)
    Notification.objects.filter(pk=waiting.pk).update(next_attempt_at=tried_again)
    choose(ann, kinds={"submission_arrived": "at_once"})
    waiting.refresh_from_db()
    assert waiting.next_attempt_at == tried_again
    choose(ann, kinds={"submission_arrived": "off"})
    assert going() == (False, False)
    choose(ann, kinds={"submission_arrived": "at_once"})
    assert going() == (False, False), "what was ended is not begun again"
    for untouched in (other, of_bert):
        untouched.refresh_from_db()
        assert untouched.next_attempt_at is not None


@pytest.mark.parametrize("kind", ["submission_arrived", "digest"])
def test_unsubscribing_withdraws_unsent_mails(kind: str) -> None:
    ann = world.user()
    choose(ann, kinds={"submission_commented": "digest"})
    (at_once,), (gathered, late) = tell("submission_arrived", ann), [
        row for at in (NOON, None) for row in tell("submission_commented", ann, at=at)
    ]  # fmt: skip
    assert digests.gather_due(NOON + timedelta(days=2)) == 1
    made = Notification.objects.get(kind="digest")
    address = one_click_address(ann.pk, kind)
    assert address is not None
    assert world.client().post(address.removeprefix("http://localhost:8000")).status_code == 200
    rows = {row.pk: row for row in Notification.objects.all()}
    assert (rows[at_once.pk].next_attempt_at is None) == (kind == "submission_arrived")
    assert (rows[made.pk].next_attempt_at is None) == (kind == "digest")
    assert (rows[late.pk].digest_at is None) == (kind == "digest")
    assert rows[gathered.pk].digest_id == made.pk


def test_a_failing_mail_is_not_retried_after_unsubscribing() -> None:
    ann = world.user()
    (mail_,) = tell("submission_arrived", ann)

    def ended(*_: Any, **__: Any) -> int:
        choose(ann, kinds={"submission_arrived": "off"})
        raise ValueError

    with patch.object(EmailMultiAlternatives, "send", ended):
        assert outbox.deliver_due() == (0, 1)
    mail_.refresh_from_db()
    assert mail_.next_attempt_at is None


@pytest.mark.parametrize(("kind", "quiet"), [("submission_arrived", True), ("digest", True), ("security", False)])
def test_failed_mails_are_not_retried_in_quiet_hours(kind: str, quiet: bool) -> None:
    ann = world.user(timezone="UTC")
    choose(ann, quiet_from="12:01", quiet_until="20:00")
    Notification.objects.create(
        recipient=ann, kind=kind, subject="News", body="News.", created_at=NOON, next_attempt_at=NOON
    )
    with patch.object(EmailMultiAlternatives, "send", side_effect=ValueError):
        assert outbox.deliver_due(NOON) == (0, 1)
    again = Notification.objects.get().next_attempt_at
    assert again == (NOON.replace(hour=20) if quiet else NOON + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"kinds": [{"kind": "gossip", "delivery": "off"}]}, "kinds.0.kind", "unknown_kind"),
        ({"kinds": [{"kind": "role_given", "delivery": "off"}]}, "kinds.0.delivery", "essential"),
        ({"kinds": [{"kind": "security", "delivery": "digest"}]}, "kinds.0.delivery", "essential"),
        ({"kinds": [{"kind": "security", "delivery": "loudly"}]}, "kinds.0.delivery", "invalid_choice"),
        ({"kinds": [{"kind": "security"}]}, "kinds.0.delivery", "required"),
        ({"quiet_from": "22:00"}, "quiet_until", "half_quiet_hours"),
        ({"quiet_until": "22:00"}, "quiet_from", "half_quiet_hours"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until", "no_quiet_hours"),
        ({"timezone": "Mars/Olympus"}, "timezone", "unknown_time_zone"),
        ({"language": "tlh"}, "language", "unknown_language"),
        ({"digest_at": None}, "digest_at", "null"),
        ({"loud": True}, "loud", "unknown_field"),
    ],
)
def test_invalid_preferences_are_refused_by_field(body: dict[str, Any], field: str, code: str) -> None:
    ann = world.user()
    answer = world.patch(world.client(ann), PREFERENCES, body)
    assert answer.status_code == 400, answer.content
    assert [(fault["field"], fault["code"]) for fault in answer.json()["errors"]] == [(field, code)]
    assert not NotificationPreferences.objects.exists()


def test_several_invalid_preferences_are_reported_at_once() -> None:
    answer = world.patch(
        world.client(world.user()), PREFERENCES, {"timezone": "x", "language": "y", "quiet_from": "22:00"}
    )
    assert {fault["field"] for fault in answer.json()["errors"]} == {"timezone", "language", "quiet_until"}


def test_a_choice_that_a_kind_no_longer_allows_is_ignored() -> None:
    kept = NotificationPreferences(user=world.user(), deliveries={"security": "off", "submission_stale": "loudly"})
    assert kept.delivery_of("security") is kept.delivery_of("submission_stale") is Delivery.AT_ONCE
    assert kept.digest_at == time(8)


# --- The queue -----------------------------------------------------------------------------------------------


def test_failed_mails_are_listed_for_managers_of_members_and_retried() -> None:
    root, director = world.found()
    outbox.deliver_due()
    ann = world.user()
    mail_ = given_up(ann)
    browser = world.client(director)
    (row,) = browser.get(MAILS, {"failed": "true"}).json()["results"]
    assert (row["id"], row["state"], row["recipient"], row["last_error"]) == (mail_.pk, "failed", ann.pk, "ValueError")
    assert not {"subject", "body", "address"} & row.keys()
    assert world.post(browser, f"{MAILS}{mail_.pk}/retry/").json()["state"] == "waiting"
    again = world.post(browser, f"{MAILS}{mail_.pk}/retry/")
    assert (again.status_code, again.json()["code"]) == (409, "not_failed")
    mail.outbox.clear()
    assert outbox.deliver_due() == (1, 0)
    assert len(sent_to(ann)) == 1
    lead = world.give("director", world.season(root, by=director).section, by=director)
    assert world.client(lead).get(MAILS).status_code == 403, "mail is the organization's, not a section's"


def test_the_command_lists_and_retries_mails_without_their_text() -> None:
    world.found()
    outbox.deliver_due()
    first, second = given_up(world.user("Ann")), given_up(world.user("Bert"))
    tell("submission_arrived", world.user())

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("mail_queue", *arguments, stdout=out)
        return out.getvalue()

    told = run()
    assert "ValueError" in told
    assert "@" not in told
    assert told.splitlines()[-1] == "1 waiting, 0 of them for another try; 2 given up."
    assert [row["id"] for row in json.loads(run("--json"))["mails"]] == [second.pk, first.pk]
    assert [row["state"] for row in json.loads(run("--json", "--waiting"))["mails"]] == ["waiting"]
    assert run("--retry", str(first.pk)).startswith("1 tried again.")
    assert json.loads(run("--retry", "all", "--json"))["retried"] == 1
    assert mail_counts() == {"waiting": 3, "retrying": 0, "failed": 0}
    for wrong, words in (("x", "There is no mail x"), ("0", "There is no mail 0"), (str(first.pk), "given up")):
        with pytest.raises(CommandError, match=words):
            run("--retry", wrong)
    entries = AuditEntry.objects.filter(action__startswith="mail.").order_by("id")
    assert [(entry.action, entry.actor_kind) for entry in entries] == [
        ("mail.retry", "system"),
        ("mail.retry_all", "system"),
    ]


def test_a_section_below_the_organization_has_no_mail_queue() -> None:
    from accounts.notifications.services.notifications import retry_all_mail
    from theater_site.core.errors import Invalid

    root, director = world.found()
    part = world.season(root, by=director).section
    with pytest.raises(Invalid) as refused:
        retry_all_mail(actor=world.acting(director), organization=part)
    assert refused.value.code == "not_root"


# --- Security notifications ----------------------------------------------------------------------------------------


def test_a_permanently_refused_address_fails_at_once_without_personal_data() -> None:
    from smtplib import SMTPRecipientsRefused

    ann = world.user()
    (row,) = tell("submission_arrived", ann)
    refused = SMTPRecipientsRefused({ann.email: (550, f"5.1.1 <{ann.email}> unknown".encode())})
    with patch.object(EmailMultiAlternatives, "send", side_effect=refused):
        assert outbox.deliver_due() == (0, 1)
    row.refresh_from_db()
    assert (row.failed, row.attempts, row.last_error) == (True, 1, "SMTPRecipientsRefused 550 5.1.1")


def test_a_permanently_refused_address_is_not_retried_until_it_changes() -> None:
    from smtplib import SMTPRecipientsRefused

    ann = world.user()
    tell("submission_arrived", ann)
    refused = SMTPRecipientsRefused({ann.email: (550, b"5.1.1 unknown")})
    with patch.object(EmailMultiAlternatives, "send", side_effect=refused):
        assert outbox.deliver_due() == (0, 1)
    ann.refresh_from_db()
    (row,) = tell("submission_arrived", ann)
    assert (row.failed, row.next_attempt_at, row.last_error) == (True, None, "AddressRefusedBefore")
    assert world.client(ann).get(NOTIFICATIONS).json()["results"][0]["id"] == row.pk
    # Another address is another matter.
    ann.email = "ann@elsewhere.example"
    assert [row.failed for row in tell("submission_arrived", ann)] == [False]
    # What is urgent is tried, and what gets through shows that the address is none to be spared.
    ann.refresh_from_db()
    tell("security", ann)
    assert outbox.deliver_due() == (2, 0)
    ann.refresh_from_db()
    assert ann.takes_mail
    assert [row.failed for row in tell("submission_arrived", ann)] == [False]


def test_a_notification_to_an_address_is_listed_for_its_owner_and_mailed_there() -> None:
    ann = world.user(language="de")
    outbox.put_to_address("security", "old@home.example", lambda reader: Letter("S", reader.language), recipient=ann)
    outbox.deliver_due()
    assert mail.outbox[-1].to == ["old@home.example"]
    (row,) = world.client(ann).get(NOTIFICATIONS).json()["results"]
    assert (row["kind"], row["body"]) == ("security", "de\n")


def test_a_connection_closed_between_two_mails_counts_no_attempt() -> None:
    from smtplib import SMTPServerDisconnected

    first, second = tell("submission_arrived", world.user()), tell("submission_arrived", world.user())
    real, calls = EmailMultiAlternatives.send, []

    def send(self: EmailMultiAlternatives, *_: Any) -> int:
        calls.append(self.to)
        if len(calls) == 2:
            raise SMTPServerDisconnected
        return real(self)

    with patch.object(EmailMultiAlternatives, "send", send):
        assert outbox.deliver_due() == (2, 0)
    assert len(calls) == 3
    assert {row.pk for row in Notification.objects.filter(attempts=1)} == {first[0].pk, second[0].pk}

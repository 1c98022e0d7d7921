"""What is pending too long: people are reminded of it, once for each number of days; what nobody may decide goes up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.approvals.services import reminders
from accounts.approvals.services.reminders import chase, escalate_submission, remind_of_submission
from accounts.models import Notification, Submission, SubmissionAuthor, User, Waiting
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, load_services
from tests.worlds import approvals
from theater_site.core.actors import System
from theater_site.core.errors import Conflict

pytestmark = pytest.mark.django_db
load_services()
AGREED = {"title": "Agreed", "permission": "approve_details"}


@pytest.fixture
def theater() -> Theater:
    return Theater()


def author_of(theater: Theater) -> User:
    return approvals.author(theater.root, by=theater.director)


def after(days: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def told(kind: str) -> list[int]:
    return list(Notification.objects.filter(kind=kind).order_by("pk").values_list("recipient_id", flat=True))


def test_people_are_reminded_once_for_each_number_of_days(theater: Theater) -> None:
    approvals.submission(theater.production, by=author_of(theater))
    seen = []
    for days in (1, 2.1, 2.2, 4, 5.1, 5.2, 10.1, 400):
        with after(days):
            seen.append(chase().reminded)
    assert seen == [0, 1, 0, 0, 1, 0, 1, 0]
    assert told("submission_reminder") == [theater.director.pk] * 3
    assert "has waited for 2 days" in Notification.objects.filter(kind="submission_reminder").earliest("pk").body


def test_a_worker_that_was_down_reminds_once(theater: Theater) -> None:
    approvals.submission(theater.production, by=author_of(theater))
    with after(30):
        assert str(chase()) == "0 escalated, 1 reminded of"
        assert chase() == (0, 0)


@override_settings(APPROVAL_REMINDER_DAYS=[1])
def test_each_step_and_each_round_restarts_the_waiting_time(theater: Theater) -> None:
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    approvals.steps(theater.section, {"title": "A look", "permission": "edit_schedule"}, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author_of(theater))
    with after(1.1):
        assert chase().reminded == 1
        approvals.approve(submission, by=looker)
        assert chase().reminded == 0
    with after(2.2):
        assert chase().reminded == 1
    assert theater.director.pk in told("submission_reminder")


def test_decided_submissions_send_no_reminder(theater: Theater) -> None:
    submission = approvals.submission(theater.production, by=author_of(theater))
    with pytest.raises(Conflict):
        escalate_submission(actor=System("test"), submission=submission)
    approvals.approve(submission, by=theater.director)
    with after(30):
        assert chase() == (0, 0)
    for action in (escalate_submission, remind_of_submission):
        with pytest.raises(Conflict) as refused:
            action(actor=System("test"), submission=submission)
        assert refused.value.code == "not_due"


def test_a_submission_escalates_when_its_last_approver_leaves(theater: Theater) -> None:
    lonely = approvals.role(["view_details"], theater.root, by=theater.director)
    held = world.assign(lonely.name, theater.section, by=theater.director, to=world.user())
    approvals.steps(theater.section, {"title": "Read", "role": lonely}, AGREED, by=theater.director)
    submission = approvals.submission(theater.production, by=author_of(theater))
    assert chase() == (0, 0)
    assert theater.director.pk not in told("submission_arrived")
    approvals.end(held, by=theater.director)
    with pytest.raises(Conflict):
        remind_of_submission(actor=System("test"), submission=submission)
    assert chase() == (1, 0)
    assert chase() == (0, 0)
    assert told("submission_escalated") == [theater.director.pk]
    assert Waiting.objects.get(submission=submission).escalated_to == theater.production.section
    assert approvals.approve(Submission.objects.get(pk=submission.pk), by=theater.director).step == 1


def test_without_any_approver_the_managers_of_roles_are_notified(theater: Theater) -> None:
    writer = approvals.holder(["submit_details", "view_details"], theater.root, by=theater.director)
    submission = approvals.submission(theater.production, by=writer)
    SubmissionAuthor(submission=submission, user=theater.director, wrote_at=timezone.now()).save()
    assert chase() == (1, 0)
    assert chase() == (0, 0)
    assert sorted(told("nobody_may_decide")) == sorted([theater.director.pk, writer.pk])
    with after(3):
        assert chase() == (0, 1)
    assert len(told("nobody_may_decide")) == 4
    assert "approve_details" in Notification.objects.filter(kind="nobody_may_decide").earliest("pk").body


def test_a_second_worker_sends_no_second_reminder(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = approvals.submission(theater.production, by=author_of(theater))
    monkeypatch.setattr(reminders, "_overdue", lambda: [submission, submission])
    with after(3):
        assert chase().reminded == 1


@pytest.mark.django_db(transaction=True)
def test_several_workers_remind_once(real_database: None) -> None:
    theater = Theater()
    approvals.submission(theater.production, by=author_of(theater))
    with after(3):
        outcomes = together([chase] * 4)
    assert sum(outcome.reminded for outcome in outcomes) == 1
    assert told("submission_reminder") == [theater.director.pk]


def test_the_queries_of_an_idle_round_do_not_grow(theater: Theater) -> None:
    author = author_of(theater)
    looker = approvals.holder(["edit_schedule"], theater.section, by=theater.director)
    approvals.steps(theater.section, {"title": "A look", "permission": "edit_schedule"}, AGREED, by=theater.director)
    costs = []
    for _ in range(2):
        for _ in range(3):
            approvals.submission(theater.production, by=author)
        approvals.approve(approvals.submission(theater.draft, by=author), by=looker)
        with CaptureQueriesContext(connection) as queries:
            assert chase() == (0, 0)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 8

"""What was agreed to for a set time is done then: once, late rather than never, or told why not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DataError, OperationalError, connection
from django.utils import timezone

from accounts.approvals.services import set_times
from accounts.approvals.services.set_times import give_up_submission, run_due, run_submission
from accounts.approvals.services.submissions import reject_submission, withdraw_submission
from accounts.models import AuditEntry, Notification, Submission
from productions.models import Production
from productions.services.brand import create_brand_kit
from productions.services.productions import publish_production, update_production
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, load_services
from tests.worlds import approvals
from theater_site.core.actors import System
from theater_site.core.errors import Conflict

pytestmark = pytest.mark.django_db
load_services()
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def theater() -> Theater:
    return Theater()


def at(days: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def fresh(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def is_public(play: Production) -> bool:
    return Production.objects.get(pk=play.pk).published_at is not None


def test_users_with_the_permission_schedule_publishing_and_unpublishing(theater: Theater) -> None:
    up = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    assert up.state == "approved"
    assert str(run_due()) == "0 done, 0 could not be done"
    assert not is_public(theater.draft)
    with at(1.5):
        assert run_due() == (1, 0)
        assert run_due() == (0, 0)
        assert fresh(up).state == "applied"
        assert is_public(theater.draft)
        down = approvals.planned(
            theater.draft, approvals.in_days(1), by=theater.director, action="production.unpublish"
        )
    with at(40):  # the worker was down
        assert run_due() == (1, 0)
        assert fresh(down).state == "applied"
        assert not is_public(theater.draft)
    entry = AuditEntry.objects.filter(action="submission.run").earliest("id")
    assert (entry.actor_kind, entry.actor_id, entry.on_behalf_of_id) == (
        "system", theater.director.pk, theater.director.pk,
    )  # fmt: skip
    assert AuditEntry.objects.filter(action="production.publish", cause=entry.pk).count() == 1


def test_a_time_in_the_past_means_now(theater: Theater) -> None:
    assert approvals.planned(theater.draft, approvals.in_days(-1), by=theater.director).state == "applied"
    assert is_public(theater.draft)


def test_permissions_are_checked_at_approval(theater: Theater) -> None:
    author = approvals.author(theater.root, by=theater.director)
    approver = approvals.holder(["approve_details", "view_details"], theater.root, by=theater.director)
    world.give("viewer", theater.root, by=theater.director, to=author)
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=author)
    assert planned.state == "submitted"
    assert approvals.approve(planned, by=approver).state == "approved"
    approvals.end(approver.assignments.get(), by=theater.director)
    with at(2):
        assert run_due() == (1, 0)
    assert fresh(planned).decided_by == approver
    assert Notification.objects.filter(kind="submission_decided", recipient=author).count() == 2


def test_a_change_approved_after_its_time_is_applied_at_once(theater: Theater) -> None:
    author = approvals.author(theater.root, by=theater.director)
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=author)
    with at(2):
        assert approvals.approve(planned, by=theater.director).state == "applied"


def test_a_scheduled_change_of_changed_data_is_stale(theater: Theater) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    update_production(
        actor=theater.acting(), production=Production.objects.get(pk=theater.draft.pk), changes={"title": "Else"}
    )
    with at(2):
        assert run_due() == (0, 1)
        assert run_due() == (0, 0)
    assert (fresh(planned).state, fresh(planned).failure) == ("stale", "submission_stale")
    assert not is_public(theater.draft)


def test_a_scheduled_change_that_fails_stores_the_reason(theater: Theater) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    publish_production(actor=theater.acting(), production=Production.objects.get(pk=theater.draft.pk))
    with at(2):
        assert run_due() == (0, 1)
    assert (fresh(planned).state, fresh(planned).failure) == ("failed", "already_published")


def test_a_scheduled_change_stopped_by_a_judge_fails(theater: Theater) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    create_brand_kit(actor=theater.acting(), section=theater.root, fields={"required_fields": ["synopsis"]})
    with at(2):
        assert run_due() == (0, 1)
    assert (fresh(planned).state, fresh(planned).failure) == ("failed", "rules_broken")
    assert not is_public(theater.draft)


def test_waivers_of_the_approver_apply_at_the_scheduled_time(theater: Theater) -> None:
    author = approvals.author(theater.root, by=theater.director)
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=author)
    create_brand_kit(
        actor=theater.acting(),
        section=theater.root,
        fields={"required_fields": ["synopsis"], "only_warn": ["field_missing"]},
    )
    with pytest.raises(Conflict) as refused:
        approvals.approve(planned, by=theater.director)
    rule = refused.value.data["findings"][0]["rule"]
    approvals.approve(fresh(planned), by=theater.director, waive={rule: "It comes tomorrow."})
    with at(2):
        assert run_due() == (1, 0)
    assert is_public(theater.draft)


def test_an_unexpected_error_is_stored_and_stops_no_other_change(
    theater: Theater, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = world.production(theater.season, by=theater.director)
    broken = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    good = approvals.planned(other, approvals.in_days(1), by=theater.director)
    publish = publish_production.function

    def breaks(*, production: Production) -> Production:
        if production.pk == theater.draft.pk:
            raise ZeroDivisionError
        return publish(production=production)

    with monkeypatch.context() as patched, at(2):
        patched.setattr(publish_production, "function", breaks)
        assert run_due() == (1, 1)
    assert (fresh(broken).state, fresh(broken).failure) == ("failed", "unexpected")
    assert fresh(good).state == "applied"


def test_after_a_database_failure_the_next_round_retries(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)

    def locked(*, production: Production) -> Production:
        raise OperationalError("database is locked")

    with at(2):
        with monkeypatch.context() as patched:
            patched.setattr(publish_production, "function", locked)
            with pytest.raises(OperationalError):
                run_due()
        assert fresh(planned).state == "approved"
        assert run_due() == (1, 0)


def test_a_temporary_database_error_blocks_no_other_change(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    other = approvals.planned(
        theater.production, approvals.in_days(1), by=theater.director, action="production.unpublish"
    )
    grant = set_times.grant

    def grants(submission: Submission, granted: Any) -> Any:
        if submission.pk == locked.pk:
            raise OperationalError("canceling statement due to lock timeout")
        return grant(submission, granted)

    monkeypatch.setattr(set_times, "grant", grants)
    with at(2), pytest.raises(OperationalError):
        run_due()
    assert (fresh(locked).state, fresh(other).state) == ("approved", "applied")


def test_a_permanent_database_error_fails_the_change(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)

    def grants(*_: Any) -> Any:
        raise DataError("value too long")

    monkeypatch.setattr(set_times, "grant", grants)
    with at(2):
        assert run_due() == (0, 1)
    assert (fresh(planned).state, fresh(planned).failure) == ("failed", "unexpected")


def test_a_scheduled_change_is_withdrawn_by_its_author_or_an_approver(theater: Theater) -> None:
    author = approvals.author(theater.root, by=theater.director)
    for call_off in (
        lambda made: withdraw_submission(actor=world.acting(author), submission=made),
        lambda made: reject_submission(actor=theater.acting(), submission=made, comment="Not now."),
    ):
        planned = approvals.planned(theater.draft, approvals.in_days(1), by=author)
        approvals.approve(planned, by=theater.director)
        call_off(fresh(planned))
        with at(2):
            assert run_due() == (0, 0)
    assert not is_public(theater.draft)


def test_a_second_worker_applies_nothing(theater: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    early = System("test")
    for action, more in ((run_submission, {}), (give_up_submission, {"code": "unexpected"})):
        with pytest.raises(Conflict) as refused:
            action(actor=early, submission=planned, **more)
        assert refused.value.code == "not_due"
    with at(2):
        seen = fresh(planned)
        assert run_due() == (1, 0)
        # Another worker that had seen it due.
        assert set_times._run(seen) is None
        assert set_times._give_up(set_times.ForApprover(None), seen, "unexpected") is None
    assert AuditEntry.objects.filter(action="submission.run").count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_apply_a_change_once(real_database: None) -> None:
    theater = Theater()
    planned = approvals.planned(theater.draft, approvals.in_days(1), by=theater.director)
    with at(2):
        outcomes = together([run_due] * 4)
    assert sum(outcome.done for outcome in outcomes) == 1
    assert sum(outcome.not_done for outcome in outcomes) == 0
    assert fresh(planned).state == "applied"
    assert AuditEntry.objects.filter(action="production.publish").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_applies_a_change_completely_or_not_at_all(real_database: None, tmp_path: Path) -> None:
    """Killed by signal 9 with everything written and only the commit missing; then by another that lives."""
    theater = Theater()
    with at(-2):
        planned = approvals.planned(theater.draft, timezone.now() + timedelta(days=1), by=theater.director)
    settings = connection.settings_dict
    url = (
        f"sqlite:///{settings['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    )
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "theater_site.settings"}
    worker = Path(__file__).with_name("work_until_killed.py")
    said = []
    for moment in ("done", "told", "never"):
        ended = subprocess.run(
            [sys.executable, str(worker), moment],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        said.append((ended.returncode, ended.stdout.strip(), ended.stderr[-1500:]))
        if moment != "never":
            assert ended.returncode == -9, said
            assert fresh(planned).state == "approved"
            assert not is_public(theater.draft)
    assert said[-1][:2] == (0, json.dumps([1, 0])), said
    assert fresh(planned).state == "applied"
    assert AuditEntry.objects.filter(action="production.publish").count() == 1
    assert Notification.objects.filter(kind="submission_decided").count() == 1

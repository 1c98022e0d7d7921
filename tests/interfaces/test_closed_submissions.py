"""A canceled production closes What is pending in it, and tells the authors why."""

from __future__ import annotations

import pytest

from accounts.models import Notification, Submission, SubmissionState
from productions.services.life import cancel_production, reinstate_production
from tests import world
from tests.laws.scenes import Theater

pytestmark = pytest.mark.django_db


def _submitted(writer, production, **changes):
    version = production.__class__.objects.get(pk=production.pk).version
    answer = writer.patch(
        f"/api/v1/productions/{production.pk}/",
        changes,
        content_type="application/json",
        headers={"If-Match": f'"{version}"'},
    )
    assert answer.status_code == 202, answer.json()
    return answer.json()["id"]


def test_pending_submissions_are_closed_with_the_reason_and_can_be_submitted_again(django_capture_on_commit_callbacks):
    theater = Theater()
    production = theater.production
    marketing = world.give("marketing_coordinator", theater.root, by=theater.director)
    writer = world.client(marketing)
    waiting = _submitted(writer, production, subtitle="A comedy")
    elsewhere = _submitted(writer, world.production(theater.season, by=theater.director), subtitle="Another one")
    with django_capture_on_commit_callbacks(execute=True):
        cancel_production(actor=theater.acting(), production=production, reason="The hall is flooded.")
    row = Submission.objects.get(pk=waiting)
    assert (row.state, row.decided_by) == (SubmissionState.REJECTED, None)
    assert row.comment == "The production was canceled: The hall is flooded."
    assert Submission.objects.get(pk=elsewhere).state == SubmissionState.SUBMITTED
    (told,) = Notification.objects.filter(recipient=marketing, kind="submission_decided")
    assert "The hall is flooded." in told.body
    with django_capture_on_commit_callbacks(execute=True):
        reinstate_production(actor=theater.acting(), production=production)
    production.refresh_from_db()
    items = [
        {
            "action": "production.update",
            "if_version": production.version,
            "inputs": {"production": production.pk, "changes": {"subtitle": "A comedy"}},
        }
    ]
    row = writer.get(f"/api/v1/submissions/{waiting}/")
    edited = writer.patch(
        f"/api/v1/submissions/{waiting}/",
        {"items": items},
        content_type="application/json",
        headers={"If-Match": row["ETag"]},
    )
    assert edited.status_code == 200, edited.json()
    again = world.post(writer, f"/api/v1/submissions/{waiting}/submit/", {})
    assert again.status_code == 200, again.json()
    assert Submission.objects.get(pk=waiting).state == SubmissionState.SUBMITTED


def test_an_approved_cancellation_does_not_close_its_own_submission(django_capture_on_commit_callbacks):
    theater = Theater()
    production = theater.production
    manager = world.client(world.give("production_manager", theater.root, by=theater.director))
    asked = world.post(manager, f"/api/v1/productions/{production.pk}/cancel/", {"reason": "No money."})
    assert asked.status_code == 202, asked.json()
    boss = world.client(theater.director)
    path = f"/api/v1/submissions/{asked.json()['id']}/"
    digest = boss.get(f"{path}difference/").json()["digest"]
    with django_capture_on_commit_callbacks(execute=True):
        approved = world.post(boss, f"{path}approve/", {"digest": digest})
    assert approved.status_code == 200, approved.json()
    assert Submission.objects.get().state == SubmissionState.APPLIED

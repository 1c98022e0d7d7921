"""What somebody may only submit waits for somebody else, who approves exactly what was seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, Notification, Submission, User
from productions.models import Production
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, changed, load_services, state
from theater_site.core.actions import registered
from theater_site.core.errors import Conflict, NotAllowed

pytestmark = pytest.mark.django_db
load_services()


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def author(theater: Theater) -> User:
    return world.give("marketing_coordinator", theater.root, by=theater.director)


def submit(theater: Theater, author: User, **changes: Any) -> Any:
    production = theater.production
    return world.patch(world.client(author), f"/api/v1/productions/{production.pk}/", changes, production.version)


def decide(who: User, submission: int, verb: str, comment: str = "") -> Any:
    body = {} if verb == "withdraw" else {"comment": comment}
    if verb == "approve":
        body["digest"] = world.seen(submission)
    return world.post(world.client(who), f"/api/v1/submissions/{submission}/{verb}/", body)


def test_a_pending_submission_changes_nothing_else(theater: Theater, author: User) -> None:
    assert theater.production
    before = state()
    answer = submit(theater, author, title="Submitted")
    assert answer.status_code == 202
    assert answer["Location"].endswith(f"/api/v1/submissions/{answer.json()['id']}/")
    assert set(changed(before)) <= {
        "accounts_submission", "accounts_notification", "accounts_auditentry", "accounts_auditchange", "accounts_auditvalue",
        "accounts_auditunsealed", "accounts_submissionsubject", "accounts_waiting",
    }  # fmt: skip
    assert set(Notification.objects.filter(kind="submission_arrived").values_list("recipient_id", flat=True)) == {
        theater.director.pk
    }
    seen = world.client(author).get(answer["Location"]).json()
    assert seen["state"] == "submitted"
    assert seen["items"] == [
        {
            "action": "production.update",
            "name": "",
            "inputs": {"production": theater.production.pk, "changes": {"title": "Submitted"}},
            "if_version": theater.production.version,
        }
    ]


def test_approving_applies_exactly_what_was_submitted(theater: Theater, author: User) -> None:
    submission = submit(theater, author, title="Submitted", authors=["Ann", "Bob"], synopsis="*New*").json()["id"]
    answer = decide(theater.director, submission, "approve", "Good.")
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "applied"
    production = Production.objects.get(pk=theater.production.pk)
    assert (production.title, production.authors, production.synopsis) == ("Submitted", ["Ann", "Bob"], "*New*")
    applied = AuditEntry.objects.get(action="production.update")
    assert (applied.actor_id, applied.on_behalf_of_id) == (theater.director.pk, author.pk)
    approval = AuditEntry.objects.get(action="submission.approve")
    assert (approval.actor_id, approval.on_behalf_of_id) == (theater.director.pk, author.pk)
    assert applied.cause == approval.pk
    assert AuditEntry.objects.get(action="section.rename").on_behalf_of_id == author.pk
    assert decide(theater.director, submission, "approve").status_code == 409
    assert decide(author, submission, "withdraw").status_code == 409


def test_a_new_object_can_be_submitted(theater: Theater) -> None:
    author = world.give("production_manager", theater.root, by=theater.director)
    # A production manager may edit; somebody who may only submit details:
    author = world.give("marketing_coordinator", theater.root, by=theater.director)
    answer = world.post(world.client(author), "/api/v1/productions/", {"season": theater.season.pk, "title": "New one"})
    assert answer.status_code == 202, answer.content
    assert not Production.objects.filter(title="New one").exists()
    answer = decide(theater.director, answer.json()["id"], "approve")
    assert answer.status_code == 200, answer.content
    made = Production.objects.get(title="New one")
    assert made.section.parent_id == theater.season.section_id


def test_nobody_approves_their_own_submission(theater: Theater, author: User) -> None:
    submission = submit(theater, author, title="Submitted").json()["id"]
    world.give("director", theater.root, by=theater.director, to=author)
    before = state()
    answer = decide(author, submission, "approve")
    assert (answer.status_code, answer.json()["code"]) == (403, "own_submission")
    assert changed(before) == []


def test_a_submission_with_a_different_result_is_stale(theater: Theater, author: User) -> None:
    submission = submit(theater, author, title="Submitted").json()["id"]
    registered()["production.update"](
        actor=theater.acting(), production=theater.production, changes={"title": "Meanwhile"}
    )
    before = state()
    answer = decide(theater.director, submission, "approve")
    assert (answer.status_code, answer.json()["code"]) == (412, "submission_stale")
    # Nothing of it is done, and that it was tried is kept.
    assert [name for name in changed(before) if not name.startswith("accounts_")] == []
    assert Submission.objects.get(pk=submission).state == "stale"
    assert decide(theater.director, submission, "reject", "It has moved on.").status_code == 200


def test_a_submission_about_a_deleted_object_cannot_be_approved(theater: Theater, author: User) -> None:
    submission = world.post(world.client(author), f"/api/v1/productions/{theater.draft.pk}/publish/", {})
    if submission.status_code != 202:
        waiting = (
            registered()["production.update"]
            .submit(actor=world.acting(author), production=theater.draft, changes={"title": "x"})
            .submission.pk
        )
    else:
        waiting = submission.json()["id"]
    registered()["production.delete"](actor=theater.acting(), production=theater.draft)
    answer = decide(theater.director, waiting, "approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "subject_gone")
    assert Submission.objects.get(pk=waiting).state == "failed"


def test_rejecting_needs_a_comment_and_changes_nothing(theater: Theater, author: User) -> None:
    submission = submit(theater, author, title="Submitted").json()["id"]
    for empty in ("", "   "):
        answer = decide(theater.director, submission, "reject", empty)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "comment"
    assert decide(theater.director, submission, "reject", "Not now.").json()["comment"] == "Not now."
    assert Production.objects.get(pk=theater.production.pk).title != "Submitted"
    assert Notification.objects.filter(kind="submission_decided", recipient=author).count() == 1
    assert decide(theater.director, submission, "approve").status_code == 409


def test_only_its_author_withdraws_a_submission(theater: Theater, author: User) -> None:
    submission = submit(theater, author, title="Submitted").json()["id"]
    assert decide(theater.director, submission, "withdraw").status_code == 403
    assert decide(theater.stranger, submission, "withdraw").status_code == 404
    with pytest.raises(NotAllowed):
        registered()["submission.withdraw"](
            actor=world.acting(theater.stranger), submission=Submission.objects.get(pk=submission)
        )
    assert decide(author, submission, "withdraw").json()["state"] == "withdrawn"
    assert decide(theater.director, submission, "approve").status_code == 409


def test_users_who_may_neither_apply_nor_submit_are_refused(theater: Theater) -> None:
    viewer = world.give("viewer", theater.root, by=theater.director)
    assert submit(theater, viewer, title="x").status_code == 403
    assert not Submission.objects.exists()


def test_a_submission_is_judged_when_it_is_created(theater: Theater, author: User) -> None:
    for wrong in ({"title": ""}, {"opens_on": "2026", "closes_on": "2025"}):
        assert submit(theater, author, **wrong).status_code == 400
    assert submit(theater, author, running_minutes=100_000).status_code == 400
    answer = world.patch(world.client(author), f"/api/v1/productions/{theater.production.pk}/", {"title": "x"}, 99)
    assert answer.status_code == 412
    assert not Submission.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_approvals_apply_a_submission_once(real_database: None) -> None:
    theater = Theater()
    author = world.give("marketing_coordinator", theater.root, by=theater.director)
    submission = submit(theater, author, title="Submitted").json()["id"]
    browsers: list[Client] = [world.client(who) for who in (theater.director, theater.other_director)]
    path = f"/api/v1/submissions/{submission}/approve/"
    body = {"comment": "", "digest": world.seen(submission)}
    answers = together([lambda b=b: world.post(b, path, body) for b in browsers])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [200, 409], answers
    assert AuditEntry.objects.filter(action="production.update").count() == 1


def test_a_submission_is_decided_once(theater: Theater, author: User) -> None:
    submission = Submission.objects.get(pk=submit(theater, author, title="Submitted").json()["id"])
    reject = registered()["submission.reject"]
    reject(actor=theater.acting(), submission=submission, comment="No.")
    with pytest.raises(Conflict):
        reject(actor=theater.acting(), submission=submission, comment="No.")

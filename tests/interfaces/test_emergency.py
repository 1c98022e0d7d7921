"""What cannot wait is done without approval, by those who have the permission to that, in everybody's sight."""

from __future__ import annotations

import pytest

from accounts.approvals.services.emergency import publish_in_emergency
from accounts.approvals.services.submissions import draft_submission, reject_submission, submit_submission
from accounts.models import AuditEntry, Notification, Submission, User
from accounts.permissions.rules.permissions import permissions_like
from accounts.permissions.rules.roles import PRESETS
from productions.models import Production
from productions.services.productions import update_production
from tests import world
from tests.laws.scenes import Theater, load_services
from tests.worlds import approvals
from theater_site.core.errors import Conflict, Invalid, NotAllowed, Stale

pytestmark = pytest.mark.django_db
load_services()
WHY = "The poster names the wrong house."


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def lead(theater: Theater) -> User:
    """Who may do without approval what cannot wait, and may not approve."""
    held = ["submit_details", "emergency_details", "view_details"]
    return approvals.holder(held, theater.root, by=theater.director, name="Lena Lead")


def at_once(submission: Submission, by: User, reason: str = WHY) -> Submission:
    made: Submission = publish_in_emergency(actor=world.acting(by), submission=submission, reason=reason)
    return made


def test_an_own_submission_is_applied_at_once_and_approvers_are_notified(theater: Theater, lead: User) -> None:
    approver = approvals.approver(theater.section, by=theater.director)
    submission = approvals.submission(theater.production, by=lead, title="Permission at last")
    browser = world.client(lead)
    path = f"/api/v1/submissions/{submission.pk}/emergency/"
    assert world.post(browser, path, {"reason": " "}).json()["errors"][0]["field"] == "reason"
    answer = world.post(browser, path, {"reason": WHY})
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "applied"
    assert Production.objects.get(pk=theater.production.pk).title == "Permission at last"
    letters = Notification.objects.filter(kind="emergency_published")
    assert {letter.recipient_id for letter in letters} == {theater.director.pk, approver.pk}
    assert all(WHY in letter.body and "Lena Lead" in letter.body for letter in letters)
    entry = AuditEntry.objects.get(action="submission.publish_in_emergency")
    assert (entry.actor_id, entry.on_behalf_of_id) == (lead.pk, lead.pk)
    assert world.post(browser, path, {"reason": WHY}).status_code == 409


def test_a_scheduled_submission_is_applied_at_once(theater: Theater, lead: User) -> None:
    author = approvals.author(theater.root, by=theater.director)
    planned = approvals.planned(theater.draft, approvals.in_days(3), by=author)
    approvals.approve(planned, by=theater.director)
    assert at_once(planned, lead).state == "applied"
    told = Notification.objects.get(kind="emergency_published", recipient=author)
    assert "what you submitted" in told.body
    assert "you could have given" not in told.body


def test_emergency_publication_needs_its_own_permission(theater: Theater) -> None:
    held = ["publish_details", "manage_details", "approve_details", "edit_details", "view_details"]
    somebody = approvals.holder(held, theater.root, by=theater.director)
    author = approvals.author(theater.root, by=theater.director)
    with pytest.raises(NotAllowed):
        at_once(approvals.submission(theater.production, by=author), somebody)


def test_emergency_publication_needs_the_permission_for_every_item(theater: Theater, lead: User) -> None:
    author = approvals.holder(
        ["submit_details", "submit_media", "view_details", "view_members"], theater.root, by=theater.director
    )
    items = [
        {"action": "production.update", "inputs": {"production": theater.production.pk, "changes": {"title": "Both"}}},
        {"action": "collection.create", "inputs": {"section": theater.section.pk, "fields": {"title": "Both"}}},
    ]
    draft = draft_submission(actor=world.acting(author), fields={"items": items})
    submission = submit_submission(actor=world.acting(author), submission=draft)
    with pytest.raises(NotAllowed) as refused:
        at_once(submission, lead)
    assert (refused.value.code, refused.value.field) == ("not_in_emergency", "items.1")
    assert refused.value.data["needs"] == ["emergency_media"]
    assert Production.objects.get(pk=theater.production.pk).title != "Both"


def test_approvers_of_any_item_are_notified_of_an_emergency(theater: Theater) -> None:
    held = ["submit_details", "submit_media", "emergency_details", "emergency_media", "view_details", "view_media"]
    lead = approvals.holder([*held, "view_members"], theater.root, by=theater.director)
    of_media = approvals.approver(theater.section, by=theater.director, area="media")
    elsewhere = approvals.approver(theater.draft.section, by=theater.director, area="details")
    items = [
        {"action": "production.update", "inputs": {"production": theater.production.pk, "changes": {"title": "Both"}}},
        {"action": "production.update", "inputs": {"production": theater.draft.pk, "changes": {"title": "All"}}},
        {"action": "collection.create", "inputs": {"section": theater.section.pk, "fields": {"title": "Both"}}},
    ]
    draft = draft_submission(actor=world.acting(lead), fields={"items": items})
    at_once(submit_submission(actor=world.acting(lead), submission=draft), lead)
    letters = Notification.objects.filter(kind="emergency_published")
    assert {letter.recipient_id for letter in letters} == {theater.director.pk, of_media.pk, elsewhere.pk}


def test_only_the_preset_director_role_has_the_emergency_permission() -> None:
    assert {name for name, (_title, held) in PRESETS.items() if held & permissions_like("emergency_*")} == {"director"}


def test_refused_without_a_reason_after_a_decision_and_when_stale(theater: Theater, lead: User) -> None:
    author = approvals.author(theater.root, by=theater.director)
    submission = approvals.submission(theater.production, by=author)
    with pytest.raises(Invalid):
        at_once(submission, lead, " ")
    update_production(
        actor=theater.acting(),
        production=Production.objects.get(pk=theater.production.pk),
        changes={"title": "Changed meanwhile"},
    )
    with pytest.raises(Stale):
        at_once(submission, lead)
    assert Submission.objects.get(pk=submission.pk).state == "submitted"
    assert not Notification.objects.filter(kind="emergency_published").exists()
    reject_submission(actor=theater.acting(), submission=submission, comment="No.")
    with pytest.raises(Conflict):
        at_once(submission, lead)

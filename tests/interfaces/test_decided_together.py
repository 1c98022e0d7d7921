"""Items of several areas and sections in one submission: none gets around the approval that its own place asks for."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.approvals.selectors.approvers import may_approve_item
from accounts.approvals.services.submissions import draft_submission, submit_submission
from accounts.models import Submission, User
from tests import world
from tests.laws.scenes import Theater, load_services
from tests.worlds import approvals
from theater_site.core.errors import Invalid, NotAllowed

pytestmark = pytest.mark.django_db
load_services()
LOOK = {"title": "A look", "permission": "edit_schedule"}
SUBMITS = ["submit_details", "submit_media", "view_details", "view_media", "view_members"]


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def author(theater: Theater) -> User:
    return approvals.holder(SUBMITS, theater.root, by=theater.director, name="Author")


def titled(theater: Theater, play: str = "production") -> dict[str, Any]:
    changes = {"title": f"Another title {world.number()}"}
    return {"action": "production.update", "inputs": {"production": getattr(theater, play).pk, "changes": changes}}


def collected(theater: Theater) -> dict[str, Any]:
    return {"action": "collection.create", "inputs": {"section": theater.section.pk, "fields": {"title": "Both"}}}


def submitted(*items: dict[str, Any], by: User) -> Submission:
    draft = draft_submission(actor=world.acting(by), fields={"items": list(items)})
    made: Submission = submit_submission(actor=world.acting(by), submission=draft)
    return made


def two_steps(theater: Theater, area: str, section: Any = None) -> None:
    last = {"title": "Agreed", "permission": f"approve_{area}"}
    approvals.steps(section or theater.section, LOOK, last, by=theater.director, area=area)


def test_nobody_approves_their_own_item_through_a_substitute(theater: Theater) -> None:
    permissions = [*SUBMITS, "approve_media"]
    writer = approvals.holder(permissions, theater.root, by=theater.director, name="Writer")
    deputy = approvals.approver(theater.root, by=theater.director, name="Deputy")
    made = submitted(titled(theater), collected(theater), by=writer)
    approvals.substitute(writer, deputy, theater.root, area="media")
    with pytest.raises(NotAllowed) as refused:
        approvals.approve(made, by=deputy)
    assert (refused.value.code, refused.value.field) == ("item_not_approvable", "items.1")
    # In the place of somebody else, who wrote none of it, they may.
    other = approvals.approver(theater.root, by=theater.director, area="media", name="Other")
    approvals.substitute(other, deputy, theater.root, area="media")
    assert may_approve_item(world.acting(deputy), made, "media", theater.section, timezone.now())
    assert approvals.approve(made, by=deputy).state == "applied"


@pytest.mark.parametrize("turned", [False, True])
def test_the_steps_of_every_item_count_in_any_order(turned: bool, theater: Theater, author: User) -> None:
    two_steps(theater, "media")
    items = [titled(theater), collected(theater)]
    made = submitted(*(reversed(items) if turned else items), by=author)
    assert made.area == "media"
    first = approvals.approve(made, by=theater.director)
    assert (first.state, first.step) == ("submitted", 1)
    assert approvals.approve(first, by=theater.other_director).state == "applied"


def test_items_with_different_steps_must_be_submitted_separately(theater: Theater, author: User) -> None:
    two_steps(theater, "media")
    two_steps(theater, "details")
    with pytest.raises(Invalid) as refused:
        submitted(titled(theater), collected(theater), by=author)
    assert (refused.value.code, refused.value.data) == ("steps_differ", {"areas": ["details", "media"]})
    assert submitted(titled(theater), by=author).state == "submitted"


def test_approvers_of_one_production_cannot_approve_items_of_another(theater: Theater, author: User) -> None:
    two_steps(theater, "details", theater.root)
    with pytest.raises(Invalid):
        submitted(titled(theater), titled(theater, "draft"), by=author)


def test_steps_set_after_submitting_apply(theater: Theater, author: User) -> None:
    made = submitted(titled(theater), collected(theater), by=author)
    two_steps(theater, "media")
    with pytest.raises(NotAllowed) as refused:
        approvals.approve(made, by=theater.director)
    assert (refused.value.code, refused.value.field) == ("steps_differ", "items.1")

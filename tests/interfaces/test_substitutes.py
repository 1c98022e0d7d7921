"""Who may name somebody to decide in a person's place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.approvals.services.substitutes import end_substitute
from accounts.models import Notification, User
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import approvals, delegation
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


@pytest.fixture
def deputy(theater: Theater) -> User:
    return world.give("viewer", theater.root, by=theater.director, to=world.user("Dan Deputy"))


def code_of(refused: pytest.ExceptionInfo[DomainError]) -> str:
    return refused.value.code


def test_users_create_and_end_their_own_substitutions_over_http(theater: Theater, deputy: User) -> None:
    body = {
        "person": theater.director.pk,
        "substitute": deputy.pk,
        "section": theater.root.pk,
        "ends_at": approvals.in_days(7).isoformat(),
        "reason": "Holiday in the hills",
    }
    browser = world.client(theater.director)
    made = world.post(browser, "/api/v1/substitutes/", body)
    assert made.status_code == 201, made.content
    assert made.json()["area"] == ""
    letter = Notification.objects.get(kind="substitute_named")
    assert letter.recipient == deputy
    assert "Holiday in the hills" in letter.body
    own = world.client(deputy).get("/api/v1/substitutes/").json()["results"]
    assert [row["id"] for row in own] == [made.json()["id"]]
    path = f"/api/v1/substitutes/{made.json()['id']}/end/"
    assert world.post(world.client(theater.stranger), path, {}).status_code == 404
    assert world.post(world.client(deputy), path, {}).status_code == 200
    assert world.post(browser, path, {}).json()["code"] == "substitute_over"
    assert Notification.objects.get(kind="substitute_ended").recipient == theater.director


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ends_at": timedelta(days=-1)}, "ends_before_start"),
        ({"starts_at": timedelta(days=4), "ends_at": timedelta(days=3)}, "ends_before_start"),
        ({"ends_at": timedelta(days=400)}, "too_long"),
        ({"area": "flying"}, "unknown_area"),
        ({"area": "audit"}, "unknown_area"),
    ],
)
def test_invalid_dates_and_areas_are_refused(given: dict[str, Any], code: str, theater: Theater, deputy: User) -> None:
    fields = {name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in given.items()}
    with pytest.raises(Invalid) as refused:
        approvals.substitute(theater.director, deputy, theater.root, **fields)
    assert code_of(refused) == code


def test_invalid_substitutes_are_refused(theater: Theater, deputy: User) -> None:
    for substitute, code in ((theater.director, "own_substitute"), (theater.stranger, "no_role_here")):
        with pytest.raises(Invalid) as refused:
            approvals.substitute(theater.director, substitute, theater.root)
        assert code_of(refused) == code


def test_users_who_decide_nothing_cannot_name_a_substitute(theater: Theater, deputy: User) -> None:
    for area in (None, "details"):
        with pytest.raises(NotAllowed) as refused:
            approvals.substitute(deputy, theater.director, theater.root, area=area)
        assert code_of(refused) == "nothing_to_substitute_for"


def test_substitutes_for_others_stay_within_the_permissions_of_the_actor(theater: Theater, deputy: User) -> None:
    away = approvals.approver(theater.section, by=theater.director)
    colleague = approvals.approver(theater.section, by=theater.director)
    with pytest.raises(NotAllowed) as refused:
        approvals.substitute(away, deputy, theater.section, by=colleague)
    assert code_of(refused) == "not_your_substitute"
    manager = approvals.holder(["manage_members", "approve_details"], theater.section, by=theater.director)
    with pytest.raises(NotAllowed) as refused:
        approvals.substitute(away, deputy, theater.section, by=manager)
    assert code_of(refused) == "beyond_own_permissions"
    with pytest.raises(NotAllowed) as refused:
        approvals.substitute(away, manager, theater.section, by=manager, area="details")
    assert code_of(refused) == "own_role"
    short = approvals.holder(
        ["manage_members", "approve_details"], theater.section, by=theater.director, ends_at=approvals.in_days(2)
    )
    with pytest.raises(NotAllowed) as refused:
        approvals.substitute(away, deputy, theater.section, by=short, area="details")
    assert code_of(refused) == "beyond_own_time"
    named = approvals.substitute(away, deputy, theater.section, by=manager, area="details")
    assert named.named_by == manager
    assert {n.recipient for n in Notification.objects.filter(kind="substitute_named")} == {away, deputy}


def test_a_substitution_is_ended_once_and_only_with_permission(theater: Theater, deputy: User) -> None:
    away = approvals.approver(theater.section, by=theater.director)
    named = approvals.substitute(away, deputy, theater.section, starts_at=approvals.in_days(2))
    colleague = approvals.approver(theater.section, by=theater.director)
    with pytest.raises(NotAllowed):
        end_substitute(actor=world.acting(colleague), substitute=named)
    ended = end_substitute(actor=theater.acting(), substitute=named)
    assert ended.starts_at == ended.ends_at
    with pytest.raises(Conflict):
        end_substitute(actor=world.acting(away), substitute=named)


def test_a_substitution_grants_no_step_that_its_creator_could_not_decide(theater: Theater, deputy: User) -> None:
    """A step by a role or another permission: naming the substitute is within the ceiling of every step."""
    board = delegation.role(["view_members", "approve_details", "manage_brand"], theater.root, by=theater.director)
    member = world.give(board.name, theater.root, by=theater.director)
    clerk_role = delegation.role(["manage_members", "approve_details"], theater.root, by=theater.director)
    clerk = world.give(clerk_role.name, theater.root, by=theater.director)
    approvals.steps(
        theater.section,
        {"title": "Board", "role": board},
        {"title": "Look", "permission": "approve_details"},
        by=theater.director,
    )
    with pytest.raises(NotAllowed) as refused:
        approvals.substitute(member, deputy, theater.section, by=clerk, area="details")
    assert "manage_brand" in refused.value.data["lacking"]
    assert approvals.substitute(member, deputy, theater.section, by=theater.director, area="details").pk
    # Everybody names their own.
    assert approvals.substitute(member, clerk, theater.section, area="details").pk

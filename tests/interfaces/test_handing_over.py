"""Somebody leaves, or a season ends: what they held goes on, as far as they could have given it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ApiToken, AuditEntry, RoleAssignment, Section, User
from accounts.permissions.selectors.permissions import holders_of
from accounts.permissions.services.api_tokens import create_token
from accounts.permissions.services.handing_over import carry_over, hand_over
from accounts.permissions.services.invitations import accept_invitation
from tests import world
from tests.interfaces.test_delegation import DAY, chain, holds, manager, refused
from tests.laws.scenes import Theater
from tests.worlds import delegation
from theater_site.core.actors import System
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db


@pytest.fixture
def theater() -> Theater:
    return Theater()


def test_a_handover_transfers_all_roles_to_the_successor(theater: Theater) -> None:
    first, second, third = chain(theater)
    successor, end = world.user("Next"), timezone.now() + 30 * DAY
    extra = world.assign("box_office", theater.root, by=theater.director, to=first.user, ends_at=end)
    later = world.assign("viewer", theater.root, by=theater.director, to=first.user, starts_at=end)
    seen = hand_over.preview(actor=theater.acting(), leaver=first.user, successor=successor, reason="")
    assert {c.object_id for c in seen.changes if c.model is RoleAssignment and c.operation == "changed"} >= {
        first.pk,
        extra.pk,
    }
    made = delegation.leaves(first.user, to=successor, by=theater.director)
    assert [(row.role_id, row.section_id, row.ends_at) for row in made] == [
        (row.role_id, row.section_id, row.ends_at) for row in (first, extra, later)
    ]
    assert made[2].starts_at == end
    assert holds(successor, "manage_members", theater.section)
    assert holds(successor, "edit_tickets", theater.root)
    assert not holds(first.user, "view_cast", theater.section)
    assert holds(second.user, "manage_members", theater.section)
    second.refresh_from_db()
    assert second.passed_on_from == made[0]
    assert set(second.grants.values_list("origin__user_id", flat=True)) == {successor.pk}
    delegation.end(made[0], by=theater.director)
    assert not holds(third.user, "view_cast", theater.production)


def test_the_director_hands_over_their_own_roles(theater: Theater) -> None:
    local = manager(theater)
    successor = world.user()
    delegation.leaves(theater.director, to=successor, by=theater.director)
    assert [user.pk for user in holders_of("manage_members", theater.root)] == [successor.pk]
    assert holds(local, "manage_members", theater.section)
    assert not holds(theater.director, "view_cast", theater.root)


def test_handing_over_needs_permission(theater: Theater) -> None:
    local, guest, successor = manager(theater), world.user(), world.user()
    both = world.give("viewer", theater.section, by=theater.director)
    world.give("viewer", theater.draft_season.section, by=theater.director, to=both)
    refusal = refused("not_allowed", lambda: delegation.leaves(both, to=successor, by=local))
    assert not refusal.data, "what a stranger holds elsewhere is not told to everybody who manages members here"
    outside = "view_cast"
    assert outside not in refusal.message
    observer = delegation.role(["view_members"], theater.root, by=theater.director)
    world.assign(observer.name, theater.draft_season.section, by=theater.director, to=local)
    assert refused("beyond_own_sections", lambda: delegation.leaves(both, to=successor, by=local)).data["lacking"]
    refused("not_allowed", lambda: delegation.leaves(both, to=successor, by=theater.stranger))
    refused("beyond_own_permissions", lambda: delegation.leaves(both, to=successor, by=both))
    refused("own_role", lambda: delegation.leaves(both, to=local, by=local))
    refused("same_person", lambda: delegation.leaves(both, to=both, by=theater.director))
    refused("nothing_held", lambda: delegation.leaves(guest, to=successor, by=theater.director))
    delegation.leaves(both, to=successor, by=theater.director)
    hand_over(actor=System("test"), leaver=successor, successor=guest, reason="")


def test_an_invalid_invitation_stays_invalid_after_a_handover(theater: Theater) -> None:
    """Anybody who once could invite to more than they hold now does not get it offered by everybody who takes over from them."""
    leaver, successor = manager(theater), world.user()
    dead, dead_secret = delegation.invited("dead@theater.example", "box_office", theater.section, by=leaver)
    delegation.end(leaver.assignments.get(), by=theater.director)
    world.assign("director", theater.section, by=theater.director, to=successor)
    managing = delegation.role(["manage_members", "view_cast"], theater.root, by=theater.director)
    world.assign(managing.name, theater.section, by=theater.director, to=leaver)
    seeing = delegation.role(["view_cast"], theater.root, by=theater.director)
    living, secret = delegation.invited("living@theater.example", seeing.name, theater.section, by=leaver)
    delegation.leaves(leaver, to=successor, by=leaver)
    for invitation in (dead, living):
        invitation.refresh_from_db()
    assert (dead.invited_by, living.invited_by) == (leaver, successor)
    assert dead.withdrawn_at is not None
    assert living.withdrawn_at is None
    assert AuditEntry.objects.get(action="role.hand_over").note == {"invitations_withdrawn": [dead.pk]}
    guest = delegation.with_address(User.objects.create_user("dead@theater.example"))
    with pytest.raises(DomainError) as error:
        accept_invitation(actor=world.acting(guest), token=dead_secret)
    assert error.value.code == "invitation_withdrawn"
    welcome = delegation.with_address(User.objects.create_user("living@theater.example"))
    accept_invitation(actor=world.acting(welcome), token=secret)
    assert holds(welcome, "view_cast", theater.section)


def test_a_handover_transfers_no_invitation_beyond_the_actors_permissions(theater: Theater) -> None:
    """What the leaver holds no more but for a closed account's word is not given by everybody who acts in their place."""
    leaver, successor = manager(theater), world.user()
    offer, _ = delegation.invited("late@theater.example", "viewer", theater.section, by=leaver)
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    delegation.leaves(leaver, to=successor, by=theater.director)
    offer.refresh_from_db()
    assert offer.withdrawn_at is not None


def test_a_handover_transfers_tokens_within_their_creators_permissions(theater: Theater) -> None:
    end = timezone.now() + 100 * DAY
    leaver, successor = manager(theater), world.user()

    def token(*permissions: str) -> ApiToken:
        made: ApiToken = create_token(
            actor=world.acting(leaver),
            section=theater.section,
            name="website",
            permissions=list(permissions),
            expires_at=end,
        )
        return made

    old = token("view_cast", "view_schedule")
    delegation.end(leaver.assignments.get(), by=theater.director)
    managing = delegation.role(["manage_members", "view_cast"], theater.root, by=theater.director)
    world.assign(managing.name, theater.section, by=theater.director, to=leaver)
    world.assign("director", theater.section, by=theater.director, to=successor)
    kept = token("view_cast")
    delegation.leaves(leaver, to=successor, by=theater.director)
    for made in (old, kept):
        made.refresh_from_db()
    assert (old.made_by, kept.made_by, kept.revoked_at) == (leaver, successor, None)
    assert old.revoked_at is not None
    assert AuditEntry.objects.get(action="role.hand_over").note == {"tokens_revoked": [old.pk]}


def test_roles_for_one_season_are_not_carried_over(theater: Theater) -> None:
    source, target = theater.section, theater.draft_season.section
    own = delegation.role(["view_cast"], source, by=theater.director)
    stays = world.assign(own.name, source, by=theater.director, to=world.user())
    goes = world.assign("viewer", source, by=theater.director, to=world.user())
    below = world.assign("viewer", theater.production.section, by=theater.director, to=world.user())

    def carry(chosen: list[RoleAssignment] | None) -> list[RoleAssignment]:
        return carry_over(
            actor=theater.acting(), source=source, target=target, assignments=chosen, starts_at=None, ends_at=None, reason="",
        )  # fmt: skip

    refused("outside_role", lambda: carry([stays]))
    assert [row.user_id for row in carry(None)] == [goes.user_id]
    assert AuditEntry.objects.get(action="role.carry_over").note == {"made_for_elsewhere": [stays.pk]}
    assert not holds(below.user, "view_cast", target)


def test_the_roles_of_a_season_are_carried_over(theater: Theater) -> None:
    source, target = theater.section, theater.draft_season.section
    kept = [world.assign(name, source, by=theater.director, to=world.user()) for name in ("viewer", "stage_manager")]
    closed = world.assign("viewer", source, by=theater.director, to=world.user())
    User.objects.filter(pk=closed.user_id).update(is_active=False)
    elsewhere = world.assign("viewer", theater.root, by=theater.director, to=world.user())

    def carry(by: User, chosen: list[RoleAssignment] | None, to: Section = target) -> Any:
        return carry_over(
            actor=world.acting(by),
            source=source,
            target=to,
            assignments=chosen,
            starts_at=None,
            ends_at=None,
            reason="",
        )

    refused("same_section", lambda: carry(theater.director, None, source))
    refused("not_in_section", lambda: carry(theater.director, [elsewhere]))
    refused("user_inactive", lambda: carry(theater.director, [closed]))
    refused("not_allowed", lambda: carry(manager(theater), None))
    made = carry(theater.director, [kept[0]])
    assert [(row.user_id, row.section_id) for row in made] == [(kept[0].user_id, target.pk)]
    assert holds(kept[0].user, "view_cast", source), "the old ones stay"
    refused("held_already", lambda: carry(theater.director, [kept[0]]))
    assert [row.user_id for row in carry(theater.director, None)] == [kept[1].user_id]
    both = manager(theater, target)
    mine = world.assign("viewer", source, by=theater.director, to=both)
    observer = delegation.role(["view_members"], theater.root, by=theater.director)
    world.assign(observer.name, source, by=theater.director, to=both)
    refused("own_role", lambda: carry(both, [mine]))

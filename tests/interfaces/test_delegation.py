"""What delegation refuses, each with a code of its own; and what follows from what is ended and edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notification, Role, RoleAssignment, Section, SectionGrant, User
from accounts.permissions.selectors.permissions import holders_of
from accounts.permissions.services.role_editing import delete_role, update_role
from accounts.permissions.services.roles import assign_role, end_role, set_end_of_role
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, changed, state
from tests.worlds import delegation
from theater_site.core.actions import registered
from theater_site.core.actors import System
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def theater() -> Theater:
    return Theater()


def refused(code: str, work: Callable[[], Any]) -> DomainError:
    """`work` is refused with this code, and nothing has changed."""
    before = state()
    with pytest.raises(DomainError) as error, transaction.atomic():
        work()
    assert error.value.code == code, error.value.message
    assert changed(before) == []
    return error.value


def holds(who: User, permission: str, scope: Any) -> bool:
    return world.acting(who).holds(permission, scope, timezone.now())


def manager(t: Theater, section: Section | None = None, **span: Any) -> User:
    """Somebody with every permission on a season (unless told otherwise), given by the director."""
    return world.give("director", section or t.section, by=t.director, **span)


# --- Giving -------------------------------------------------------------------------------------------------


def test_every_excessive_grant_is_refused_with_its_code(theater: Theater) -> None:
    now = timezone.now()
    june = manager(theater, ends_at=now + 30 * DAY)
    delegate = world.user()
    role = delegation.role(["manage_members", "view_members"], theater.root, by=theater.director)
    world.assign(role.name, theater.root, by=theater.director, to=delegate)
    world.give("viewer", theater.draft_season.section, by=theater.director, to=delegate)
    guest, here = world.user(), theater.section

    def give(
        by: User, to: User = guest, name: str = "viewer", section: Section = here, **span: Any
    ) -> Callable[[], Any]:
        return lambda: world.assign(name, section, by=by, to=to, **span)

    refused("own_role", give(june, to=june, ends_at=now + DAY))
    refused("not_allowed", give(june, section=theater.draft_season.section, ends_at=now + DAY))
    refused("not_allowed", give(june, section=theater.root, ends_at=now + DAY))
    refused("beyond_own_time", give(june))
    refused("beyond_own_time", give(june, ends_at=now + 31 * DAY))
    wrong = refused("beyond_own_permissions", give(delegate, name="box_office"))
    assert wrong.data["why"]["edit_tickets"] == "beyond_own_permissions"
    assert refused("beyond_own_sections", give(delegate)).data["why"] == dict.fromkeys(
        ("view_cast", "view_details", "view_media", "view_schedule"), "beyond_own_sections"
    )
    refused("ends_before_start", give(theater.director, starts_at=now + DAY, ends_at=now + DAY))
    refused("ends_in_past", give(theater.director, ends_at=now - DAY))
    refused("user_inactive", give(theater.director, to=world.user(is_active=False)))
    local = delegation.role(["view_cast"], theater.section, by=theater.director)
    refused("outside_role", give(theater.director, name=local.name, section=theater.root))
    give(june, ends_at=now + 30 * DAY)()


def test_missing_objects_are_reported_by_name(theater: Theater) -> None:
    gone = delegation.role(["view_cast"], theater.root, by=theater.director)
    Role.objects.filter(pk=gone.pk).delete()
    given = {"user": world.user(), "section": theater.section, "starts_at": None, "ends_at": None, "reason": ""}
    refused("role_gone", lambda: assign_role(actor=theater.acting(), role=gone, **given))
    browser = world.client(theater.director)
    body = {"user": world.user().pk, "role": Role.objects.get(name="viewer").pk, "section": 987654, "reason": ""}
    answer = world.post(browser, "/api/v1/role-assignments/", body)
    fault = answer.json()["errors"][0]
    assert (answer.status_code, fault["field"], fault["code"]) == (400, "section", "does_not_exist")


def test_a_single_grant_must_cover_the_whole_span(theater: Theater) -> None:
    """Two spans that adjoin do not make a longer one: either may be ended alone."""
    now = timezone.now()
    who = manager(theater, ends_at=now + 10 * DAY)
    world.give(
        "director", theater.section, by=theater.director, to=who, starts_at=now + 10 * DAY, ends_at=now + 20 * DAY
    )
    refused("beyond_own_time", lambda: world.give("viewer", theater.section, by=who, ends_at=now + 15 * DAY))
    world.give("viewer", theater.section, by=who, starts_at=now + 11 * DAY, ends_at=now + 15 * DAY)


def test_a_role_edited_during_a_request_grants_no_longer(theater: Theater) -> None:
    """The actor's permissions were loaded before; what they still believe to hold, they do not give."""
    delegate = world.user()
    role = delegation.role(["manage_members", "view_cast"], theater.root, by=theater.director)
    narrow = delegation.role(["view_cast"], theater.root, by=theater.director)
    world.assign(role.name, theater.root, by=theater.director, to=delegate)
    actor = world.acting(delegate)
    assert actor.holds("manage_members", theater.section, timezone.now())
    late = world.acting(delegate)
    assert late.holds("manage_members", theater.section, timezone.now())
    update_role(actor=theater.acting(), role=role, changes={"permissions": ["manage_members"]})
    given = {"user": world.user(), "role": narrow, "section": theater.section, "starts_at": None, "ends_at": None}
    refused("beyond_own_permissions", lambda: assign_role(actor=actor, reason="", **given))
    role.refresh_from_db()
    update_role(actor=theater.acting(), role=role, changes={"permissions": ["view_cast"]})
    refused("not_allowed", lambda: assign_role(actor=late, reason="", **given))


def test_a_permission_is_refused_a_second_after_its_end_even_if_loaded_before(theater: Theater) -> None:
    end = timezone.now() + DAY
    with time_machine.travel(end - timedelta(seconds=2), tick=False) as clock:
        who = world.give("production_manager", theater.section, by=theater.director, ends_at=end)
        actor, browser = world.acting(who), world.client(who)
        edit = registered()["production.update"]
        edit(actor=actor, production=theater.production, changes={"genre": "play"})
        clock.move_to(end + timedelta(seconds=1))
        refused("not_allowed", lambda: edit(actor=actor, production=theater.production, changes={"genre": "opera"}))
        path = f"/api/v1/productions/{theater.production.pk}/"
        answer = world.patch(browser, path, {"genre": "opera"}, theater.production.version + 1)
        assert answer.status_code == 403


# --- Ending -------------------------------------------------------------------------------------------------


def chain(t: Theater) -> list[RoleAssignment]:
    """The director lets one direct the season, who lets another, who lets a third view it."""
    first = world.assign("director", t.section, by=t.director, to=world.user("First"))
    second = world.assign("director", t.section, by=first.user, to=world.user("Second"))
    third = world.assign("viewer", t.production.section, by=second.user, to=world.user("Third"))
    return [first, second, third]


def test_ending_an_assignment_ends_its_delegations_and_the_preview_lists_them(theater: Theater) -> None:
    first, second, third = chain(theater)
    assert [row.passed_on_from_id for row in (first, second, third)] == [
        theater.director.assignments.get().pk,
        first.pk,
        second.pk,
    ]
    seen = end_role.preview(actor=theater.acting(), assignment=first, reason="over")
    ended = {change.object_id for change in seen.changes if change.model is RoleAssignment}
    assert ended == {first.pk, second.pk, third.pk}
    assert holds(third.user, "view_cast", theater.production)
    answer = world.post(
        world.client(theater.director), f"/api/v1/role-assignments/{first.pk}/end/?preview=true", {"reason": ""}
    )
    assert {c["object_id"] for c in answer.json()["changes"] if c["object_type"] == "accounts.roleassignment"} == {
        str(pk) for pk in ended
    }
    delegation.end(first, by=theater.director)
    for assignment in (first, second, third):
        assignment.refresh_from_db()
        assert assignment.ends_at is not None
        assert not holds(assignment.user, "view_cast", theater.production)
    told = Notification.objects.filter(kind="role_ended").values_list("recipient_id", flat=True)
    assert set(told) == {first.user_id, second.user_id, third.user_id}


def test_shortening_an_assignment_shortens_its_delegations_and_extending_does_not(theater: Theater) -> None:
    first, second, third = chain(theater)
    end = timezone.now() + 10 * DAY
    delegation.set_end(first, end, by=theater.director)
    assert set(
        RoleAssignment.objects.filter(pk__in=[first.pk, second.pk, third.pk]).values_list("ends_at", flat=True)
    ) == {end}
    assert not SectionGrant.objects.filter(assignment__in=[first, second, third]).exclude(ends_at=end).exists()
    refused("beyond_own_time", lambda: delegation.set_end(third, end + DAY, by=second.user))
    refused("own_role", lambda: delegation.set_end(second, end - DAY, by=second.user))
    refused("own_role", lambda: delegation.set_end(first, end - DAY, by=second.user))
    refused("ends_in_past", lambda: delegation.set_end(third, timezone.now() - DAY, by=theater.director))
    # Longer is given by everybody who makes it so: it no longer ends with the second's.
    delegation.set_end(third, None, by=theater.director)
    delegation.end(second, by=theater.director)
    assert holds(third.user, "view_cast", theater.production)
    third.refresh_from_db()
    assert third.passed_on_from == theater.director.assignments.get()
    delegation.set_end(third, None, by=theater.director)
    later = world.assign("viewer", theater.section, by=theater.director, to=world.user(), starts_at=end)
    refused("ends_before_start", lambda: delegation.set_end(later, end - DAY, by=theater.director))
    delegation.set_end(later, end + DAY, by=theater.director)
    delegation.set_end(later, end + 2 * DAY, by=theater.director)
    delegation.end(later, by=theater.director)
    later.refresh_from_db()
    assert (later.starts_at, later.grants.count()) == (None, 0)
    refused("role_over", lambda: delegation.end(later, by=theater.director))
    refused("role_over", lambda: delegation.set_end(later, end, by=theater.director))


def test_a_future_delegation_is_removed_if_its_origin_ends_before_its_start(theater: Theater) -> None:
    now = timezone.now()
    first = world.assign("director", theater.section, by=theater.director, to=world.user())
    later = world.assign("viewer", theater.section, by=first.user, to=world.user(), starts_at=now + 20 * DAY)
    delegation.set_end(first, now + 10 * DAY, by=theater.director)
    later.refresh_from_db()
    assert later.grants.count() == 0
    assert later.starts_at is None
    assert later.ends_at is not None
    assert later.ends_at <= timezone.now(), "nothing is left of it, so it is not listed as held until then"
    assert list(Notification.objects.filter(recipient=later.user).order_by("pk").values_list("kind", flat=True)) == [
        "role_given", "role_ended",
    ]  # fmt: skip
    browser = world.client(theater.director)
    assert (
        world.post(browser, f"/api/v1/role-assignments/{later.pk}/end/", {"reason": ""}).json()["code"] == "role_over"
    )


def test_a_permission_removed_from_a_role_does_not_return_with_a_later_end(theater: Theater) -> None:
    """A permission that ran out before the rest of its assignment, and was then taken out of the role, is gone for good."""
    now = timezone.now()
    managing = delegation.role(["manage_members", "view_members"], theater.root, by=theater.director)
    viewing = delegation.role(["view_media"], theater.root, by=theater.director)
    both = delegation.role(["view_members", "view_media"], theater.root, by=theater.director)
    giver = world.user()
    world.assign(managing.name, theater.root, by=theater.director, to=giver)
    runs_out = world.assign(viewing.name, theater.root, by=theater.director, to=giver, ends_at=now + 30 * DAY)
    held = world.assign(both.name, theater.section, by=giver, to=world.user(), ends_at=now + 20 * DAY)
    delegation.set_end(runs_out, now + DAY, by=theater.director)
    with time_machine.travel(now + 2 * DAY, tick=False):
        assert [holds(held.user, permission, theater.section) for permission in ("view_members", "view_media")] == [
            True,
            False,
        ]
        both.refresh_from_db()
        update_role(actor=theater.acting(), role=both, changes={"permissions": ["view_members"]})
        assert list(held.grants.values_list("permission__codename", flat=True)) == ["view_members"]
        delegation.set_end(held, None, by=theater.director)
        assert [holds(held.user, permission, theater.section) for permission in ("view_members", "view_media")] == [
            True,
            False,
        ]
        assert not held.grants.filter(origin=None).exists()


def test_extending_an_assignment_grants_only_the_permissions_of_the_role(theater: Theater) -> None:
    """Rows of permissions that the role has not, however they came to be there, are not dated again."""
    role = delegation.role(["view_cast", "view_media"], theater.root, by=theater.director)
    held = world.assign(role.name, theater.section, by=theater.director, to=world.user(), ends_at=timezone.now() + DAY)
    Role.objects.filter(pk=role.pk).update(permissions=["view_cast"])
    delegation.set_end(held, None, by=theater.director)
    assert list(held.grants.values_list("permission__codename", flat=True)) == ["view_cast"]


def test_an_assignment_ends_with_its_last_permission(theater: Theater) -> None:
    """Managing by one assignment, viewing by another: what was passed on loses what its giver loses."""
    role = delegation.role(["manage_members"], theater.root, by=theater.director)
    delegate = world.user()
    managing = world.assign(role.name, theater.section, by=theater.director, to=delegate)
    viewing = world.assign("viewer", theater.section, by=theater.director, to=delegate)
    passed = world.assign("viewer", theater.section, by=delegate, to=world.user())
    assert passed.passed_on_from == managing
    delegation.end(viewing, by=theater.director)
    passed.refresh_from_db()
    assert passed.ends_at is not None
    assert not holds(passed.user, "view_cast", theater.section)
    again = world.assign("viewer", theater.section, by=theater.director, to=delegate)
    other = world.assign("viewer", theater.section, by=delegate, to=world.user())
    delegation.end(managing, by=theater.director)
    assert not holds(other.user, "view_cast", theater.section)
    assert holds(again.user, "view_cast", theater.section)


def test_circular_delegations_are_impossible(theater: Theater) -> None:
    """Two who hold the same by the same word give it to each other; ending the word ends both, whatever they hold."""
    one = world.assign("director", theater.section, by=theater.director, to=world.user("One"))
    two = world.assign("director", theater.section, by=one.user, to=world.user("Two"))
    back = world.assign("director", theater.section, by=two.user, to=one.user)
    assert back.passed_on_from == two
    refused("own_role", lambda: delegation.set_end(one, None, by=one.user))
    refused("own_role", lambda: delegation.end(one, by=two.user))
    delegation.end(one, by=theater.director)
    for assignment in (two, back):
        assignment.refresh_from_db()
        assert assignment.ends_at is not None
    assert not holds(one.user, "view_cast", theater.section)
    assert not holds(two.user, "view_cast", theater.section)
    with pytest.raises(IntegrityError), transaction.atomic():
        back.passed_on_from = back
        back.save()


# --- Roles as data ------------------------------------------------------------------------------------------


def test_editing_a_role_applies_to_all_its_assignments(theater: Theater) -> None:
    role = delegation.role(["manage_members", "view_cast", "view_media"], theater.root, by=theater.director)
    holder = world.user()
    world.assign(role.name, theater.section, by=theater.director, to=holder)
    narrow = delegation.role(["view_cast"], theater.root, by=theater.director)
    passed = world.assign(narrow.name, theater.section, by=holder, to=world.user())
    browser = world.client(theater.director)
    path = f"/api/v1/roles/{role.pk}/"
    body = {"permissions": ["manage_members", "view_media", "edit_media"], "title": "Pictures"}
    seen = world.patch(browser, path + "?preview=true", body, role.version).json()
    assert {c["operation"] for c in seen["changes"] if c["object_type"] == "accounts.sectiongrant"} == {
        "created",
        "deleted",
    }
    assert world.patch(browser, path, body, role.version).status_code == 200
    assert holds(holder, "edit_media", theater.section)
    assert not holds(holder, "view_cast", theater.section)
    assert not holds(passed.user, "view_cast", theater.section), "what was passed on of it is gone as well"
    passed.refresh_from_db()
    assert passed.ends_at is not None
    assert world.patch(browser, path, {"permissions": ["view_cast"]}, role.version).status_code == 412


def test_invalid_roles_are_refused(theater: Theater) -> None:
    role = delegation.role(["view_cast"], theater.root, by=theater.director)
    held = delegation.role(["manage_members", "view_cast"], theater.root, by=theater.director, sensitive=True)
    editor = world.user()
    mine = world.assign(held.name, theater.root, by=theater.director, to=editor)

    def change(by: User, what: Role, **changes: Any) -> Callable[[], Any]:
        return lambda: update_role(actor=world.acting(by), role=what, changes=changes)

    refused("beyond_own_permissions", change(editor, role, permissions=["view_cast", "edit_cast"]))
    refused("own_role", change(editor, held, permissions=["manage_members", "view_cast", "edit_cast"]))
    refused("own_role", change(editor, held, permissions=["manage_members"]))
    refused("own_role", change(editor, held, sensitive=False))
    change(editor, held, title="Another name", sensitive=True)()
    refused("unknown_permission", change(theater.director, role, permissions=["edit_everything"]))
    refused("no_permissions", change(theater.director, role, permissions=[]))
    refused("bad_role_name", lambda: _make(theater, "No Name!"))
    refused("name_taken", lambda: _make(theater, "viewer"))
    refused("beyond_own_permissions", lambda: delegation.role(["edit_cast"], theater.root, by=editor))
    # To need less for it is giving it, to those who have no second factor.
    guarded = delegation.role(["manage_members", "edit_cast"], theater.root, by=theater.director, sensitive=True)
    refused("beyond_own_permissions", change(editor, guarded, sensitive=False))
    world.assign(guarded.name, theater.root, by=theater.director, to=world.user(), ends_at=timezone.now() + DAY)
    change(theater.director, guarded, sensitive=False)()
    # What is held longer or elsewhere than the editor holds it is not for them to add to.
    until = timezone.now() + DAY
    local = manager(theater, ends_at=until)
    own = delegation.role(["view_cast"], theater.section, by=theater.director)
    world.assign(own.name, theater.section, by=theater.director, to=world.user())
    refused("beyond_own_time", change(local, own, permissions=["view_cast", "edit_cast"]))
    refused("role_in_use", lambda: delete_role(actor=theater.acting(), role=held))
    delegation.end(mine, by=theater.director)
    refused("role_in_use", lambda: delete_role(actor=theater.acting(), role=held))
    delete_role(actor=theater.acting(), role=role)
    future = delegation.role(["view_cast"], theater.root, by=theater.director)
    later = world.assign(future.name, theater.section, by=theater.director, to=world.user(), starts_at=until)
    change(theater.director, future, permissions=["view_cast", "view_media"])()
    assert set(later.grants.values_list("starts_at", flat=True)) == {until}


def _make(theater: Theater, name: str) -> Role:
    made: Role = registered()["role.create"](
        actor=theater.acting(), section=theater.root, name=name, fields={"title": "x", "permissions": ["view_cast"]}
    )
    return made


# --- The last director --------------------------------------------------------------------------------------


def _by_system(user: User, role: str, section: Section, **span: Any) -> RoleAssignment:
    given = {"starts_at": None, "ends_at": None, **span}
    made: RoleAssignment = assign_role(
        actor=System("test"), user=user, role=Role.objects.get(name=role), section=section, reason="", **given
    )
    return made


def test_the_last_director_cannot_be_removed_in_any_way(theater: Theater) -> None:
    own, system = theater.director.assignments.get(), System("test")
    role = Role.objects.get(name="director")
    delegate = world.user()
    _by_system(delegate, "director", theater.root, ends_at=timezone.now() + DAY)
    refused("last_director", lambda: end_role(actor=world.acting(delegate), assignment=own, reason=""))
    refused("last_director", lambda: end_role(actor=system, assignment=own, reason=""))
    end = timezone.now() + 2 * DAY
    refused("last_director", lambda: set_end_of_role(actor=system, assignment=own, ends_at=end, reason=""))
    permissions = sorted(set(role.permissions) - {"manage_members"})
    refused("last_director", lambda: update_role(actor=system, role=role, changes={"permissions": permissions}))
    refused(
        "user_inactive",
        lambda: delegation.leaves(theater.director, to=world.user(is_active=False), by=theater.director),
    )
    other = _by_system(world.user(), "director", theater.root)
    User.objects.filter(pk=other.user_id).update(is_active=False)
    refused("last_director", lambda: end_role(actor=system, assignment=own, reason=""))
    User.objects.filter(pk=other.user_id).update(is_active=True)
    end_role(actor=system, assignment=own, reason="")
    assert [user.pk for user in holders_of("manage_members", theater.root)] == sorted([delegate.pk, other.user_id])


def test_users_who_only_delegate_cannot_remove_the_last_holder_of_a_permission(theater: Theater) -> None:
    """A permission that nobody holds on the organization any more is one that nobody can give again."""
    managing = delegation.role(["manage_members"], theater.root, by=theater.director)
    clerk = world.acting(world.give(managing.name, theater.root, by=theater.director))
    director = Role.objects.get(name="director")
    refused(
        "last_director", lambda: update_role(actor=clerk, role=director, changes={"permissions": ["manage_members"]})
    )
    less = sorted(set(director.permissions) - {"edit_cast"})
    refused("last_director", lambda: update_role(actor=clerk, role=director, changes={"permissions": less}))
    viewer = world.assign("viewer", theater.root, by=theater.director, to=world.user())
    end_role(actor=clerk, assignment=viewer, reason="")


@pytest.mark.django_db(transaction=True)
def test_of_two_directors_who_leave_at_once_one_stays(real_database: None) -> None:
    theater = Theater()
    second = _by_system(world.user(), "director", theater.root)
    own = theater.director.assignments.get()
    answers = together(
        [
            lambda: end_role(actor=world.acting(second.user), assignment=own, reason=""),
            lambda: set_end_of_role(
                actor=world.acting(theater.director), assignment=second, ends_at=timezone.now() + DAY, reason=""
            ),
        ]
    )
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
    assert SectionGrant.objects.filter(
        permission__codename="manage_members", content_object=theater.root, ends_at=None
    ).count() == 1  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_ended_assignment_cannot_be_delegated_concurrently(real_database: None) -> None:
    theater = Theater()
    for _ in range(4):
        first = world.assign("director", theater.section, by=theater.director, to=world.user())
        guest = world.user()
        actor = world.acting(first.user)
        assert actor.holds("manage_members", theater.section, timezone.now())
        together(
            [
                lambda first=first: end_role(actor=theater.acting(), assignment=first, reason=""),  # type: ignore[misc]
                lambda actor=actor, guest=guest: assign_role(  # type: ignore[misc]
                    actor=actor, user=guest, role=Role.objects.get(name="viewer"), section=theater.section,
                    starts_at=None, ends_at=None, reason="",
                ),
            ]
        )  # fmt: skip
        assert not holds(guest, "view_cast", theater.section)

"""One answer to "who may": has_perm, what the actor holds, what is visible, and what is refused agree."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Role, RoleAssignment, Section, SectionGrant, SectionKind, User
from accounts.permissions.rules.roles import PRESETS
from accounts.permissions.selectors.permissions import holders_of
from accounts.permissions.services.handing_over import hand_over
from accounts.permissions.services.roles import assign_role, end_role
from accounts.permissions.services.sections import create_section, rename_section
from productions.models import Production
from tests import world
from tests.interfaces.test_idempotency import together
from tests.laws.scenes import Theater, changed, state
from theater_site.core.actors import EVERYWHERE, SectionsBelow, System
from theater_site.core.errors import Conflict, DomainError, Invalid, NotAllowed

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
ROLES = ("director", "stage_manager", "viewer", "box_office")
ASKED = ("view_members", "manage_members", "edit_schedule", "view_details", "edit_tickets")


@pytest.fixture
def theater() -> Theater:
    return Theater()


_hours = st.one_of(st.none(), st.integers(-2, 2))
_held = st.tuples(st.sampled_from(ROLES), st.integers(0, 6), _hours, _hours)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=st.lists(st.integers(0, 10), min_size=1, max_size=6), held=st.lists(_held, max_size=4), active=st.booleans()
)
def test_all_permission_checks_agree_with_a_naive_one(
    theater: Theater, tree: list[int], held: list[tuple[str, int, int | None, int | None]], active: bool
) -> None:
    with time_machine.travel(NOON, tick=False):
        sections, parents = [theater.root], {theater.root.pk: None}
        who, spans = world.user(), []

        def grow() -> None:
            place = tree[len(sections) - 1]
            parent = sections[place % len(sections)]
            made = create_section(
                actor=theater.acting(), parent=parent, kind=SectionKind.AREA, name=f"Area {world.number()}"
            )
            parents[made.pk] = parent.pk
            sections.append(made)

        half = len(tree) // 2
        for _ in range(half):
            grow()
        for role, place, start, end in held:
            section = sections[place % len(sections)]
            starts, ends = (None if hour is None else NOON + timedelta(hours=hour) for hour in (start, end))
            if starts and ends and ends <= starts:
                continue
            row = RoleAssignment(
                user=who, role=Role.objects.get(name=role), section=section, starts_at=starts, ends_at=ends
            )
            try:
                world.assign(role, section, by=theater.director, to=who, starts_at=row.starts_at, ends_at=row.ends_at)
            except DomainError:
                continue  # A span in the past that its giver did not hold.
            spans.append((role, section.pk, starts, ends))
        for _ in tree[half:]:
            grow()  # Sections made later are below all the same.
        User.objects.filter(pk=who.pk).update(is_active=active)
        who = User.objects.get(pk=who.pk)

    def holds(permission: str, section: Section, at: datetime) -> bool:
        """The oracle: climb the tree, look at every assignment."""
        here: int | None = section.pk
        above = []
        while here is not None:
            above.append(here)
            here = parents[here]
        return active and any(
            place in above and permission in PRESETS[role][1] and (not start or start <= at) and (not end or at < end)
            for role, place, start, end in spans
        )

    for at in [NOON + timedelta(hours=hour, seconds=second) for hour in (-1, 0, 1) for second in (-1, 0, 1)]:
        with time_machine.travel(at, tick=False):
            actor, fresh = world.acting(who), User.objects.get(pk=who.pk)
            for permission in ASKED:
                expected = {section.pk for section in sections if holds(permission, section, at)}
                assert {s.pk for s in sections if actor.holds(permission, s, at)} == expected
                assert {s.pk for s in sections if fresh.has_perm(f"accounts.{permission}", s)} == expected
                assert {s.pk for s in sections if who in holders_of(permission, s, at)} == expected
                told = actor.sections_held(permission, at)
                assert (told is EVERYWHERE) == (theater.root.pk in expected)
                if told is not EVERYWHERE:
                    assert set(told) & {s.pk for s in sections} == expected
            seen = set(Section.objects.visible_to(actor).values_list("pk", flat=True))
            assert seen & parents.keys() == {s.pk for s in sections if holds("view_members", s, at)}
    with time_machine.travel(NOON, tick=False):
        for section in sections:
            allowed = holds("manage_members", section, NOON)
            before = state()
            if allowed:
                rename_section.preview(actor=world.acting(who), section=section, name="x")
            else:
                with pytest.raises(DomainError):
                    rename_section(actor=world.acting(who), section=section, name="x")
            assert changed(before) == []


def test_a_role_begins_and_ends_at_the_second(theater: Theater) -> None:
    start, end = NOON, NOON + timedelta(hours=1)
    who = world.give("stage_manager", theater.section, by=theater.director, starts_at=start, ends_at=end)
    second = timedelta(seconds=1)
    expected = {start - second: False, start: True, end - second: True, end: False}
    assert {at: world.acting(who).holds("edit_schedule", theater.production, at) for at in expected} == expected


def _assign(theater: Theater, by: User, to: User, role: str, section: Section, **span: Any) -> None:
    world.assign(role, section, by=by, to=to, **span)


def test_nobody_grants_more_than_they_have(theater: Theater) -> None:
    here, elsewhere = theater.season.section, theater.draft_season.section
    end = timezone.now() + timedelta(days=30)
    local = world.give("director", here, by=theater.director, ends_at=end)
    newcomer = world.user()
    _assign(theater, local, newcomer, "viewer", theater.production.section, ends_at=end)
    for section, span in (
        (elsewhere, {"ends_at": end}),
        (theater.root, {"ends_at": end}),
        (here, {}),
        (here, {"ends_at": end + timedelta(1)}),
    ):
        with pytest.raises(NotAllowed):
            _assign(theater, local, newcomer, "viewer", section, **span)
    Role(section=theater.root, name="delegate", title="Delegate", permissions=["manage_members", "view_members"]).save()
    delegate = world.give("delegate", theater.root, by=theater.director)
    with pytest.raises(NotAllowed) as refused:
        _assign(theater, delegate, newcomer, "viewer", theater.root)
    assert refused.value.code == "beyond_own_permissions"
    assert "view_cast" in refused.value.data["lacking"]


def test_nobody_changes_their_own_roles(theater: Theater) -> None:
    with pytest.raises(NotAllowed):
        _assign(theater, theater.director, theater.director, "viewer", theater.root)
    own = theater.director.assignments.get()
    assert theater.other_director
    with pytest.raises(NotAllowed):
        end_role(actor=theater.acting(), assignment=own, reason="")


def test_the_last_director_cannot_be_removed(theater: Theater) -> None:
    Role(section=theater.root, name="delegate", title="Delegate", permissions=["manage_members"]).save()
    soon = world.user()
    assign_role(
        actor=System("test"),
        user=soon,
        role=Role.objects.get(name="delegate"),
        section=theater.root,
        starts_at=None,
        ends_at=timezone.now() + timedelta(days=1),
        reason="",
    )
    own = theater.director.assignments.get()
    with pytest.raises(Conflict) as refused:
        end_role(actor=world.acting(soon), assignment=own, reason="")
    assert refused.value.code == "last_director", "one who goes tomorrow does not count for one who stays"
    assert theater.other_director
    with pytest.raises(NotAllowed):  # What the other director holds was passed on from it.
        end_role(actor=world.acting(theater.other_director), assignment=own, reason="rest")
    hand_over(actor=theater.acting(), leaver=theater.director, successor=theater.other_director, reason="rest")
    assert not world.acting(theater.director).holds("manage_members", theater.root, timezone.now())
    with pytest.raises(Conflict):
        end_role(actor=world.acting(theater.other_director), assignment=own, reason="again")


def test_invalid_spans_and_closed_accounts_are_refused(theater: Theater) -> None:
    now = timezone.now()
    with pytest.raises(Invalid):
        _assign(theater, theater.director, world.user(), "viewer", theater.root, starts_at=now, ends_at=now)
    with pytest.raises(Invalid):
        _assign(theater, theater.director, world.user(is_active=False), "viewer", theater.root)


@pytest.mark.django_db(transaction=True)
def test_two_directors_cannot_end_each_other_concurrently(real_database: None) -> None:
    theater = Theater()
    pair = (theater.director, theater.other_director)
    calls = [
        lambda by=by, of=of: end_role(actor=world.acting(by), assignment=of.assignments.get(), reason="")  # type: ignore[misc]
        for by, of in (pair, pair[::-1])
    ]
    answers = together(calls)
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
    assert len(holders_of("manage_members", theater.root)) == 1


def test_among_thousands_of_sections_paths_give_the_same_rows(
    theater: Theater, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows are visible whether sections are named one by one or by where they exist."""
    who = world.give("director", theater.season.section, by=theater.director)
    world.give("viewer", theater.draft_season.section, by=theater.director, to=who)
    assert theater.draft.pk
    asked = [Production.objects.all(), Section.objects.all(), RoleAssignment.objects.all(), SectionGrant.objects.all()]
    few = [set(rows.visible_to(world.acting(who)).values_list("pk", flat=True)) for rows in asked]
    named = world.acting(who).sections_held("view_members", timezone.now())
    assert all(few)
    monkeypatch.setattr("accounts.permissions.selectors.permissions._FEW", 1)
    actor = world.acting(who)
    assert [set(rows.visible_to(actor).values_list("pk", flat=True)) for rows in asked] == few
    many = actor.sections_held("view_members", timezone.now())
    assert isinstance(many, SectionsBelow)
    assert many
    assert set(many) == set(named)
    assert len(many) == len(named)
    assert theater.draft.section_id in many
    assert theater.root.pk not in many

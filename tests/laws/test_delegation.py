"""Whatever is given, edited, moved, shortened, handed over and taken: nobody holds more than somebody with the permission gave
them, every way of asking tells the same, and somebody can always delegate.

A machine does what people do, as people do it, and keeps a naive account of who holds what, by climbing the tree.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Invitation, RoleAssignment, Section, SectionGrant, SectionKind, User
from accounts.permissions.selectors.explain import explain, members, who
from accounts.permissions.selectors.permissions import holders_of
from accounts.permissions.services.handing_over import carry_over, hand_over
from accounts.permissions.services.invitations import accept_invitation, invite
from accounts.permissions.services.moving import move_section
from accounts.permissions.services.role_editing import create_role, update_role
from accounts.permissions.services.roles import assign_role, end_role, set_end_of_role
from accounts.permissions.services.sections import create_section
from tests import world
from tests.worlds import delegation
from theater_site.core.actors import EVERYWHERE, System
from theater_site.core.errors import DomainError

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
HOUR = timedelta(hours=1)
PERMISSIONS = ("manage_members", "view_members", "edit_schedule", "edit_tickets")
# Many more with HYPOTHESIS_PROFILE=explore.
EXAMPLES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "explore" else 6
_place = st.integers(0, 30)
_hours = st.one_of(st.none(), st.integers(1, 6))
_permissions = st.sets(st.sampled_from(PERMISSIONS), min_size=1)


class Delegation(RuleBasedStateMachine):
    """Five people besides the director, a tree of sections, three roles, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.travel = time_machine.travel(NOON, tick=False)
        self.clock = self.travel.start()

    def teardown(self) -> None:
        self.travel.stop()
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.root, self.director = world.found()
        self.people = [self.director, *(world.user(f"Person {n}") for n in range(5))]
        self.sections: list[Section] = [self.root]
        for parent in (0, 0, 1, 2):
            self._grow(self.sections[parent])
        self.roles = [
            create_role(
                actor=world.acting(self.director),
                section=self.root,
                name=f"made_{n}",
                fields={"title": "x", "permissions": list(permissions)},
            )
            for n, permissions in enumerate((PERMISSIONS, PERMISSIONS[:3], PERMISSIONS[2:]))
        ]
        self.steps = 0
        self.offers: list[tuple[User, str]] = []
        for person in self.people:
            delegation.with_address(person)
        # Two who delegate a part, one of them for a while; somebody by the word of each; one who manages both parts and
        # holds little in them; one permission that its holder has elsewhere only.
        self._given(self.director, 1, 0, 1, 4)
        self._given(self.director, 2, 1, 2, None)
        self._given(self.director, 2, 2, 1, None)
        self._given(self.people[1], 3, 0, 3, 3)
        self._given(self.people[2], 4, 1, 4, None)
        self._given(self.director, 5, 1, 1, None)
        self._given(self.director, 5, 1, 2, None)

    def _given(self, by: User, to: int, role: int, place: int, hours: int | None) -> None:
        assign_role(
            actor=world.acting(by), user=self.people[to], role=self.roles[role], section=self.sections[place],
            starts_at=None, ends_at=None if hours is None else NOON + HOUR * hours, reason="",
        )  # fmt: skip

    def _grow(self, parent: Section) -> None:
        made = create_section(actor=System("test"), parent=parent, kind=SectionKind.AREA, name=f"Area {world.number()}")
        self.sections.append(made)

    def _pick(self, among: list[Any], place: int) -> Any:
        return among[place % len(among)]

    def _actor(self, place: int, section: Section) -> User:
        """Somebody who acts there: mostly those who manage members, the lesser ones first, sometimes anybody."""
        managers = holders_of("manage_members", self._fresh(section))
        return self._pick([*managers[1:], *managers, *self.people], place)

    def _fresh(self, row: Any) -> Any:
        return type(row)._base_manager.get(pk=row.pk)

    def _try(self, service: Any, by: User, *, acts: User | None = None, **given: Any) -> bool:
        """Done as that person would, or refused and nothing changed; what they held before is the ceiling. `acts` is who
        acts by their word."""
        before = self._held()
        actor = world.acting(acts or by)
        rows = self._rows()
        try:
            with transaction.atomic():
                service(actor=actor, **given)
        except DomainError:
            event(f"refused {service.name}")
            assert self._rows() == rows
            return False
        event(f"done {service.name}")
        self._nobody_rose_above(by, before)
        return True

    def _rows(self) -> list[tuple[Any, ...]]:
        return sorted(
            SectionGrant.objects.values_list("pk", "user_id", "permission_id", "ends_at", "origin_id"), key=repr
        )

    def _paths(self) -> dict[int, str]:
        return dict(Section.objects.values_list("pk", "path"))

    def _held(self) -> dict[tuple[int, str, int], list[tuple[datetime | None, datetime | None]]]:
        """Naively, by climbing: what everybody holds on each section, now and later."""
        paths, now = self._paths(), self._now
        held: dict[tuple[int, str, int], list[tuple[datetime | None, datetime | None]]] = {}
        rows = SectionGrant.objects.filter(user__is_active=True, permission__codename__in=PERMISSIONS)
        for user, permission, place, start, end in rows.values_list(
            "user_id", "permission__codename", "content_object_id", "starts_at", "ends_at"
        ):
            if end is not None and end <= now:
                continue
            for section, path in paths.items():
                if path.startswith(paths[place]):
                    held.setdefault((user, permission, section), []).append((start, end))
        return held

    @property
    def _now(self) -> datetime:
        return NOON + HOUR * self.hours

    hours = 0

    def _nobody_rose_above(self, by: User, before: dict[Any, list[Any]]) -> None:
        """Whatever anybody newly holds, the one who acted held there for as long, or the one handed over from did."""
        for (user, permission, section), spans in self._held().items():
            known = before.get((user, permission, section), [])
            for span in spans:
                if self._within(span, known):
                    continue
                assert user != by.pk, f"{by.name} rose to {permission} on {section} by their own hand"
                own = before.get((by.pk, permission, section), [])
                assert self._within(span, own), f"{by.name} gave {permission} on {section} for {span}, and held {own}"

    def _within(self, span: tuple[Any, Any], spans: list[tuple[Any, Any]]) -> bool:
        """The rest of the span, from now on, lies in one of the others."""
        start = max(span[0] or self._now, self._now)
        return any(
            (s is None or s <= start) and (e is None or (span[1] is not None and span[1] <= e)) for s, e in spans
        )

    # --- what people do -------------------------------------------------------------------------------------------

    @rule(place=_place)
    def a_section_is_made(self, place: int) -> None:
        if len(self.sections) < 8:
            self._grow(self._fresh(self._pick(self.sections, place)))

    @rule(by=_place, to=_place, role=_place, place=_place, start=_hours, end=_hours)
    def a_role_is_given(self, by: int, to: int, role: int, place: int, start: int | None, end: int | None) -> None:
        starts, ends = (None if hours is None else self._now + HOUR * hours for hours in (start, end))
        self._try(
            assign_role, self._actor(by, self._pick(self.sections, place)), user=self._pick(self.people, to),
            role=self._pick(self.roles, role), section=self._fresh(self._pick(self.sections, place)), starts_at=starts,
            ends_at=ends, reason="",
        )  # fmt: skip

    @rule(to=_place, place=_place, end=_hours)
    def the_director_gives_the_great_role(self, to: int, place: int, end: int | None) -> None:
        ends = None if end is None else self._now + HOUR * end
        self._try(
            assign_role, self.director, user=self._pick(self.people, to), role=self.roles[0],
            section=self._fresh(self._pick(self.sections, place)), starts_at=None, ends_at=ends, reason="",
        )  # fmt: skip

    def _assignment(self, place: int) -> RoleAssignment:
        chosen: RoleAssignment = self._pick(list(RoleAssignment.objects.order_by("pk")), place)
        return chosen

    @rule(by=_place, which=_place)
    def a_role_is_ended(self, by: int, which: int) -> None:
        assignment = self._assignment(which)
        below = self._dependents(assignment)
        if self._try(end_role, self._actor(by, assignment.section), assignment=assignment, reason=""):
            assert not SectionGrant.objects.filter(pk__in=below).exists(), "what was passed on from it outlived it"

    def _dependents(self, assignment: RoleAssignment) -> set[int]:
        below = set(assignment.grants.values_list("pk", flat=True))
        while more := set(SectionGrant.objects.filter(origin__in=below).values_list("pk", flat=True)) - below:
            below |= more
        return below

    @rule(by=_place, which=_place, end=_hours)
    def a_role_gets_another_end(self, by: int, which: int, end: int | None) -> None:
        ends = None if end is None else self._now + HOUR * end
        assignment = self._assignment(which)
        self._try(set_end_of_role, self._actor(by, assignment.section), assignment=assignment, ends_at=ends, reason="")

    @rule(by=_place, role=_place, permissions=_permissions)
    def a_role_is_edited(self, by: int, role: int, permissions: set[str]) -> None:
        self._try(
            update_role,
            self._actor(by, self.root),
            role=self._pick(self.roles, role),
            changes={"permissions": sorted(permissions)},
        )

    @rule(by=_place, leaver=_place, to=_place)
    def somebody_leaves(self, by: int, leaver: int, to: int) -> None:
        self._try(
            hand_over, self._actor(by, self.sections[1 + by % 2]), leaver=self._pick(self.people, leaver),
            successor=self._pick(self.people, to), reason="",
        )  # fmt: skip

    @rule(by=_place, place=_place, onto=_place)
    def a_section_is_moved(self, by: int, place: int, onto: int) -> None:
        self._try(
            move_section, self._actor(by, self._pick(self.sections, onto)), section=self._fresh(self._pick(self.sections, place)),
            parent=self._fresh(self._pick(self.sections, onto)),
        )  # fmt: skip

    @rule(place=st.integers(3, 4), onto=st.integers(1, 2), by=st.sampled_from((5, 0, 1, 2)))
    def a_part_changes_its_place(self, place: int, onto: int, by: int) -> None:
        self._try(
            move_section,
            self.people[by],
            section=self._fresh(self.sections[place]),
            parent=self._fresh(self.sections[onto]),
        )

    @rule(by=_place, source=_place, onto=_place)
    def a_season_is_carried_over(self, by: int, source: int, onto: int) -> None:
        self._try(
            carry_over, self._actor(by, self._pick(self.sections, onto)), source=self._fresh(self._pick(self.sections, source)),
            target=self._fresh(self._pick(self.sections, onto)), assignments=None, starts_at=None, ends_at=None, reason="",
        )  # fmt: skip

    @rule(by=_place, to=_place, role=_place, place=_place, end=_hours)
    def somebody_is_invited(self, by: int, to: int, role: int, place: int, end: int | None) -> None:
        guest, where = self._pick(self.people, to), self._fresh(self._pick(self.sections, place))
        ends = None if end is None else self._now + HOUR * end
        if self._try(
            invite, self._actor(by, where), email=guest.email, name=None, role=self._pick(self.roles, role), section=where,
            starts_at=None, ends_at=ends, reason="",
        ):  # fmt: skip
            self.offers.append((guest, delegation.mailed_secret()))

    @precondition(lambda self: self.offers)
    @rule(which=_place)
    def an_invitation_is_accepted(self, which: int) -> None:
        """The giver is the inviter, or who took over from them; the actor only accepts."""
        guest, secret = self.offers.pop(which % len(self.offers))
        offer = Invitation.objects.filter(token_hash=hashlib.sha256(secret.encode()).hexdigest()).first()
        by = offer.invited_by if offer is not None else guest
        self._try(accept_invitation, by, acts=guest, token=secret)

    @rule(which=_place, end=st.integers(1, 3))
    def a_role_is_shortened(self, which: int, end: int) -> None:
        """So that it can be prolonged in a later step."""
        lasting = list(RoleAssignment.objects.filter(ends_at=None).exclude(user=self.director).order_by("pk"))
        if lasting:
            assignment = self._pick(lasting, which)
            self._try(set_end_of_role, self.director, assignment=assignment, ends_at=self._now + HOUR * end, reason="")

    @rule(by=_place, which=_place, end=_hours)
    def a_role_is_prolonged(self, by: int, which: int, end: int | None) -> None:
        ending = list(RoleAssignment.objects.filter(ends_at__gt=self._now).order_by("pk"))
        if ending:
            assignment = self._pick(ending, which)
            ends = None if end is None else self._now + HOUR * (6 + end)
            self._try(
                set_end_of_role, self._actor(by, assignment.section), assignment=assignment, ends_at=ends, reason=""
            )

    @rule()
    def time_passes(self) -> None:
        self.hours += 1
        self.clock.move_to(self._now)

    # --- what holds always ----------------------------------------------------------------------------------------

    @invariant()
    def whatever_is_held_depends_on_more(self) -> None:
        """Each row lies within its origin in permission, place and time to come; no row depends on itself, however far around."""
        paths, now = self._paths(), self._now
        rows = {row.pk: row for row in SectionGrant.objects.select_related("permission")}
        for row in rows.values():
            seen, here = {row.pk}, row
            while here.origin_id is not None:
                assert here.origin_id not in seen, "passed on in a ring"
                seen.add(here.origin_id)
                origin = rows[here.origin_id]
                if here.ends_at is None or here.ends_at > now:
                    assert origin.permission == here.permission
                    assert paths[here.content_object_id].startswith(paths[origin.content_object_id])
                    assert self._within((here.starts_at, here.ends_at), [(origin.starts_at, origin.ends_at)])
                here = origin
        for assignment in RoleAssignment.objects.exclude(passed_on_from=None):
            if assignment.ends_at is None or assignment.ends_at > now:
                above = assignment.passed_on_from
                assert above is not None
                assert above.ends_at is None or (assignment.ends_at is not None and assignment.ends_at <= above.ends_at)

    @invariant()
    def only_the_installation_gives_out_of_nothing(self) -> None:
        """What depends on nothing is what the founding gave, or who took that over has it."""
        loose = SectionGrant.objects.filter(origin=None, assignment__isnull=False)
        assert not loose.exclude(assignment__passed_on_from=None).exists()
        assert {row.assignment.role.name for row in loose.select_related("assignment__role")} == {"director"}

    @invariant()
    def nobody_gave_themselves_anything(self) -> None:
        assert not RoleAssignment.objects.filter(granted_by=F("user"), passed_on_from__isnull=False).exists()

    @invariant()
    def somebody_can_delegate(self) -> None:
        left = holders_of("manage_members", self.root)
        assert any(
            SectionGrant.objects.filter(
                user=user, permission__codename="manage_members", content_object=self.root, ends_at=None
            ).exists()
            for user in left
        )

    @invariant()
    def all_ways_of_asking_agree(self) -> None:
        """In one section a step, so that many steps are affordable."""
        now, held = self._now, self._held()
        self.steps += 1
        sections = [self._fresh(self.sections[self.steps % len(self.sections)])]
        listed = {section.pk: {m.user.pk: m for m in who(section, now, members(section, now))} for section in sections}
        for person in self.people:
            actor, user = world.acting(person), User.objects.get(pk=person.pk)
            seen = set(Section.objects.visible_to(actor).values_list("pk", flat=True))
            for section in sections:
                member = listed[section.pk].get(person.pk)
                for permission in PERMISSIONS:
                    spans = held.get((person.pk, permission, section.pk), [])
                    live = any((s is None or s <= now) and (e is None or now < e) for s, e in spans)
                    told = explain(user, permission, section, now)
                    assert told.allowed == live
                    assert actor.holds(permission, section, now) == live
                    assert user.has_perm(f"accounts.{permission}", section) == live
                    assert (member is not None and permission in member.permissions) == live
                    everywhere = actor.sections_held(permission, now)
                    assert (everywhere is EVERYWHERE or section.pk in everywhere) == live
                    if live and told.until is not None:
                        second = timedelta(seconds=1)
                        assert actor.holds(permission, section, told.until - second)
                        assert not actor.holds(permission, section, told.until)
                visible = any(
                    (s is None or s <= now) and (e is None or now < e)
                    for s, e in held.get((person.pk, "view_members", section.pk), [])
                )
                assert (section.pk in seen) == visible


def test_no_sequence_of_actions_grants_more_than_was_delegated(db: None) -> None:
    run_state_machine_as_test(
        Delegation,
        # Not shrunk: a step is some dozens of queries, and the steps are told in any case.
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=15,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )

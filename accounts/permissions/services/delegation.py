"""What assigning, ending and moving of permissions share: one at a time, within a ceiling, and never without a director.

Every grant depends on a grant of its giver (`SectionGrant.origin`), and every assignment on the one by which it was given
(`RoleAssignment.passed_on_from`). A dependent grant reaches no further and lasts no longer than its origin. So when a grant
ends, everything that depends on it ends too, and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Count, Q

from accounts.permissions.models.sections import Role, RoleAssignment, Section, SectionGrant
from accounts.permissions.rules.ceilings import Hold, Wanted, origins, worst
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.permissions.selectors.permissions import Permissions, SignedIn
from accounts.permissions.signals import role_dated, role_ended
from accounts.users.models.users import User
from theater_site.core.actions import current
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.errors import Conflict, Invalid, NotAllowed, NotFound

AUTHORITY = "manage_members"


def one_at_a_time() -> None:
    """Hold up every other change of who may do what until this one is committed.

    Such changes are rare and judge each other's outcome (is there another director? does the giver still hold it?), so
    they wait for each other at the root instead of locking rows in an order that no two of them share.
    """
    Section.objects.select_for_update().filter(parent=None).order_by().first()


def lock_tree_for_reading() -> None:
    """Hold up anybody who would move sections, but not each other, until this is committed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT id FROM "{Section._meta.db_table}" WHERE parent_id IS NULL FOR KEY SHARE'  # noqa: S608
            )


@dataclass
class Origins:
    """What the permissions that are given depend on: the assignment that lets them be given, and for each permission a row.

    Empty where the installation itself gives.
    """

    authority: int | None = None
    holds: dict[str, Hold] = field(default_factory=dict)

    def of(self, permission: str) -> int | None:
        hold = self.holds.get(permission)
        return hold.grant if hold is not None else None

    def start(self, starts_at: datetime | None, now: datetime) -> datetime | None:
        """Where an open start begins: open as well where all of its origins are, else now."""
        if starts_at is None and any(hold.starts_at is not None for hold in self.holds.values()):
            return now
        return starts_at


class Giver:
    """Who gives, with what they hold now: an actor's permissions are read again by the runner, once nothing else changes them."""

    def __init__(self, user: User | None, permissions: Permissions, *, everything: bool = False) -> None:
        self.user = user
        self.permissions = permissions
        self.everything = everything

    @classmethod
    def acting(cls, actor: Actor) -> Giver:
        """Anybody who acts, with the second factor that they have or lack; the installation itself holds everything."""
        permissions = actor.permissions if isinstance(actor, SignedIn) else Permissions(User(is_active=False))
        return cls(actor.user, permissions, everything=actor.kind is ActorKind.SYSTEM)

    @classmethod
    def absent(cls, user: User | None) -> Giver:
        """Somebody who gave their word before; None is the installation itself."""
        return cls(user, Permissions(user or User(is_active=False)), everything=user is None)

    def origins(
        self, permissions: Collection[str], section: Section, starts_at: datetime | None, ends_at: datetime | None
    ) -> Origins:
        """What these permissions can depend on, for that section and span; NotAllowed tells which are missing and why.

        Anybody who gives needs the permission to manage members there for as long as well. An open start begins now.
        """
        if self.everything:
            return Origins()
        now = current().instant
        wanted = Wanted({*permissions, AUTHORITY}, section.path, starts_at or now, ends_at)
        found, lacking = origins(wanted, self.permissions.all())
        if lacking:
            raise NotAllowed(
                f"You cannot give what you do not hold here for this time: {', '.join(sorted(lacking))}.",
                code=worst(lacking.values()),
                data={"lacking": sorted(lacking), "why": lacking, "section": section.pk},
            )
        return Origins(found[AUTHORITY].assignment, found)

    def could_give(
        self, permissions: Collection[str], section: Section, starts_at: datetime | None, ends_at: datetime | None
    ) -> bool:
        """Whether `origins` finds them all."""
        try:
            self.origins(permissions, section, starts_at, ends_at)
        except NotAllowed:
            return False
        return True


def refuse_own(actor: Actor, user_ids: Iterable[int]) -> None:
    """Nobody gives themselves anything, nor changes what they hold."""
    if actor.kind is ActorKind.USER and actor.user_id in set(user_ids):
        raise NotAllowed("Nobody changes their own roles. Ask somebody else who manages members.", code="own_role")


def refuse_bad_span(starts_at: datetime | None, ends_at: datetime | None) -> None:
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Invalid("The end must be after the start.", code="ends_before_start", field="ends_at")
    if ends_at is not None and ends_at <= current().instant:
        raise Invalid("This end is over already.", code="ends_in_past", field="ends_at")


def refuse_outside(role: Role, section: Section) -> None:
    home = Section.objects.get(pk=role.section_id)
    if not section.path.startswith(home.path):
        raise Invalid(
            f"The role {role.title} is made for {home.name} and what is below it.", code="outside_role", field="section"
        )


def give(
    giver: Giver,
    *,
    user: User,
    role: Role,
    section: Section,
    starts_at: datetime | None,
    ends_at: datetime | None,
    reason: str,
) -> RoleAssignment:
    """The assignment with its permissions, depended on what `giver` holds; everything is read again and judged here.

    Refused: a closed account, a role or section that is gone, a span that is none, a section outside of the role's own,
    and whatever the giver does not hold there for that time.
    """
    refuse_bad_span(starts_at, ends_at)
    role, section, user = _reloaded(role, "role"), _reloaded(section, "section"), _reloaded(user, "user")
    if not user.is_active:
        raise Invalid("This account is closed; open it again first.", code="user_inactive", field="user")
    refuse_outside(role, section)
    hung = giver.origins(role.permissions, section, starts_at, ends_at)
    starts_at = hung.start(starts_at, current().instant)
    assignment = RoleAssignment(
        user=user,
        role=role,
        section=section,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        granted_by=giver.user,
        passed_on_from_id=hung.authority,
    )
    assignment.save()
    lay(assignment, role.permissions, hung)
    return assignment


def lay(
    assignment: RoleAssignment,
    permissions: Iterable[str],
    hung: Origins,
    ends: Mapping[str, datetime | None] | None = None,
) -> list[SectionGrant]:
    """The rows that give `permissions` for the assignment's section and span; `ends` are those that differ."""
    made: list[SectionGrant] = SectionGrant.objects.bulk_create(
        SectionGrant(
            user_id=assignment.user_id,
            permission=permission,
            content_object_id=assignment.section_id,
            assignment=assignment,
            origin_id=hung.of(permission.codename),
            starts_at=assignment.starts_at,
            ends_at=(ends or {}).get(permission.codename, assignment.ends_at),
        )
        for permission in permission_rows(permissions)
    )
    return made


def permission_rows(permissions: Iterable[str]) -> list[Permission]:
    on_sections = ContentType.objects.get_for_model(Section)
    return list(
        Permission.objects.filter(content_type=on_sections, codename__in=list(permissions)).order_by("codename")
    )


def refuse_unknown(permissions: Collection[str]) -> None:
    """A role is one or several of the permissions there are."""
    if unknown := sorted(set(permissions) - PERMISSIONS.keys()):
        raise Invalid(
            f"There is no permission called {unknown[0][:60]}.", code="unknown_permission", field="permissions"
        )
    if not permissions:
        raise Invalid("A role without permissions is none; end it instead.", code="no_permissions", field="permissions")


@dataclass
class Reach:
    """What loses something: assignments wholly, and rows, those of other assignments among them."""

    until: datetime
    assignments: dict[int, RoleAssignment] = field(default_factory=dict)
    grants: dict[int, SectionGrant] = field(default_factory=dict)

    def cut(self, reason: str = "") -> None:
        """End all of it at `until`, at once where that is now. Refused for what the actor holds themselves, and where
        nobody would be left who can give every permission for the whole organization."""
        now = current().instant
        self._refuse_own_part()
        over = [pk for pk, row in self.grants.items() if self.until <= now or not _begun(row, self.until)]
        SectionGrant.objects.filter(pk__in=over).delete()
        SectionGrant.objects.filter(pk__in=self.grants.keys() - set(over)).update(ends_at=self.until)
        for assignment in self.assignments.values():
            close(assignment, self.until, reason)
            (role_ended if assignment.ends_at == now else role_dated).announce(assignment=assignment)
        if any(row.content_object.parent_id is None for row in self.grants.values()):
            keep_a_director()

    def _refuse_own_part(self) -> None:
        actor = current().actor
        holders = {assignment.user_id for assignment in self.assignments.values()}
        holders |= {grant.user_id for grant in self.grants.values()}
        if actor.kind is ActorKind.USER and actor.user_id in holders:
            raise NotAllowed(
                "What you hold yourself was passed on from this, or is this. Have it handed over, or ask somebody else.",
                code="own_role",
            )


def reach_of(
    until: datetime, *, assignments: Iterable[RoleAssignment] = (), grants: Iterable[SectionGrant] = ()
) -> Reach:
    """Everything that ends with these at `until`: what was passed on from them, what was passed on from that, and so on.

    An assignment ends with the one that let it be given, and when the last of its permissions does.
    """
    reach = Reach(until)
    roots, rows = list(assignments), list(grants)
    while roots or rows:
        reach.assignments |= {assignment.pk: assignment for assignment in roots}
        rows += _lasting(SectionGrant, until, assignment__in=roots)
        rows = [row for row in rows if row.pk not in reach.grants]
        reach.grants |= {row.pk: row for row in rows}
        hanging = _lasting(RoleAssignment, until, passed_on_from__in=roots)
        emptied = _emptied(reach, {row.assignment_id for row in rows})
        roots = [row for row in (*hanging, *emptied) if row.pk not in reach.assignments]
        rows = _lasting(SectionGrant, until, origin__in=rows)
    return reach


def close(assignment: RoleAssignment, at: datetime, reason: str) -> None:
    """It ends at `at`; one that would not have begun by then leaves nothing of its time, and is over now."""
    if assignment.starts_at is not None and assignment.starts_at >= at:
        assignment.starts_at, at = None, current().instant
    assignment.ends_at = at
    assignment.reason = reason or assignment.reason
    assignment.save()


def keep_a_director() -> None:
    """Refuse what leaves nobody who holds every permission on the whole organization, now and without an end: a permission that
    nobody holds there together with that of delegating is one that nobody can ever give again."""
    now = current().instant
    left = SectionGrant.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=now),
        ends_at=None,
        permission__codename__in=PERMISSIONS,
        content_object__parent=None,
        user__is_active=True,
    )
    held = left.values("user_id").annotate(permissions=Count("permission", distinct=True)).order_by()
    if not held.filter(permissions=len(PERMISSIONS)).exists():
        raise Conflict(
            "Nobody else can give every permission for the whole organization. Assign the role to somebody else first.",
            code="last_director",
        )


def lasting(at: datetime) -> Q:
    """What is not over at that instant, begun or not."""
    return Q(ends_at=None) | Q(ends_at__gt=at)


def _lasting(model: Any, until: datetime, **which: Any) -> list[Any]:
    along = ("content_object", "permission", "user") if model is SectionGrant else ("user", "role", "section")
    return list(model.objects.filter(lasting(until), **which).select_related(*along).order_by("pk"))


def _emptied(reach: Reach, touched: set[int | None]) -> list[RoleAssignment]:
    partly = touched - reach.assignments.keys() - {None}
    kept = SectionGrant.objects.filter(lasting(reach.until), assignment__in=partly).exclude(pk__in=reach.grants)
    return _lasting(RoleAssignment, reach.until, pk__in=partly - set(kept.values_list("assignment_id", flat=True)))


def _begun(row: SectionGrant, at: datetime) -> bool:
    return row.starts_at is None or row.starts_at < at


def _reloaded(row: Any, name: str) -> Any:
    fresh = type(row)._base_manager.filter(pk=row.pk).first()
    if fresh is None:
        raise NotFound(f"This {row._meta.verbose_name} is gone.", code=f"{name}_gone")
    return fresh

"""Shared by all services that assign, end or move permissions: the lock, the ceiling, and the rule of the last director.

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
    """Lock permission changes: every other one waits until this transaction is committed.

    These changes are rare, and each depends on the result of the others: is there another director, does the giver still
    have the permission? One lock on the root section prevents the deadlocks that row locks in different orders would cause.
    """
    Section.objects.select_for_update().filter(parent=None).order_by().first()


def lock_tree_for_reading() -> None:
    """Make moves of sections wait until this transaction is committed. Several readers can have this lock at once."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT id FROM "{Section._meta.db_table}" WHERE parent_id IS NULL FOR KEY SHARE'  # noqa: S608
            )


@dataclass
class Origins:
    """What new grants depend on: an assignment with `manage_members` (`authority`), and one hold for each permission.

    Empty if the installation itself gives them.
    """

    authority: int | None = None
    holds: dict[str, Hold] = field(default_factory=dict)

    def of(self, permission: str) -> int | None:
        hold = self.holds.get(permission)
        return hold.grant if hold is not None else None

    def start(self, starts_at: datetime | None, now: datetime) -> datetime | None:
        """Return `starts_at`; if it is None and one of the origins has a start, return `now`."""
        if starts_at is None and any(hold.starts_at is not None for hold in self.holds.values()):
            return now
        return starts_at


class Giver:
    """A user who gives permissions, with the permissions that this user has now. The runner loads an actor's permissions again
    under the lock."""

    def __init__(self, user: User | None, permissions: Permissions, *, everything: bool = False) -> None:
        self.user = user
        self.permissions = permissions
        self.everything = everything

    @classmethod
    def acting(cls, actor: Actor) -> Giver:
        """The actor of the running action, with or without a second factor. The installation has every permission."""
        permissions = actor.permissions if isinstance(actor, SignedIn) else Permissions(User(is_active=False))
        return cls(actor.user, permissions, everything=actor.kind is ActorKind.SYSTEM)

    @classmethod
    def absent(cls, user: User | None) -> Giver:
        """A user who is not the actor, such as the sender of an invitation; None is the installation itself."""
        return cls(user, Permissions(user or User(is_active=False)), everything=user is None)

    def origins(
        self, permissions: Collection[str], section: Section, starts_at: datetime | None, ends_at: datetime | None
    ) -> Origins:
        """Find the grants on which these permissions can depend, for that section and span.

        The giver also needs `manage_members` there for the same span. A start of None means now.
        Raises: NotAllowed with the missing permissions and the reason for each.
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
        """Whether the giver has all of these permissions (see `origins`)."""
        try:
            self.origins(permissions, section, starts_at, ends_at)
        except NotAllowed:
            return False
        return True


def refuse_own(actor: Actor, user_ids: Iterable[int]) -> None:
    """Refuse an actor who would change their own roles."""
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
    """Create a role assignment and its grants, which depend on what `giver` has.

    Role, section and user are loaded again and checked here.
    Raises: `user_inactive`; `role_gone`, `section_gone`, `user_gone`; `ends_before_start`, `ends_in_past`;
    `outside_role`; NotAllowed if the giver lacks a permission there for that span.
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
    """Create the grants of an assignment. `ends` maps a permission to its end if that differs from the assignment's."""
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
    """Refuse an unknown permission, and an empty list."""
    if unknown := sorted(set(permissions) - PERMISSIONS.keys()):
        raise Invalid(
            f"There is no permission called {unknown[0][:60]}.", code="unknown_permission", field="permissions"
        )
    if not permissions:
        raise Invalid(
            "A role needs at least one permission. End the assignment instead.",
            code="no_permissions",
            field="permissions",
        )


@dataclass
class Reach:
    """Everything that ends at `until`: whole assignments, and grants, also single grants of other assignments."""

    until: datetime
    assignments: dict[int, RoleAssignment] = field(default_factory=dict)
    grants: dict[int, SectionGrant] = field(default_factory=dict)

    def cut(self, reason: str = "") -> None:
        """End all of it at `until`; delete the grants if that is now.

        Announces `role_ended` or `role_dated` for each assignment.
        Raises: `own_role` if the actor would lose something; `last_director`.
        """
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
    """Collect everything that ends with these at `until`: all that was passed on from them, directly or indirectly.

    An assignment ends when the assignment it was passed on from ends, and when its last grant ends.
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
    """End an assignment at `at`. One that would start later ends now, so that its end stays after its start."""
    if assignment.starts_at is not None and assignment.starts_at >= at:
        assignment.starts_at, at = None, current().instant
    assignment.ends_at = at
    assignment.reason = reason or assignment.reason
    assignment.save()


def keep_a_director() -> None:
    """Refuse a change after which no active user has every permission on the whole organization, now and without an end.

    Without such a user, some permission could never be given again.
    Raises: Conflict `last_director`.
    """
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
    """Rows that have not ended at that instant, whether they have started or not."""
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

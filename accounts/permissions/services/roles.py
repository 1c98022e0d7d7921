"""Assigns roles, changes their end, and ends them. An actor needs what they give, and cannot change their own roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from accounts.permissions.models.sections import Role, RoleAssignment, Section
from accounts.permissions.services.delegation import (
    Giver,
    give,
    lay,
    one_at_a_time,
    reach_of,
    refuse_bad_span,
    refuse_own,
)
from accounts.permissions.signals import role_dated, role_given
from accounts.users.models.users import User
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict


@action("role.assign", needs=Needs("manage_members", on="section"), lock=one_at_a_time)
def assign_role(
    *, user: User, role: Role, section: Section, starts_at: datetime | None, ends_at: datetime | None, reason: str
) -> RoleAssignment:
    """Assign a role to a user on a section and below, from `starts_at` until before `ends_at`.

    It depends on your own assignment and ends with it.
    Errors: `ends_in_past`, `ends_before_start`; `user_inactive`; `own_role`; `outside_role` if the role belongs to another
    part of the tree; `beyond_own_permissions`, `beyond_own_sections` or `beyond_own_time` if no single assignment of yours
    has a needed permission on that section for the whole time.
    """
    actor = current().actor
    refuse_own(actor, [user.pk])
    assignment = give(
        Giver.acting(actor),
        user=user,
        role=role,
        section=section,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
    )
    role_given.announce(assignment=assignment)
    return assignment


@action("role.end", needs=Needs("manage_members", on="assignment"), subject="assignment", lock=one_at_a_time)
def end_role(
    *,
    assignment: RoleAssignment,
    reason: Annotated[str, Doc("Why, for those who see the members. Example: Left the group.")],
) -> RoleAssignment:
    """End a role assignment at once, and everything that was passed on from it. The preview lists it.

    Errors: `own_role` for your own assignment, or one from which yours was passed on; `role_over`; `last_director`.
    """
    now = current().instant
    refuse_own(current().actor, [assignment.user_id])
    _refuse_over(assignment, now)
    reach_of(now, assignments=[assignment]).cut(reason)
    return assignment


@action("role.set_end", needs=Needs("manage_members", on="assignment"), subject="assignment", lock=one_at_a_time)
def set_end_of_role(*, assignment: RoleAssignment, ends_at: datetime | None, reason: str) -> RoleAssignment:
    """Change when a role assignment ends. An earlier end shortens what was passed on from it too; a later end does not
    extend it.

    Errors: `ends_in_past`, `ends_before_start`; `own_role`; `role_over`; `last_director`; for a later end also
    `beyond_own_permissions`, `beyond_own_sections`, `beyond_own_time`.
    """
    now = current().instant
    refuse_own(current().actor, [assignment.user_id])
    _refuse_over(assignment, now)
    refuse_bad_span(assignment.starts_at, ends_at)
    if ends_at is not None and (assignment.ends_at is None or ends_at < assignment.ends_at):
        reach_of(ends_at, assignments=[assignment]).cut(reason)
    elif ends_at != assignment.ends_at:
        _prolong(assignment, ends_at, reason)
    return assignment


def _prolong(assignment: RoleAssignment, ends_at: datetime | None, reason: str) -> None:
    """Extend the assignment: it now depends on the actor's grants. No cycle: nothing that depends on it lasts as long."""
    giver, now = Giver.acting(current().actor), current().instant
    starts_at = assignment.starts_at if assignment.starts_at is not None and assignment.starts_at > now else None
    hung = giver.origins(assignment.role.permissions, assignment.section, starts_at, ends_at)
    assignment.granted_by, assignment.passed_on_from_id = giver.user, hung.authority
    assignment.ends_at, assignment.reason = ends_at, reason or assignment.reason
    assignment.save()
    # Grants that ran out and were removed from the role since would become valid again.
    assignment.grants.exclude(permission__codename__in=assignment.role.permissions).delete()
    standing = {row.permission.codename: row for row in assignment.grants.select_related("permission")}
    for permission, row in standing.items():
        row.origin_id, row.ends_at = hung.of(permission), ends_at
        row.save()
    lay(assignment, set(assignment.role.permissions) - standing.keys(), hung)
    role_dated.announce(assignment=assignment)


def _refuse_over(assignment: RoleAssignment, now: datetime) -> None:
    if assignment.ends_at is not None and assignment.ends_at <= now:
        raise Conflict("This role has ended already.", code="role_over")

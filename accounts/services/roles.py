"""Roles are given and ended. Nobody gives more than they hold, and nobody changes what they hold themselves."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from accounts.models import Role, RoleAssignment, Section, SectionGrant, User
from accounts.rules.rights import RIGHTS
from accounts.selectors.rights import SignedIn
from accounts.signals import role_ended, role_given
from theater_site.core.actions import Needs, action, current
from theater_site.core.actors import ActorKind
from theater_site.core.errors import Conflict, Invalid, NotAllowed


@action("role.assign", needs=Needs("manage_members", on="section"))
def assign_role(
    *, user: User, role: Role, section: Section, starts_at: datetime | None, ends_at: datetime | None, reason: str
) -> RoleAssignment:
    """Give `user` the rights of `role` on `section` and all below, from `starts_at` until before `ends_at` (None: open).

    Refused: an end before the start, an inactive user, oneself, and any right that the giver does not hold on that section
    for that whole time.
    """
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Invalid("The end must be after the start.", code="ends_before_start", field="ends_at")
    if not user.is_active:
        raise Invalid("This account is closed; open it again first.", code="user_inactive", field="user")
    giver = current().actor
    _refuse_own(giver.user_id, user)
    if isinstance(giver, SignedIn):
        first = starts_at or current().instant
        lacking = sorted(right for right in role.rights if not giver.rights.covers(right, section, first, ends_at))
        if lacking:
            raise NotAllowed(
                f"You cannot give what you do not hold here for this time: {', '.join(lacking)}.",
                code="beyond_own_rights",
                data={"lacking": lacking},
            )
    assignment = RoleAssignment(
        user=user, role=role, section=section, starts_at=starts_at, ends_at=ends_at, reason=reason, granted_by=giver.user
    )
    assignment.save()
    permissions = _permissions(role.rights)
    SectionGrant.objects.bulk_create(
        SectionGrant(
            user=user,
            permission=permission,
            content_object=section,
            assignment=assignment,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        for permission in permissions
    )
    role_given.announce(assignment=assignment)
    return assignment


@action("role.end", needs=Needs("manage_members", on="assignment"), subject="assignment")
def end_role(*, assignment: RoleAssignment, reason: str) -> RoleAssignment:
    """Take a role back at once; refused for one's own, for one that is over, and for the last director's."""
    now = current().instant
    _refuse_own(current().actor.user_id, assignment.user)
    if assignment.ends_at is not None and assignment.ends_at <= now:
        raise Conflict("This role has ended already.", code="role_over")
    if not _somebody_else_manages(assignment, now):
        raise Conflict(
            "This is the last person who can delegate for the whole organization. Give somebody else the role first.",
            code="last_director",
        )
    # A role that has not begun ends where it begins, which leaves nothing of it.
    assignment.grants.all().delete()
    assignment.ends_at = now if assignment.starts_at is None or assignment.starts_at < now else None
    if assignment.ends_at is None:
        assignment.starts_at, assignment.ends_at = None, now
    assignment.reason = reason or assignment.reason
    assignment.save()
    role_ended.announce(assignment=assignment)
    return assignment


def _refuse_own(giver_id: int | None, user: User) -> None:
    if current().actor.kind is ActorKind.USER and giver_id == user.pk:
        raise NotAllowed("Nobody changes their own roles. Ask somebody else who manages members.", code="own_role")


def _permissions(rights: list[str]) -> list[Permission]:
    unknown = sorted(set(rights) - RIGHTS.keys())
    if unknown:
        raise Invalid(f"There is no right called {unknown[0]}.", code="unknown_right", field="role")
    on_sections = ContentType.objects.get_for_model(Section)
    return list(Permission.objects.filter(content_type=on_sections, codename__in=rights).order_by("codename"))


def _somebody_else_manages(assignment: RoleAssignment, now: datetime) -> bool:
    if assignment.section.parent_id is not None or "manage_members" not in assignment.role.rights:
        return True
    # Locked, so that two directors cannot end each other in the same moment.
    others = SectionGrant.objects.select_for_update(of=("self",)).filter(
        content_object=assignment.section, permission__codename="manage_members", user__is_active=True
    )
    return any(
        grant.assignment_id != assignment.pk
        and (grant.starts_at is None or grant.starts_at <= now)
        and (grant.ends_at is None or grant.ends_at > now)
        for grant in others
    )

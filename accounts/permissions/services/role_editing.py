"""Roles are data: made, changed and removed. What a change adds or takes reaches everybody who holds the role, at once."""

from __future__ import annotations

import re
from typing import Annotated, TypedDict

from accounts.permissions.models.sections import Role, RoleAssignment, Section, SectionGrant
from accounts.permissions.rules.permissions import PERMISSIONS
from accounts.permissions.services.delegation import (
    Giver,
    Origins,
    lasting,
    lay,
    one_at_a_time,
    reach_of,
    refuse_own,
    refuse_unknown,
)
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)


class RoleFields(TypedDict, total=False):
    """What can be said of a role: absent means unchanged. A sensitive role is for those who sign in with a second factor."""

    title: Annotated[str, Doc("What people call the role. Example: House manager")]
    permissions: Annotated[
        list[str], Doc('The permissions that the role gives. Example: ["view_cast", "manage_cast"]', PERMISSIONS.keys)
    ]
    sensitive: Annotated[
        bool, Doc("True where its permissions hold only for those who signed in with a second factor. Example: false")
    ]


@action("role.create", needs=Needs("manage_members", on="section"), lock=one_at_a_time)
def create_role(
    *,
    section: Annotated[Section, Doc("Id of the section on which, and below which, the role can be given. Example: 1")],  # type: ignore[valid-type]
    name: Annotated[
        str, Doc("What programs call it: small letters, digits and underscores, a letter first. Example: house_manager")
    ],
    fields: RoleFields,
) -> Role:
    """Create a role, which can be given on a section and below. `name` is what programs call it: small letters, digits,
    underscores.

    Refused: a permission that does not exist or that its maker does not hold on that section, no permission at all, a taken name.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            "Small letters, digits and underscores, please, and a letter first.", code="bad_role_name", field="name"
        )
    permissions = sorted(set(fields.get("permissions", [])))
    refuse_unknown(permissions)
    now = current().instant
    Giver.acting(current().actor).origins(permissions, section, now, now)
    role = Role(section=section, name=name, permissions=permissions, sensitive=fields.get("sensitive", False))
    role.title = fields.get("title", "")
    role.save()
    return role


@action("role.update", needs=Needs("manage_members", on="role"), subject="role", lock=one_at_a_time)
def update_role(*, role: Role, changes: RoleFields) -> Role:
    """Update a role, for everybody who has it. Anybody who holds it gains what is added and loses what is taken, in this
    transaction; what they passed on of that ends with it. An open invitation to
    a role that gives more by now has to be made again.

    Refused: to add what one does not hold oneself, everywhere and for as long as the role is held, or to allow what it
    gives without a second factor; to do so with a role that one holds; a permission that does not exist; and to leave nobody
    who can give every permission.
    """
    now = current().instant
    before, after = set(role.permissions), set(changes.get("permissions", role.permissions))
    held = list(role.assignments.filter(lasting(now)).select_related("section").order_by("pk"))
    eased = role.sensitive and not changes.get("sensitive", True)
    if after != before or eased:
        refuse_own(current().actor, [assignment.user_id for assignment in held])
    if eased:
        # Given to everybody who holds the role and has no second factor.
        _origins(role, after, held)
    if after != before:
        refuse_unknown(after)
        _add(role, after - before, held)
        _take(role, before - after)
        role.permissions = sorted(after)
    role.title = changes.get("title", role.title)
    role.sensitive = changes.get("sensitive", role.sensitive)
    role.save()
    return role


@action("role.delete", needs=Needs("manage_members", on="role"), subject="role", lock=one_at_a_time)
def delete_role(*, role: Role) -> None:
    """Delete a role that nobody has."""
    if role.assignments.exists() or role.invitations.exists():
        raise Conflict(
            "This role was given or offered to somebody. End what is held of it; the role itself stays, for the record.",
            code="role_in_use",
        )
    role.delete()


def _add(role: Role, permissions: set[str], held: list[RoleAssignment]) -> None:
    if permissions:
        for assignment, hung in zip(held, _origins(role, permissions, held), strict=True):
            lay(assignment, permissions, hung)


def _origins(role: Role, permissions: set[str], held: list[RoleAssignment]) -> list[Origins]:
    """What `permissions` depend on for each of `held`; refused where the actor could not give them there for that long, or
    where the role is made for."""
    giver, now = Giver.acting(current().actor), current().instant
    giver.origins(permissions, role.section, now, now)
    return [
        giver.origins(
            permissions,
            assignment.section,
            assignment.starts_at if assignment.starts_at is not None and assignment.starts_at > now else None,
            assignment.ends_at,
        )
        for assignment in held
    ]


def _take(role: Role, permissions: set[str]) -> None:
    if not permissions:
        return
    now = current().instant
    rows = SectionGrant.objects.filter(assignment__role=role, permission__codename__in=permissions)
    lasts = rows.filter(lasting(now)).select_related("content_object", "permission", "user")
    reach_of(now, grants=lasts.order_by("pk")).cut()
    # Those that are over: nothing of the role's is left that a later end could bring back.
    rows.delete()

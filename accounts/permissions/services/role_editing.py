"""Creates, updates and deletes roles. A change of permissions applies at once to everybody who has the role."""

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
    """The fields of a role; an absent field is unchanged. A sensitive role works only with a second factor."""

    title: Annotated[str, Doc("What people call the role. Example: House manager")]
    permissions: Annotated[
        list[str], Doc('The permissions of the role. Example: ["view_cast", "manage_cast"]', PERMISSIONS.keys)
    ]
    sensitive: Annotated[
        bool, Doc("True if the permissions of the role need a sign-in with a second factor. Example: false")
    ]


@action("role.create", needs=Needs("manage_members", on="section"), lock=one_at_a_time)
def create_role(
    *,
    section: Annotated[Section, Doc("Id of the section on and below which it is assigned. Example: 1")],  # type: ignore[valid-type]
    name: Annotated[
        str, Doc("Name for programs: small letters, digits and underscores, a letter first. Example: house_manager")
    ],
    fields: RoleFields,
) -> Role:
    """Create a role, which can be assigned on a section and below. Programs use its name, people see its title.

    Errors: `bad_role_name`; `unknown_permission`; `no_permissions`; `beyond_own_permissions`, `beyond_own_sections` or
    `beyond_own_time` if you lack one of the permissions on that section; an error if the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            "Use small letters, digits and underscores, and start with a letter.", code="bad_role_name", field="name"
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
    """Update a role for everybody who has it.

    Its holders gain added permissions and lose removed ones at once; what they passed on of the removed ones ends too.
    An open invitation to a role that has gained permissions cannot be accepted; create a new one.

    Errors: `own_role` if you have the role; `unknown_permission`; `no_permissions`; `last_director`;
    `beyond_own_permissions`, `beyond_own_sections` or `beyond_own_time` if you cannot give the added permissions wherever
    and as long as the role is assigned. To stop requiring a second factor, you must be able to give all permissions of it.
    """
    now = current().instant
    before, after = set(role.permissions), set(changes.get("permissions", role.permissions))
    held = list(role.assignments.filter(lasting(now)).select_related("section").order_by("pk"))
    eased = role.sensitive and not changes.get("sensitive", True)
    if after != before or eased:
        refuse_own(current().actor, [assignment.user_id for assignment in held])
    if eased:
        # Holders without a second factor gain the permissions of the role.
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
    """Delete a role that was never assigned or offered. Error: `role_in_use`."""
    if role.assignments.exists() or role.invitations.exists():
        raise Conflict(
            "This role was assigned or offered to somebody. End its assignments instead; the role stays for the record.",
            code="role_in_use",
        )
    role.delete()


def _add(role: Role, permissions: set[str], held: list[RoleAssignment]) -> None:
    if permissions:
        for assignment, hung in zip(held, _origins(role, permissions, held), strict=True):
            lay(assignment, permissions, hung)


def _origins(role: Role, permissions: set[str], held: list[RoleAssignment]) -> list[Origins]:
    """The origins of `permissions` for each assignment in `held`.

    Raises: NotAllowed if the actor cannot give them for one of these spans, or on the section of the role.
    """
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
    # Delete ended grants too: otherwise a later end of the assignment would bring them back.
    rows.delete()

"""Founds the organization: its root section, its roles and its first director."""

from __future__ import annotations

from allauth.account import app_settings as allauth_settings
from allauth.account.utils import user_pk_to_url_str

from accounts.permissions.models.sections import Role, Section, SectionKind
from accounts.permissions.rules.roles import PRESETS, SENSITIVE
from accounts.permissions.services.roles import assign_role
from accounts.permissions.signals import organization_founded
from accounts.users.models.users import User
from theater_site.core.actions import OpenTo, action
from theater_site.core.errors import Conflict

AREAS = ("Directory", "Venues", "Brand")


@action("organization.found", open_to=OpenTo.SYSTEM)
def found_organization(*, name: str, director: User) -> Section:
    """Create the root section, the areas outside of any season and the preset roles. Assign the director role on the root.

    A director without a password gets a mail with a link that sets one, verifies the address and signs them in.

    Raises: Conflict `already_founded`.
    """
    if Section.objects.filter(parent=None).exists():
        raise Conflict("This installation has its organization already.", code="already_founded")
    root = Section(kind=SectionKind.ORGANIZATION, name=name)
    root.path = f"{root.label}/"
    root.save()
    for area in AREAS:
        Section.below(root, SectionKind.AREA, area).save()
    for role, (title, permissions) in PRESETS.items():
        Role(section=root, name=role, title=title, permissions=sorted(permissions), sensitive=role in SENSITIVE).save()
    assignment = assign_role.as_consequence(
        user=director,
        role=Role.objects.get(name="director"),
        section=root,
        starts_at=None,
        ends_at=None,
        reason="founded the organization",
    )
    if not director.has_usable_password():
        key = f"{user_pk_to_url_str(director)}-{allauth_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(director)}"
        organization_founded.announce(assignment=assignment, key=key)
    return root

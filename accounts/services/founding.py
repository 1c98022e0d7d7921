"""A new installation gets its organization, its roles and its first director."""

from __future__ import annotations

from accounts.models import Role, Section, SectionKind, User
from accounts.rules.roles import PRESETS, SENSITIVE
from accounts.services.roles import assign_role
from theater_site.core.actions import OpenTo, action
from theater_site.core.errors import Conflict

AREAS = ("Directory", "Venues", "Brand")


@action("organization.found", open_to=OpenTo.SYSTEM)
def found_organization(*, name: str, director: User) -> Section:
    """The root section, the areas that no season holds, the preset roles, and `director` with the director's role on all.

    Refused where an organization stands already.
    """
    if Section.objects.filter(parent=None).exists():
        raise Conflict("This installation has its organization already.", code="already_founded")
    root = Section(kind=SectionKind.ORGANIZATION, name=name)
    root.path = f"{root.label}/"
    root.save()
    for area in AREAS:
        Section.below(root, SectionKind.AREA, area).save()
    for role, (title, rights) in PRESETS.items():
        Role(section=root, name=role, title=title, rights=sorted(rights), sensitive=role in SENSITIVE).save()
    assign_role.as_consequence(
        user=director,
        role=Role.objects.get(name="director"),
        section=root,
        starts_at=None,
        ends_at=None,
        reason="founded the organization",
    )
    return root

"""Creates, removes and renames sections. A season has a section, and each production has one below it."""

from __future__ import annotations

from typing import Annotated

from accounts.permissions.models.sections import Section, SectionKind
from accounts.permissions.services.delegation import lock_tree_for_reading
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid, NotFound


@action("section.create", needs=Needs("manage_members", on="parent"), lock=lock_tree_for_reading)
def create_section(
    *,
    parent: Annotated[Section, Doc("Id of the section above it. Example: 1")],  # type: ignore[valid-type]
    kind: SectionKind,
    name: Annotated[str, Doc("Its name. Example: Workshops")],
) -> Section:
    """Create a section below another one. Users with a permission on the parent have it on the new section too.

    Errors: `section_area_named_once`; `not_below`; `section_gone`.
    """
    if kind == SectionKind.ORGANIZATION:
        raise Invalid("The organization is founded once, with `manage.py found`.", code="not_below", field="kind")
    # Load the parent again: it may have been moved, and the new section must get its current path.
    above = Section.objects.filter(pk=parent.pk).first()
    if above is None:
        raise NotFound("This section is gone.", code="section_gone", field="parent")
    section = Section.below(above, kind, name)
    section.save()
    return section


@action("section.remove", needs=Needs("manage_members", on="section"), subject="section")
def remove_section(*, section: Section) -> None:
    """Remove an empty section. Error: `still_in_use` if it has content, or if roles were assigned on it."""
    section.delete()


@action("section.rename", needs=Needs("manage_members", on="section"), subject="section")
def rename_section(
    *, section: Section, name: Annotated[str, Doc("Its new name. Example: Workshops and classes")]
) -> Section:
    """Rename a section."""
    section.name = name
    section.save()
    return section

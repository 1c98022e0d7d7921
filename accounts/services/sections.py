"""The section tree grows with what it holds: a season brings its section, a production one below."""

from __future__ import annotations

from accounts.models import Section, SectionKind
from accounts.services.delegation import tree_stands
from theater_site.core.actions import Needs, action
from theater_site.core.errors import Invalid, NotFound


@action("section.create", needs=Needs("manage_members", on="parent"), lock=tree_stands)
def create_section(*, parent: Section, kind: SectionKind, name: str) -> Section:
    """A new section below `parent`. What is held on the parent holds on it at once."""
    if kind == SectionKind.ORGANIZATION:
        raise Invalid("The organization is founded once, with `manage.py found`.", code="not_below", field="kind")
    # Where the parent stands now: it may have been moved since it was loaded, and with it who may do what below it.
    above = Section.objects.filter(pk=parent.pk).first()
    if above is None:
        raise NotFound("This section is gone.", code="section_gone", field="parent")
    section = Section.below(above, kind, name)
    section.save()
    return section


@action("section.remove", needs=Needs("manage_members", on="section"), subject="section")
def remove_section(*, section: Section) -> None:
    """Take away a section that holds nothing. Refused (`still_in_use`) where anything is in it, or roles were given there."""
    section.delete()


@action("section.rename", needs=Needs("manage_members", on="section"), subject="section")
def rename_section(*, section: Section, name: str) -> Section:
    """What it is called, here and in every explanation of rights; its place in the tree stays."""
    section.name = name
    section.save()
    return section

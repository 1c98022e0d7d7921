"""The section tree grows with what it holds: a season brings its section, a production one below."""

from __future__ import annotations

from accounts.models import Section, SectionKind
from theater_site.core.actions import Needs, action
from theater_site.core.errors import Invalid


@action("section.create", needs=Needs("manage_members", on="parent"))
def create_section(*, parent: Section, kind: SectionKind, name: str) -> Section:
    """A new section below `parent`. What is held on the parent holds on it at once."""
    if kind == SectionKind.ORGANIZATION:
        raise Invalid("The organization is founded once, with `manage.py found`.", code="not_below", field="kind")
    section = Section(parent=parent, kind=kind, name=name)
    section.save()
    return section


@action("section.rename", needs=Needs("manage_members", on="section"), subject="section")
def rename_section(*, section: Section, name: str) -> Section:
    """What it is called, here and in every explanation of rights; its place in the tree stays."""
    section.name = name
    section.save()
    return section

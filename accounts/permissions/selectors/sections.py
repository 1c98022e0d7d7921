"""Finding sections."""

from __future__ import annotations

from accounts.permissions.models.sections import Section, SectionKind
from theater_site.core.errors import NotFound


def organization() -> Section:
    """The root section. Raises: NotFound `not_founded`."""
    root = Section.objects.filter(parent=None).first()
    if root is None:
        raise NotFound("There is no organization yet. Run `manage.py found ORGANIZATION EMAIL`.", code="not_founded")
    return root


def area(name: str) -> Section:
    """The organization-wide section for an area of work: Directory, Venues or Brand."""
    found = Section.objects.filter(kind=SectionKind.AREA, name=name, parent__parent=None).first()
    if found is None:
        raise NotFound(f"There is no section {name!r}. Run `manage.py found ORGANIZATION EMAIL`.", code="not_founded")
    return found

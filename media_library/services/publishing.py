"""What pictures, collections and videos have in common: publishing, unpublishing and their section."""

from __future__ import annotations

from accounts.models import Section
from media_library.models import Asset, Collection, VideoLink
from productions.models import Production
from theater_site.core.actions import current
from theater_site.core.errors import Conflict, Invalid

Publishable = Asset | Collection | VideoLink


def make_public(row: Publishable, noun: str) -> None:
    """Publish `row`. Raises: Conflict `already_published`."""
    if row.published_at is not None:
        raise Conflict(f"This {noun} is already public.", code="already_published")
    row.published_at = current().instant
    row.save()


def make_unpublic(row: Publishable, noun: str) -> None:
    """Unpublish `row`. Raises: Conflict `not_published`."""
    if row.published_at is None:
        raise Conflict(f"This {noun} is not public.", code="not_published")
    row.published_at = None
    row.save()


def refuse_if_public(row: Publishable, noun: str) -> None:
    """Raise Conflict `published` if `row` is public."""
    if row.published_at is not None:
        raise Conflict(f"This {noun} is public. Unpublish it before you delete it.", code="published")


def check_home(section: Section, production: Production | None) -> None:
    """Raise Invalid `wrong_section` unless `section` is the production's section, if there is a production.

    Otherwise a permission on one section would allow changes to content of another.
    """
    if production is not None and production.section_id != section.pk:
        raise Invalid(
            "The production belongs to another section. Leave the section out.",
            code="wrong_section",
            field="production",
        )

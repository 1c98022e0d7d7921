"""What pictures, collections and videos do alike: come before the public, go, and have their home."""

from __future__ import annotations

from accounts.models import Section
from media_library.models import Asset, Collection, VideoLink
from productions.models import Production
from theater_site.core.actions import current
from theater_site.core.errors import Conflict, Invalid

Publishable = Asset | Collection | VideoLink


def make_public(row: Publishable, noun: str) -> None:
    """Conflict where it is public already."""
    if row.published_at is not None:
        raise Conflict(f"This {noun} is public already.", code="already_published")
    row.published_at = current().instant
    row.save()


def make_unpublic(row: Publishable, noun: str) -> None:
    """Conflict where it is not public."""
    if row.published_at is None:
        raise Conflict(f"This {noun} is not public.", code="not_published")
    row.published_at = None
    row.save()


def refuse_if_public(row: Publishable, noun: str) -> None:
    if row.published_at is not None:
        raise Conflict(f"A public {noun} must be unpublished before it is deleted.", code="published")


def check_home(section: Section, production: Production | None) -> None:
    """What belongs to a production is in its section: else a permission on one would reach into the other."""
    if production is not None and production.section_id != section.pk:
        raise Invalid(
            "This production is not of that section. Leave the section out.", code="wrong_section", field="production"
        )

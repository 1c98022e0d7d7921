"""Seasons are made, described and made public."""

from __future__ import annotations

from typing import TypedDict

from accounts.models import Section, SectionKind
from accounts.services.sections import create_section, rename_section
from productions.models import Season
from productions.services.addresses import free_slug, in_order
from theater_site.core.actions import Needs, action, current
from theater_site.core.errors import Conflict
from theater_site.core.text import clean_markdown


class SeasonFields(TypedDict, total=False):
    """What can be said of a season: absent means unchanged, empty means empty. Dates may be partial ("2026-09")."""

    name: str
    starts_on: str
    ends_on: str
    summary: str


@action("season.create", needs=Needs("manage_details", on="organization"))
def create_season(*, organization: Section, fields: SeasonFields) -> Season:
    """A new season, not public yet, with a section of its own below `organization`.

    Refused: an end before the start, texts that are too long, a name that is missing.
    """
    season = Season(slug=free_slug(Season, fields.get("name", "")))
    _describe(season, fields)
    season.section = create_section.as_consequence(parent=organization, kind=SectionKind.SEASON, name=season.name)
    season.save()
    return season


@action("season.update", needs=Needs("edit_details", on="season"), subject="season", proposable=True)
def update_season(*, season: Season, changes: SeasonFields) -> Season:
    """Describe it anew; its address stays. Refused as at its making."""
    _describe(season, changes)
    if "name" in changes and season.name != season.section.name:
        rename_section.as_consequence(section=season.section, name=season.name)
    season.save()
    return season


@action("season.publish", needs=Needs("publish_details", on="season"), subject="season", proposable=True)
def publish_season(*, season: Season) -> Season:
    """Make it public; its productions are published one by one. Refused where it is public already."""
    if season.published_at is not None:
        raise Conflict("This season is public already.", code="already_published")
    season.published_at = current().instant
    season.save()
    return season


def _describe(season: Season, fields: SeasonFields) -> None:
    for name, value in fields.items():
        setattr(season, name, clean_markdown(value) if name == "summary" else value)  # type: ignore[arg-type]
    season.check_values()
    in_order(season.starts_on, season.ends_on, field="ends_on")

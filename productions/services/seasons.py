"""Creates, updates and publishes seasons, and hands them over to the next one."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypedDict

from accounts.models import Section, SectionKind
from accounts.permissions.services.sections import create_section, rename_section
from productions.models import Season, SeasonSlot, SeasonStrand, SlotStatus, Strand
from productions.services.addresses import free_slug, in_order
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict


class SeasonFields(TypedDict, total=False):
    """Fields of a season: absent means unchanged. Dates may be partial ("2026-09"). `strands` are all its strands."""

    name: str
    starts_on: str
    ends_on: str
    summary: str
    strands: Annotated[list[Strand], Doc("The ids of all strands that the season has. Example: [2, 3]")]


class SeasonPart(str, Enum):
    """What the next season takes over: the strands; the slots that are not filled."""

    STRANDS = "strands"
    OPEN_SLOTS = "open_slots"


@action("season.create", needs=Needs("manage_details", on="organization"))
def create_season(*, organization: Section, fields: SeasonFields) -> Season:
    """Create a season with its own section; it is not public yet.

    Raises: Invalid for an end before the start, texts that are too long, or a missing name. Also `ends_before_start`.
    """
    season = Season(slug=free_slug(Season, fields.get("name", "")))
    _describe(season, fields)
    season.section = create_section.as_consequence(parent=organization, kind=SectionKind.SEASON, name=season.name)
    season.save()
    _set_strands(season, fields)
    return season


@action("season.update", needs=Needs("edit_details", on="season"), subject="season", submittable=True)
def update_season(*, season: Season, changes: SeasonFields) -> Season:
    """Update a season. Same errors as `season.create`.

    Error: `ends_before_start`.
    """
    _describe(season, changes)
    if "name" in changes and season.name != season.section.name:
        rename_section.as_consequence(section=season.section, name=season.name)
    season.save()
    _set_strands(season, changes)
    return season


@action("season.publish", needs=Needs("publish_details", on="season"), subject="season", submittable=True, exposes=True)
def publish_season(*, season: Season) -> Season:
    """Publish a season. Its productions are published one by one. Raises: `already_published`."""
    if season.published_at is not None:
        raise Conflict("This season is already public.", code="already_published")
    season.published_at = current().instant
    season.save()
    return season


@action("season.unpublish", needs=Needs("publish_details", on="season"), subject="season", submittable=True)
def unpublish_season(*, season: Season) -> Season:
    """Unpublish a season. Its productions stay as they are. Raises: `not_published`."""
    if season.published_at is None:
        raise Conflict("This season is not public.", code="not_published")
    season.published_at = None
    season.save()
    return season


@action("season.hand_over", needs=Needs("manage_details", on="season.section.parent"), subject="season")
def hand_over_season(
    *,
    season: Season,
    fields: SeasonFields,
    parts: Annotated[list[SeasonPart], Doc('What the next season takes over. Example: ["strands", "slots"]')],
) -> Season:
    """Create the next season from this one, with its strands and its unfilled slots as given in `parts`. This season
    stays as it is.

    Same errors as `season.create`.
    """
    named: SeasonFields = dict(fields)  # type: ignore[assignment]
    if SeasonPart.STRANDS in parts:
        own = [link.strand for link in season.strand_links.select_related("strand").order_by("pk")]
        named["strands"] = [*own, *fields.get("strands", [])]
    above = season.section.parent
    assert above is not None, "the parent of a season is the organization"
    following: Season = create_season.as_consequence(organization=above, fields=named)
    if SeasonPart.OPEN_SLOTS in parts:
        waiting = season.slots.filter(production=None, status__in=(SlotStatus.OPEN, SlotStatus.PENCILED))
        SeasonSlot.objects.bulk_create(
            [
                SeasonSlot(season=following, position=place, idea=slot.idea, strand_id=slot.strand_id, note=slot.note)
                for place, slot in enumerate(waiting.order_by("position", "pk"))
            ]
        )
    return following


def _describe(season: Season, fields: SeasonFields) -> None:
    season.assign({name: value for name, value in fields.items() if name != "strands"})
    season.check_values()
    in_order(season, fields)


def _set_strands(season: Season, fields: SeasonFields) -> None:
    if "strands" not in fields:
        return
    wanted = {strand.pk: strand for strand in fields["strands"]}
    season.strand_links.exclude(strand__in=wanted).delete()
    there = set(season.strand_links.values_list("strand_id", flat=True))
    SeasonStrand.objects.bulk_create(
        [SeasonStrand(season=season, strand=strand) for pk, strand in wanted.items() if pk not in there]
    )

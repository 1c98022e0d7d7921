"""Creates and updates venues and their spaces."""

from __future__ import annotations

from typing import TypedDict

from accounts.models import Section
from scheduling.models import Category, Occurrence, Space, SpaceKind, Venue
from scheduling.services.conflicts import book
from theater_site.core.actions import Needs, action, current


class VenueFields(TypedDict, total=False):
    """Fields of a venue: absent means unchanged, "" means empty. `timezone` is an IANA name, "" if not
    known.
    """

    name: str
    address: str
    city: str
    country: str
    location: str
    timezone: str


class SpaceFields(TypedDict, total=False):
    """Fields of a space. `capacity` counts people; None if it does not matter."""

    name: str
    kind: SpaceKind
    capacity: int | None


@action("venue.create", needs=Needs("edit_venues", on="section"), submittable=True)
def create_venue(*, section: Section, fields: VenueFields) -> Venue:
    """Create a venue, visible to everybody. Errors: Invalid for a missing name or an unknown time zone."""
    venue = Venue(section=section)
    _describe(venue, fields)
    venue.save()
    return venue


@action("venue.update", needs=Needs("edit_venues", on="venue"), subject="venue", submittable=True)
def update_venue(*, venue: Venue, changes: VenueFields) -> Venue:
    """Update a venue. Events in the calendar keep the zone that they have. Same errors as `venue.create`."""
    _describe(venue, changes)
    venue.save()
    return venue


@action("space.create", needs=Needs("edit_venues", on="venue"), submittable=True)
def create_space(*, venue: Venue, fields: SpaceFields) -> Space:
    """Create a space in a venue. It is closed while the venue is. Errors: Invalid for a missing name; `space_name_taken`."""
    space = Space(venue=venue)
    _describe(space, fields)
    space.save()
    closures = Occurrence.objects.filter(venue=venue, space=None, category=Category.CLOSURE)
    book(list(closures.filter(ends_at__gt=current().instant).select_related("section").order_by("pk")), replace=True)
    return space


@action("space.update", needs=Needs("edit_venues", on="space"), subject="space", submittable=True)
def update_space(*, space: Space, changes: SpaceFields) -> Space:
    """Update a space. Same errors as `space.create`."""
    _describe(space, changes)
    space.save()
    return space


def _describe(row: Venue | Space, fields: VenueFields | SpaceFields) -> None:
    for name, value in fields.items():
        setattr(row, name, value)

"""Which spaces a booking takes: the space itself, its parts, and their parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from scheduling.models import Occurrence, Space, SpacePart


def with_parts(spaces: Collection[int]) -> dict[int, frozenset[int]]:
    """By id of each of these spaces: its own id and those of all its parts. One query for each level of parts."""
    return _reached(spaces, "whole", "part")


def with_wholes(spaces: Collection[int]) -> frozenset[int]:
    """These spaces and all of which they are parts. One query for each level."""
    return frozenset().union(*_reached(spaces, "part", "whole").values())


def spaces_of(occurrences: Iterable[Occurrence]) -> dict[int, frozenset[int]]:
    """By id of each occurrence that books a place: the spaces that it takes; a closure of a venue takes all of its spaces."""
    rows = [row for row in occurrences if row.holds_space]
    parts = with_parts({row.space_id for row in rows if row.space_id is not None})
    of_venue: dict[int | None, set[int]] = defaultdict(set)
    if closed := {row.venue_id for row in rows if row.closes_venue}:
        for venue, space in Space.objects.filter(venue__in=closed).values_list("venue", "pk"):
            of_venue[venue].add(space)
    return {row.pk: frozenset(of_venue[row.venue_id]) if row.space_id is None else parts[row.space_id] for row in rows}


def _reached(spaces: Collection[int], start: str, end: str) -> dict[int, frozenset[int]]:
    links: dict[int, set[int]] = defaultdict(set)
    known, new = set(spaces), set(spaces)
    while new:
        for one, other in SpacePart.objects.filter(**{f"{start}__in": new}).values_list(start, end):
            links[one].add(other)
        new = set().union(*(links[one] for one in new)) - known
        known |= new
    return {space: _closure(space, links) for space in spaces}


def _closure(space: int, links: dict[int, set[int]]) -> frozenset[int]:
    found, new = {space}, {space}
    while new:
        new = set().union(*(links.get(one, set()) for one in new)) - found
        found |= new
    return frozenset(found)

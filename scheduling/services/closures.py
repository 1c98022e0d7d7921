"""Closes a venue or a space: it is booked, so that no event can take place there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

import holidays

from scheduling.models import Category, Occurrence, OccurrenceStatus, Space, Venue, Visibility
from scheduling.rules.spans import LONGEST_DAYS
from scheduling.rules.wall_time import to_utc, valid_zone
from scheduling.services.conflicts import book
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid

_DAY = dt.timedelta(days=1)
_LONGEST = dt.timedelta(days=366)


@action("venue.close", needs=Needs("edit_venues", on="venue"), subject="venue", submittable=True)
def close_venue(
    *,
    venue: Venue,
    space: Annotated[Space | None, Doc("Only this space of the venue; null closes the whole venue. Example: 3")],
    first_date: Annotated[dt.date, Doc("The first closed day. Example: 2027-08-01")],
    last_date: Annotated[dt.date, Doc("The last closed day, at most a year later. Example: 2027-08-31")],
    reason: Annotated[str, Doc("Why, as those who plan read it. Example: Summer break")],
) -> list[Occurrence]:
    """Close a venue or one of its spaces for whole days: nothing can be booked there.

    A closure is an internal event of the category `closure`; cancel it to open again. One of more than 31 days becomes
    several. Errors: `space_taken` with the events that are planned for these days; `ends_before_start`; `out_of_range` for
    more than a year; `required` without a reason; `timezone_needed`; `space_elsewhere`.
    """
    if space is not None and space.venue_id != venue.pk:
        raise Invalid("This space is in another venue.", code="space_elsewhere", field="space")
    if last_date < first_date:
        raise Invalid("The last day is before the first. Exchange them.", code="ends_before_start", field="last_date")
    if last_date - first_date >= _LONGEST:
        raise Invalid("Close it for at most a year.", code="out_of_range", field="last_date")
    return _closed([_closure(venue, space, first, last, reason) for first, last in _spans(first_date, last_date)])


@action("venue.close_on_holidays", needs=Needs("edit_venues", on="venue"), subject="venue", submittable=True)
def close_on_holidays(
    *,
    venue: Venue,
    country: Annotated[str, Doc("The country, by its two letters (ISO 3166-1). Example: GB")],
    subdivision: Annotated[str | None, Doc("A part of the country (ISO 3166-2); null for all of it. Example: ENG")],
    year: Annotated[int, Doc("The year. Example: 2027")],
) -> list[Occurrence]:
    """Close a venue on the public holidays of a year. Days that are closed already are left out.

    Errors: `unknown_country`; `out_of_range` for a year before 2000 or after 2100; `nothing_changes` if all are closed
    already; `space_taken` with the events that are planned for these days; `timezone_needed`.
    """
    if not 2000 <= year <= 2100:
        raise Invalid("Give a year from 2000 to 2100.", code="out_of_range", field="year")
    try:
        days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    except NotImplementedError:
        raise Invalid(
            "The holidays of this country or part are not known. Write GB, and ENG for a part of it.",
            code="unknown_country",
            field="country",
        ) from None
    planned = [_closure(venue, None, day, day, name) for day, name in sorted(days.items())]
    closures = Occurrence.objects.filter(venue=venue, space=None, category=Category.CLOSURE).exclude(
        status=OccurrenceStatus.CANCELED
    )
    closed = set(closures.filter(date__startswith=str(year)).values_list("date", flat=True))
    new = [row for row in planned if row.date not in closed]
    if not new:
        raise Conflict("The venue is closed on these holidays already.", code="nothing_changes", field="year")
    return _closed(new)


def _spans(first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """The days in parts that a booking can have. A clock change adds an hour, so each is a day shorter than the longest."""
    while first <= last:
        end = min(last, first + (LONGEST_DAYS - 2) * _DAY)
        yield first, end
        first = end + _DAY


def _closure(venue: Venue, space: Space | None, first: dt.date, last: dt.date, reason: str) -> Occurrence:
    if not venue.timezone:
        raise Invalid("Set the time zone of the venue first.", code="timezone_needed", field="venue")
    if not reason.strip():
        raise Invalid("Say why it is closed.", code="required", field="reason")
    zone = valid_zone(venue.timezone)
    length = to_utc(last + _DAY, dt.time(), zone) - to_utc(first, dt.time(), zone)
    row = Occurrence(
        section=venue.section,
        venue=venue,
        space=space,
        title=reason,
        category=Category.CLOSURE,
        visibility=Visibility.INTERNAL,
        date=first.isoformat(),
        start_time=dt.time(),
        duration_minutes=int(length.total_seconds()) // 60,
        timezone=venue.timezone,
    )
    row.check_values()
    return row


def _closed(rows: list[Occurrence]) -> list[Occurrence]:
    for row in rows:
        row.save()
    book(rows, created=True)
    return rows

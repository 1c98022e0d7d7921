"""Scenes of the calendar: houses, rooms, and what takes place in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import Section, User
from accounts.permissions.selectors.sections import area
from directory.models import Person
from productions.models import Production
from scheduling.models import (
    Category,
    Equipment,
    EventSeries,
    Occurrence,
    Run,
    Space,
    Unavailability,
    Venue,
    Visibility,
)
from scheduling.services.calls import set_people
from scheduling.services.equipment import create_equipment
from scheduling.services.occurrences import publish_occurrence, schedule_occurrence, schedule_standalone
from scheduling.services.runs import add_run
from scheduling.services.series.planning import schedule_series
from scheduling.services.unavailabilities import add_unavailability
from scheduling.services.venues import create_space, create_venue
from tests import world


def venue(*, by: User, **fields: Any) -> Venue:
    """A house, in London unless said otherwise."""
    given = {"name": f"House {world.number()}", "timezone": "Europe/London", **fields}
    made: Venue = create_venue(actor=world.acting(by), section=area("Venues"), fields=given)
    return made


def space(*, by: User, at: Venue | None = None, **fields: Any) -> Space:
    """A room, in a new house unless one is given."""
    given = {"name": f"Hall {world.number()}", **fields}
    made: Space = create_space(actor=world.acting(by), venue=at or venue(by=by), fields=given)
    return made


def occurrence(of: Production | Section, *, by: User, published: bool = False, **fields: Any) -> Occurrence:
    """Something of a production or, standing alone, of a section: three hours on a November evening in London."""
    given: dict[str, Any] = {
        "category": Category.REHEARSAL,
        "date": "2031-11-20",
        "start_time": dt.time(19),
        "duration_minutes": 180,
        **fields,
    }
    if given.get("space") is None and given.get("venue") is None:
        given.setdefault("timezone", "Europe/London")
    if published:
        given["visibility"] = Visibility.PUBLIC
    actor = world.acting(by)
    made: Occurrence
    if isinstance(of, Section):
        made = schedule_standalone(actor=actor, section=of, fields={"title": "Meeting", **given})
    else:
        made = schedule_occurrence(actor=actor, production=of, fields=given)
    return publish_occurrence(actor=actor, occurrence=made) if published else made


def series(of: Production, *, by: User, **fields: Any) -> EventSeries:
    """Ten Thursday evenings from 2031-11-06 on, unless said otherwise."""
    given: dict[str, Any] = {
        "rrule": "FREQ=WEEKLY;COUNT=10",
        "first_date": dt.date(2031, 11, 6),
        "start_time": dt.time(19),
        "duration_minutes": 180,
        **fields,
    }
    if given.get("space") is None:
        given.setdefault("timezone", "Europe/London")
    made: EventSeries = schedule_series(actor=world.acting(by), production=of, fields=given)
    return made


def run(of: Production, *, by: User, **fields: Any) -> Run:
    """A fortnight in 1998, in a new house."""
    given = {"starts_on": "1998-03", "ends_on": "1998-04", **fields}
    made: Run = add_run(actor=world.acting(by), production=of, venue=venue(by=by), fields=given)
    return made


def equipment(*, by: User, **fields: Any) -> Equipment:
    """Twelve radio microphones, unless said otherwise."""
    given = {"name": "Radio microphone", "quantity": 12, **fields}
    made: Equipment = create_equipment(actor=world.acting(by), section=area("Venues"), fields=given)
    return made


def unavailability(person: Person, *, by: User, **fields: Any) -> Unavailability:
    """All day, in London."""
    given = {"timezone": "Europe/London", **fields}
    made: Unavailability = add_unavailability(actor=world.acting(by), person=person, fields=given)
    return made


def called(to: Occurrence, *people: Person, by: User, **given: Any) -> None:
    """Call these people, and nobody else, to an event."""
    set_people(actor=world.acting(by), occurrence=to, people=[person.pk for person in people], **given)

"""People enter when they cannot come; those who edit the directory enter it for them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypedDict

from directory.models import Person
from directory.services.own_records import refuse_strangers
from scheduling.models import AvailabilityKind, Unavailability
from scheduling.rules.performance_dates import Weekday
from scheduling.rules.wall_time import valid_zone
from theater_site.core.actions import OpenTo, action
from theater_site.core.docs import Doc


class UnavailabilityFields(TypedDict, total=False):
    """Fields of an unavailability; absent means unchanged."""

    kind: AvailabilityKind
    first_date: dt.date
    last_date: dt.date | None
    weekdays: Annotated[
        list[Weekday], Doc('The days of the week, by two letters; empty means each day. Example: ["TU", "TH"]')
    ]
    start_time: dt.time | None
    end_time: dt.time | None
    timezone: str
    reason: str


@action("unavailability.add", open_to=OpenTo.SIGNED_IN)
def add_unavailability(*, person: Person, fields: UnavailabilityFields) -> Unavailability:
    """Enter when a person cannot come, for that person or with `edit_directory`.

    Calls that exist already are not refused: they show as conflicts. Errors: `not_own_record`; `ends_before_start`;
    `half_a_span`; `unknown_timezone`.
    """
    refuse_strangers(person)
    return _saved(Unavailability(person=person), fields)


@action("unavailability.update", open_to=OpenTo.SIGNED_IN, subject="unavailability")
def update_unavailability(*, unavailability: Unavailability, changes: UnavailabilityFields) -> Unavailability:
    """Change when a person cannot come. Same errors as `unavailability.add`."""
    refuse_strangers(unavailability.person)
    return _saved(unavailability, changes)


@action("unavailability.remove", open_to=OpenTo.SIGNED_IN, subject="unavailability")
def remove_unavailability(*, unavailability: Unavailability) -> None:
    """Remove an unavailability. Error: `not_own_record`."""
    refuse_strangers(unavailability.person)
    unavailability.delete()


def _saved(row: Unavailability, fields: UnavailabilityFields) -> Unavailability:
    row.assign({name: value for name, value in fields.items() if name != "weekdays"})
    if "weekdays" in fields:
        row.weekdays = [day.value for day in Weekday if day in fields["weekdays"]]
    row.check_values()
    valid_zone(row.timezone)
    row.save()
    return row

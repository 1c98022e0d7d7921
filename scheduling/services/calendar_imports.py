"""Imports a calendar file: event series with their exceptions, and single events. Importing it again updates by UID."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from django.conf import settings
from django.db import transaction

from accounts.models import Section
from productions.models import Production
from scheduling.models import Category, EventSeries, Occurrence, OccurrenceStatus, Space, Venue
from scheduling.rules.ical_reading import MOST_BYTES, Moment, ReadEvent, read_calendar, wall_in
from scheduling.rules.recurrence import expand
from scheduling.rules.rrule import parse
from scheduling.rules.wall_time import valid_zone
from scheduling.selectors.feeds import occurrence_of
from scheduling.services.occurrences import (
    OccurrenceFields,
    cancel_occurrence,
    reinstate_occurrence,
    schedule_occurrence,
    schedule_standalone,
    update_occurrence,
)
from scheduling.services.series.edits import change_dates
from scheduling.services.series.planning import SeriesFields, move_series, schedule_series, schedule_standalone_series
from scheduling.services.series.rows import stored_rule
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, DomainError, Invalid

_BY_NAME = {**{one.value: one for one in Category}, **{one.label: one for one in Category}}


@dataclass(slots=True)
class CalendarImport:
    """What an import did: series and events by what became of them, and what it left out."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    # Events that are not stored: uid, title, code, message.
    skipped: list[dict[str, str]] = field(default_factory=list)
    # What was stored otherwise than it was written: uid, title, message.
    notes: list[dict[str, str]] = field(default_factory=list)
    # How often each property was dropped that this calendar does not store.
    dropped: dict[str, int] = field(default_factory=dict)


@action("event.import_calendar", needs=Needs("edit_schedule", on="section"), submittable=True)
def import_calendar(
    *,
    section: Section,
    production: Annotated[
        Production | None,
        Doc("Id of the production that the events belong to; null for events without one. Example: 12"),
    ],
    calendar: Annotated[
        str, Doc("The text of the iCalendar file, at most 2 MB. Example: BEGIN:VCALENDAR...", longest=MOST_BYTES)
    ],
    timezone: Annotated[
        str | None, Doc("IANA zone of times without a zone; null is that of the installation. Example: Europe/London")
    ],
) -> CalendarImport:
    """Import the events of an iCalendar file (RFC 5545) into a section, or into a production of it.

    Series keep their rule, skipped and added dates, moved and canceled occurrences. Importing the file again updates by UID. An
    event that cannot be stored is left out and reported, with its code. Alarms, attendees and the like are dropped and counted.
    A location is matched with the name of a space or venue; the space is booked.
    Errors: `calendar_too_large`; `bad_calendar`; `other_section` if the production belongs to another section.
    """
    if production is not None and production.section_id != section.pk:
        message = "This production belongs to another section. Name its own section."
        raise Invalid(message, code="other_section", field="section")
    if timezone:
        valid_zone(timezone)
    read = read_calendar(calendar.encode(), timezone or settings.DEFAULT_USER_TIME_ZONE)
    outcome = CalendarImport(dropped=read.dropped)
    outcome.skipped += [{**one, "code": "unreadable_event"} for one in read.unreadable]
    by_uid: dict[str, list[ReadEvent]] = defaultdict(list)
    for event in read.events:
        by_uid[event.uid].append(event)
    for events in by_uid.values():
        with _reported(outcome, events[0]):
            _Import(section, production, outcome, events).run()
    return outcome


@contextmanager
def _reported(outcome: CalendarImport, event: ReadEvent) -> Iterator[None]:
    """Roll one event back if it cannot be stored, and report it. A broken rule of the theater refuses the whole import."""
    try:
        with transaction.atomic():
            yield
    except DomainError as error:
        if error.code == "rules_broken":
            raise
        message = "; ".join(one.message for one in error.problems) or error.message
        outcome.skipped.append({"uid": event.uid, "title": event.title, "code": error.code, "message": message})


class _Import:
    """The events of one UID: a single one, or the master of a series with its overrides."""

    def __init__(
        self, section: Section, production: Production | None, outcome: CalendarImport, events: list[ReadEvent]
    ) -> None:
        self._section, self._production, self._outcome = section, production, outcome
        self._master = next((one for one in events if one.recurrence_id is None), None)
        self._overrides = [one for one in events if one.recurrence_id is not None]
        self._first = self._master or events[0]
        uid = self._first.uid
        self._key = f"ics:{uid}" if len(uid) <= 190 else f"ics:{hashlib.sha256(uid.encode()).hexdigest()}"

    def run(self) -> None:
        master = self._master
        if (own := occurrence_of(self._first.uid)) is not None:
            # Exported from here.
            self._known(own, self._first)
            return
        if master is not None and (master.rrule or master.added):
            if isinstance(master.start, dt.datetime):
                self._series(master)
            else:
                self._days(master)
            return
        if master is not None:
            self._single(master, self._key)
        for override in self._overrides:
            # Without its series it is an event of its own.
            self._single(override, f"{self._key[:180]}/{_text(override.recurrence_id)}"[:200])

    # --- Single events ------------------------------------------------------------------------------------------

    def _single(self, event: ReadEvent, key: str) -> None:
        row = Occurrence.objects.filter(archive_key=key).first()
        if row is None:
            self._count("created")
            row = self._scheduled({**self._fields(event), **self._place(event)})
            row.archive_key = key
            row.save()
            self._set_status(row, event)
            return
        self._known(row, event)

    def _known(self, row: Occurrence, event: ReadEvent) -> None:
        self._refuse_elsewhere(row)
        self._count("changed" if self._updated(row, event, self._fields(event)) else "unchanged")

    def _updated(self, row: Occurrence, event: ReadEvent, fields: OccurrenceFields) -> bool:
        if event.status == "CANCELLED" and row.status == OccurrenceStatus.CANCELED:
            return False
        was_canceled = row.status == OccurrenceStatus.CANCELED
        if was_canceled:
            row = reinstate_occurrence.as_consequence(occurrence=row)
        changes: Any = {name: value for name, value in fields.items() if _now(row, name) != value}
        if changes:
            row = update_occurrence.as_consequence(occurrence=row, changes=changes)
        return self._set_status(row, event) or was_canceled or bool(changes)

    def _set_status(self, row: Occurrence, event: ReadEvent) -> bool:
        if event.status != "CANCELLED":
            return False
        cancel_occurrence.as_consequence(occurrence=row, reason="")
        return True

    def _scheduled(self, fields: OccurrenceFields) -> Occurrence:
        made: Occurrence = (
            schedule_occurrence.as_consequence(production=self._production, fields=fields)
            if self._production is not None
            else schedule_standalone.as_consequence(section=self._section, fields=fields)
        )
        return made

    def _fields(self, event: ReadEvent) -> OccurrenceFields:
        """The fields that a later import compares."""
        title = event.title or ("" if self._production is not None else "Event without a title")
        fields: OccurrenceFields = {"title": title, "tentative": event.status == "TENTATIVE"}
        if isinstance(event.start, dt.datetime):
            fields |= {"date": _start(event).date().isoformat(), "start_time": _start(event).time()}
            fields |= {"duration_minutes": event.minutes, "timezone": event.zone}
        else:
            fields |= {"date": event.start.isoformat(), "start_time": None, "duration_minutes": None}
            if event.minutes is not None and event.minutes > 24 * 60:
                self._note(f"It lasts {event.minutes // (24 * 60)} days; only the first is stored.")
        return fields

    def _place(self, event: ReadEvent) -> OccurrenceFields:
        """The category, and the space or venue that the location names."""
        fields: OccurrenceFields = {"category": self._category(event)}
        if event.location and isinstance(event.start, dt.datetime) and event.minutes is not None:
            space = Space.objects.filter(name__iexact=event.location).select_related("venue").first()
            if space is not None:
                return {**fields, "space": space}
        if event.location:
            venue = Venue.objects.filter(name__iexact=event.location).first()
            if venue is not None:
                return {**fields, "venue": venue}
            self._note(f"There is no space or venue called {event.location!r}; no place is stored.")
        return fields

    def _category(self, event: ReadEvent) -> Category:
        known = (_BY_NAME[name] for name in event.categories if name in _BY_NAME)
        return next(known, Category.REHEARSAL if self._production is not None else Category.OTHER)

    # --- Series -------------------------------------------------------------------------------------------------

    def _series(self, event: ReadEvent) -> None:
        rrule, added, skipped = self._rule(event)
        series = EventSeries.objects.select_for_update(of=("self",)).filter(archive_key=self._key).first()
        minutes = event.minutes
        if minutes is None:
            minutes = 60
            self._note("Its end is not known; an hour is stored.")
        if series is None:
            self._count("created")
            series = self._new_series(event, rrule, added, skipped, minutes)
            changed = False
        else:
            self._refuse_elsewhere(series)
            known = series.endless and rrule == series.shown_rule
            text, endless = (series.rrule, True) if known else stored_rule(rrule, series.first_date, series.timezone)
            changed = change_dates(series, rrule=text, endless=endless, skipped=skipped, added=added)
            if (series.planned_time, series.duration_minutes) != (_start(event).time(), minutes):
                changes: Any = {"start_time": _start(event).time(), "duration_minutes": minutes}
                if (series.start_time, series.duration_minutes) != (changes["start_time"], minutes):
                    series = move_series.as_consequence(series=series, changes=changes)
                    changed = True
        changed |= self._override(series)
        if series.archive_key is None:
            series.refresh_from_db()
            series.archive_key = self._key
            series.save()
        else:
            self._count("changed" if changed else "unchanged")

    def _new_series(
        self, event: ReadEvent, rrule: str, added: list[str], skipped: list[str], minutes: int
    ) -> EventSeries:
        place = self._place(replace(event, minutes=minutes))
        fields: SeriesFields = {
            "title": event.title or ("" if self._production is not None else "Event without a title"),
            "category": place["category"],
            "space": place.get("space"),
            "timezone": event.zone,
            "rrule": rrule,
            "first_date": _start(event).date(),
            "start_time": _start(event).time(),
            "duration_minutes": minutes,
            "skipped": skipped,
            "added": added,
        }
        made: EventSeries = (
            schedule_series.as_consequence(production=self._production, fields=fields)
            if self._production is not None
            else schedule_standalone_series.as_consequence(section=self._section, fields=fields)
        )
        return made

    def _rule(self, event: ReadEvent) -> tuple[str, list[str], list[str]]:
        """The rule, the added and the skipped dates, as a series stores them."""
        zone = valid_zone(event.zone)
        rule = str(parse(event.rrule or "FREQ=DAILY;COUNT=1"))
        text, endless = stored_rule(rule, _start(event).date(), event.zone)
        added = [_at(moment, event) for moment in event.added]
        walls = {start.wall for start in expand(text, _start(event).date(), _start(event).time(), zone, (), added)}
        skipped = []
        for moment in event.excluded:
            wall = _at(moment, event)
            if wall in walls:
                skipped.append(wall.isoformat(timespec="minutes"))
            else:
                self._note(f"The exception date {_text(moment)} matches no occurrence.")
        beside = [wall.isoformat(timespec="minutes") for wall in added]
        return rule if endless else text, list(dict.fromkeys(beside)), list(dict.fromkeys(skipped))

    def _override(self, series: EventSeries) -> bool:
        changed = False
        for event in self._overrides:
            wall = _at(wall_in(event.recurrence_id, self._first.zone), self._first)
            row = series.occurrences.filter(recurrence_id=wall.isoformat(timespec="seconds")).first()
            if row is None:
                self._note(f"The override of {_text(wall)} matches no occurrence.")
                continue
            fields = self._fields(event)
            if event.minutes is None:
                fields["duration_minutes"] = series.duration_minutes
            changed |= self._updated(row, event, fields)
        return changed

    def _days(self, event: ReadEvent) -> None:
        """An all-day series: one event for each day, since a series has a time."""
        timed = replace(event, start=dt.datetime.combine(event.start, dt.time()), minutes=None)
        rrule, added, skipped = self._rule(timed)
        starts = expand(
            stored_rule(rrule, _start(timed).date(), event.zone)[0],
            event.start,
            dt.time(),
            valid_zone(event.zone),
            [dt.datetime.fromisoformat(text) for text in skipped],
            [dt.datetime.fromisoformat(text) for text in added],
        )
        moved = {_text(one.recurrence_id): one for one in self._overrides}
        for start in starts:
            day = start.wall.date()
            own = moved.get(day.isoformat(), replace(event, start=day))
            self._single(own, f"{self._key[:180]}/{day}")

    # --- What is reported ---------------------------------------------------------------------------------------

    def _refuse_elsewhere(self, row: Occurrence | EventSeries) -> None:
        if (row.section_id, row.production_id) != (
            self._section.pk,
            self._production.pk if self._production is not None else None,
        ):
            raise Conflict(
                "An event of this UID was imported into another section or production.", code="imported_elsewhere"
            )

    def _note(self, message: str) -> None:
        self._outcome.notes.append({"uid": self._first.uid, "title": self._first.title, "message": message})

    def _count(self, what: str) -> None:
        setattr(self._outcome, what, getattr(self._outcome, what) + 1)


def _now(row: Occurrence, name: str) -> Any:
    """A field as a file has it."""
    if name == "title":
        return row.shown_title or row.get_category_display()
    return row.status == OccurrenceStatus.TENTATIVE if name == "tentative" else getattr(row, name)


def _at(moment: Any, event: ReadEvent) -> dt.datetime:
    """A wall time; a date alone means the time of the event."""
    if isinstance(moment, dt.datetime):
        return moment
    return dt.datetime.combine(moment, _start(event).time())


def _start(event: ReadEvent) -> dt.datetime:
    return event.start if isinstance(event.start, dt.datetime) else dt.datetime.combine(event.start, dt.time())


def _text(moment: Moment | None) -> str:
    return moment.isoformat(timespec="minutes") if isinstance(moment, dt.datetime) else str(moment)

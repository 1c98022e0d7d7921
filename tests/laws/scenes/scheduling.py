"""Scenes of the calendar."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.permissions.selectors.sections import area
from directory.models import Person
from scheduling.models import Call as PersonCall
from scheduling.models import Equipment, EquipmentNeed, EventSeries, Occurrence, Run, Space, Unavailability, Venue
from scheduling.rules.slot_tokens import OfferedSlot, token_of
from scheduling.services.calls import set_people
from scheduling.services.equipment import set_equipment
from scheduling.services.occurrences import cancel_occurrence
from scheduling.services.series.edits import skip_date
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import directory
from tests.worlds import scheduling as calendar
from theater_site.core.actors import System

DAY = dt.date(2031, 11, 6)


def _venue(t: Theater) -> Venue:
    return calendar.venue(by=t.director)


def _space(t: Theater) -> Space:
    return calendar.space(by=t.director)


def _placed(t: Theater) -> dict[str, Any]:
    return {"space": _space(t), "date": "2031-11-20", "start_time": dt.time(19), "duration_minutes": 60}


def _plan(t: Theater) -> dict[str, Any]:
    return {
        "space": _space(t), "rrule": "FREQ=WEEKLY;COUNT=3", "first_date": DAY, "start_time": dt.time(19),
        "duration_minutes": 60, "title": "Rehearsal",
    }  # fmt: skip


def _legs(t: Theater) -> list[dict[str, Any]]:
    week = [{"weekdays": ["TH", "FR"], "start_time": dt.time(19)}]
    return [{"space": _space(t), "first_date": DAY, "last_date": DAY, "times": week, "duration_minutes": 150}]


def _sent_legs(t: Theater) -> list[dict[str, Any]]:
    (leg,) = _legs(t)
    times = [{"weekdays": ["TH", "FR"], "start_time": "19:00:00"}]
    return [{**_sent(leg), "times": times}]


def _sent(said: dict[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    plain = {name: value.isoformat() if isinstance(value, dt.date | dt.time) else value for name, value in said.items()}
    return {**plain, "space": said["space"].pk}


def _occurrence(t: Theater, **fields: Any) -> Occurrence:
    """Internal, with a hall."""
    return calendar.occurrence(t.production, by=t.director, space=_space(t), **fields)


def _show(t: Theater) -> Occurrence:
    """Public and published."""
    return calendar.occurrence(t.production, by=t.director, published=True, category="performance", space=_space(t))


def _hidden(t: Theater, **fields: Any) -> Occurrence:
    """Public, and published by nobody yet."""
    return _occurrence(t, visibility="public", **fields)


def _canceled(t: Theater) -> Occurrence:
    occurrence: Occurrence = cancel_occurrence(actor=t.acting(), occurrence=_occurrence(t), reason="Snow.")
    return occurrence


def _outdated(t: Theater) -> Occurrence:
    """Its zone had other rules when it was saved."""
    row = _occurrence(t)
    Occurrence.objects.filter(pk=row.pk).update(starts_at=row.starts_at - dt.timedelta(minutes=30))
    return row


_CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:one@example
SUMMARY:Board meeting
DTSTART;TZID=Europe/London:20311106T190000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""


def _slot(t: Theater) -> str:
    return token_of(OfferedSlot(_space(t).pk, "2031-12-01", dt.time(18), 60, "Europe/London"))


def _person(t: Theater) -> Person:
    return directory.person(by=t.director, published=True)


def _equipment(t: Theater) -> Equipment:
    return calendar.equipment(by=t.director, name=f"Lamp {world.number()}")


def _wanted(t: Theater) -> list[dict[str, Any]]:
    return [{"equipment": _equipment(t), "quantity": 2}]


_CLOSED: dict[str, Any] = {"first_date": DAY, "last_date": DAY, "reason": "Summer break"}
_AWAY: dict[str, Any] = {"first_date": DAY, "last_date": DAY, "timezone": "Europe/London"}
_SENT_AWAY = {"first_date": "2031-11-06", "last_date": "2031-11-06", "timezone": "Europe/London"}


def _sent_wanted(t: Theater) -> list[dict[str, Any]]:
    return [{"equipment": _equipment(t).pk, "quantity": 2}]


def _need(t: Theater) -> EquipmentNeed:
    occurrence = _occurrence(t)
    set_equipment(actor=t.acting(), occurrence=occurrence, equipment=_wanted(t))
    return occurrence.equipment_needs.get()


def _call(t: Theater) -> PersonCall:
    occurrence = _occurrence(t)
    set_people(actor=t.acting(), occurrence=occurrence, people=[_person(t).pk])
    return occurrence.calls.get()


def _away(t: Theater) -> Unavailability:
    return calendar.unavailability(_person(t), by=t.director, **_AWAY)


def _run(t: Theater) -> Run:
    return calendar.run(t.production, by=t.director)


def _series(t: Theater) -> EventSeries:
    return calendar.series(t.production, by=t.director, space=_space(t))


def _skipped(t: Theater) -> EventSeries:
    row: EventSeries = skip_date(actor=t.acting(), series=_series(t), date=DAY + dt.timedelta(weeks=1))
    return row


def _endless(t: Theater) -> EventSeries:
    """Its horizon is nearer than it should be."""
    row = calendar.series(t.production, by=t.director, rrule="FREQ=WEEKLY")
    EventSeries.objects.filter(pk=row.pk).update(rrule="FREQ=WEEKLY;UNTIL=20320101T000000Z")
    row.refresh_from_db()
    return row


def _patch(row: Any, body: dict[str, Any], **options: Any) -> Call:
    return Call({"pk": row.pk}, body, version=row.version, **options)


ACTIONS = {
    "venue.create": lambda t: Scene(
        {"section": area("Venues"), "fields": {"name": "Globe", "timezone": "Europe/London"}}
    ),
    "venue.update": lambda t: Scene({"venue": _venue(t), "changes": {"city": "Paris"}}),
    "space.create": lambda t: Scene({"venue": _venue(t), "fields": {"name": "Main stage"}}),
    "space.update": lambda t: Scene({"space": _space(t), "changes": {"capacity": 300}}),
    "space.set_parts": lambda t: Scene(
        {"space": (row := _space(t)), "parts": [calendar.space(by=t.director, at=row.venue).pk]}
    ),
    "venue.close": lambda t: Scene({"venue": _venue(t), "space": None, **_CLOSED}),
    "venue.close_on_holidays": lambda t: Scene(
        {"venue": _venue(t), "country": "GB", "subdivision": "ENG", "year": 2031}
    ),
    "category.set_defaults": lambda t: Scene(
        {"section": t.root, "category": "rehearsal", "defaults": {"setup_minutes": 15}}
    ),
    "event.schedule": lambda t: Scene({"production": t.production, "fields": _placed(t)}),
    "event.schedule_standalone": lambda t: Scene({"section": t.root, "fields": {**_placed(t), "title": "Board"}}),
    "event.schedule_performances": lambda t: Scene({"production": t.production, "legs": _legs(t)}),
    "event.update": lambda t: Scene({"occurrence": _occurrence(t), "changes": {"start_time": dt.time(20)}}),
    "event.import_calendar": lambda t: Scene(
        {"section": t.root, "production": None, "calendar": _CALENDAR, "timezone": None}
    ),
    "event.take_slot": lambda t: Scene({"occurrence": _occurrence(t), "slot": _slot(t)}),
    "event.cancel": lambda t: Scene({"occurrence": _occurrence(t), "reason": "Snow."}),
    "event.reinstate": lambda t: Scene({"occurrence": _canceled(t)}),
    "event.reinstate_several": lambda t: Scene({"production": _canceled(t).production, "occurrences": None}),
    "event.delete": lambda t: Scene({"occurrence": _hidden(t)}),
    "event.set_people": lambda t: Scene({"occurrence": _occurrence(t), "people": [_person(t).pk]}),
    "event.set_equipment": lambda t: Scene({"occurrence": _occurrence(t), "equipment": _wanted(t)}),
    "equipment.create": lambda t: Scene({"section": area("Venues"), "fields": {"name": "Radio microphone"}}),
    "equipment.update": lambda t: Scene({"equipment": _equipment(t), "changes": {"quantity": 8}}),
    "unavailability.add": lambda t: Scene({"person": _person(t), "fields": _AWAY}),
    "unavailability.update": lambda t: Scene({"unavailability": _away(t), "changes": {"last_date": None}}),
    "unavailability.remove": lambda t: Scene({"unavailability": _away(t)}),
    "event.follow_zones": lambda t: Scene({"occurrences": [_outdated(t).pk]}, actor=System("work")),
    "event.publish": lambda t: Scene({"occurrence": _hidden(t)}),
    "event.unpublish": lambda t: Scene({"occurrence": _show(t)}),
    "series.schedule": lambda t: Scene({"production": t.production, "fields": _plan(t)}),
    "series.schedule_standalone": lambda t: Scene({"section": t.root, "fields": _plan(t)}),
    "series.move": lambda t: Scene({"series": _series(t), "changes": {"days": 7}}),
    "series.change_rule": lambda t: Scene({"series": _series(t), "rrule": "FREQ=WEEKLY;COUNT=12"}),
    "series.split": lambda t: Scene({"series": _series(t), "date": DAY + dt.timedelta(weeks=3), "changes": None}),
    "series.skip": lambda t: Scene({"series": _series(t), "date": DAY + dt.timedelta(weeks=1)}),
    "series.unskip": lambda t: Scene({"series": _skipped(t), "date": DAY + dt.timedelta(weeks=1)}),
    "series.add_date": lambda t: Scene({"series": _series(t), "date": DAY + dt.timedelta(days=1), "start_time": None}),
    "series.extend": lambda t: Scene({"series": _endless(t)}, actor=System("work")),
    "series.undo": lambda t: Scene({"series": _skipped(t)}),
    "series.cancel": lambda t: Scene({"series": _series(t), "reason": None}),
    "run.add": lambda t: Scene({"production": t.production, "venue": _venue(t), "fields": {"starts_on": "1998"}}),
    "run.update": lambda t: Scene({"run": _run(t), "changes": {"kind": "tour"}}),
    "run.remove": lambda t: Scene({"run": _run(t)}),
}

ROUTES = {
    "GET venue-list": lambda t: open_read(),
    "POST venue-list": lambda t: Call(body={"name": "Globe"}, status=201),
    "GET venue-detail": lambda t: open_read(kwargs={"pk": _venue(t).pk}),
    "PATCH venue-detail": lambda t: _patch(_venue(t), {"city": "Paris"}),
    "GET venue-internal": lambda t: Call({"pk": _venue(t).pk}),
    "GET space-list": lambda t: open_read(),
    "POST space-list": lambda t: Call(body={"venue": _venue(t).pk, "name": "Main stage"}, status=201),
    "GET space-detail": lambda t: open_read(kwargs={"pk": _space(t).pk}),
    "PATCH space-detail": lambda t: _patch(_space(t), {"capacity": 300}),
    "GET space-internal": lambda t: Call({"pk": _space(t).pk}),
    "POST space-set-parts": lambda t: Call(
        {"pk": (row := _space(t)).pk}, {"parts": [calendar.space(by=t.director, at=row.venue).pk]}
    ),
    "POST venue-close": lambda t: Call(
        {"pk": _venue(t).pk}, {**_CLOSED, "first_date": "2031-11-06", "last_date": "2031-11-06"}
    ),
    "POST venue-close-on-holidays": lambda t: Call({"pk": _venue(t).pk}, {"country": "GB", "year": 2031}),
    "GET event-list": lambda t: open_read(),
    "POST event-list": lambda t: Call(body={"production": t.production.pk, **_sent(_plan(t))}, status=201),
    "GET event-detail": lambda t: Call({"pk": _series(t).pk}),
    "POST event-standalone": lambda t: Call(body={"section": t.root.pk, **_sent(_plan(t))}, status=201, stranger={400}),
    "POST event-move": lambda t: Call({"pk": _series(t).pk}, {"days": 7}),
    "POST event-change-rule": lambda t: Call({"pk": _series(t).pk}, {"rrule": "FREQ=WEEKLY;COUNT=12"}),
    "POST event-split": lambda t: Call({"pk": _series(t).pk}, {"date": "2031-11-27"}),
    "POST event-skip": lambda t: Call({"pk": _series(t).pk}, {"date": "2031-11-13"}),
    "POST event-unskip": lambda t: Call({"pk": _skipped(t).pk}, {"date": "2031-11-13"}),
    "POST event-add-date": lambda t: Call({"pk": _series(t).pk}, {"date": "2031-11-07"}),
    "POST event-undo": lambda t: Call({"pk": _skipped(t).pk}, {}),
    "POST event-cancel": lambda t: Call({"pk": _series(t).pk}, {"reason": "Money ran out."}),
    "GET occurrence-list": lambda t: open_read(),
    "POST occurrence-list": lambda t: Call(body={"production": t.production.pk, **_sent(_placed(t))}, status=201),
    "POST occurrence-schedule-performances": lambda t: Call(
        body={"production": t.production.pk, "legs": _sent_legs(t)}, status=201
    ),
    "POST occurrence-standalone": lambda t: Call(
        body={"section": t.root.pk, "title": "Board", **_sent(_placed(t))}, status=201, stranger={400}
    ),
    "GET occurrence-internals": lambda t: open_read(),
    "GET occurrence-detail": lambda t: Call({"pk": _occurrence(t).pk}),
    "PATCH occurrence-detail": lambda t: _patch(_show(t), {"start_time": "20:00"}),
    "GET occurrence-internal": lambda t: Call({"pk": _show(t).pk}),
    "DELETE occurrence-detail": lambda t: _patch(_hidden(t), None, status=204),
    "POST occurrence-reinstate": lambda t: Call({"pk": _canceled(t).pk}, {}),
    "GET occurrence-canceled": lambda t: open_read(),
    "POST occurrence-reinstate-several": lambda t: Call(
        body={"production": _canceled(t).production_id, "occurrences": None}
    ),
    "POST occurrence-cancel": lambda t: Call({"pk": _show(t).pk}, {"reason": "Snow."}),
    "POST occurrence-publish": lambda t: Call({"pk": _hidden(t).pk}, {}),
    "POST occurrence-unpublish": lambda t: Call({"pk": _show(t).pk}, {}),
    "GET run-list": lambda t: open_read(),
    "POST run-list": lambda t: Call(
        body={"production": t.production.pk, "venue": _venue(t).pk, "kind": "home"}, status=201
    ),
    "GET run-detail": lambda t: open_read(kwargs={"pk": _run(t).pk}),
    "PATCH run-detail": lambda t: _patch(_run(t), {"ends_on": "1998-05"}),
    "DELETE run-detail": lambda t: _patch(_run(t), None, status=204),
    "GET performance-list": lambda t: open_read(),
    "GET performance-detail": lambda t: open_read(kwargs={"pk": _show(t).pk}),
    "GET event-categories": lambda t: open_read(),
    "POST event-categories": lambda t: Call(body={"category": "rehearsal", "setup_minutes": 15}),
    "GET equipment-list": lambda t: open_read(),
    "POST equipment-list": lambda t: Call(body={"name": "Radio microphone"}, status=201),
    "GET equipment-detail": lambda t: open_read(kwargs={"pk": _equipment(t).pk}),
    "PATCH equipment-detail": lambda t: _patch(_equipment(t), {"quantity": 8}),
    "GET equipment-need-list": lambda t: open_read(),
    "GET equipment-need-detail": lambda t: Call({"pk": _need(t).pk}),
    "GET call-list": lambda t: open_read(),
    "GET call-detail": lambda t: Call({"pk": _call(t).pk}),
    "GET unavailability-list": lambda t: open_read(),
    "POST unavailability-list": lambda t: Call(body={"person": _person(t).pk, **_SENT_AWAY}, status=201),
    "GET unavailability-detail": lambda t: Call({"pk": _away(t).pk}),
    "PATCH unavailability-detail": lambda t: _patch(_away(t), {"last_date": None}),
    "DELETE unavailability-detail": lambda t: Call({"pk": (row := _away(t)).pk}, version=row.version, status=204),
    "POST occurrence-set-people": lambda t: Call({"pk": _occurrence(t).pk}, {"people": [_person(t).pk]}),
    "POST occurrence-set-equipment": lambda t: Call({"pk": _occurrence(t).pk}, {"equipment": _sent_wanted(t)}),
    "GET free-slots": lambda t: Call(query="?duration_minutes=60", public={401}, stranger={403}),
    "POST occurrence-import-calendar": lambda t: Call(
        body={"section": t.root.pk, "calendar": _CALENDAR}, stranger={400}
    ),
    "POST occurrence-take-slot": lambda t: Call({"pk": _occurrence(t).pk}, {"slot": _slot(t)}),
    "GET conflicts-export": lambda t: Call(query=f"?production={t.production.pk}", public={401}, stranger={403}),
    "GET conflicts": lambda t: Call(query=f"?production={t.production.pk}", public={401}, stranger={403}),
    "GET public-calendar": lambda t: open_read(),
}

ANOTHER = {
    "venue-list": _venue,
    "space-list": _space,
    "event-list": _series,
    "occurrence-list": _show,
    "performance-list": _show,
    "run-list": lambda t: _run(t),
    "equipment-list": _equipment,
    "equipment-need-list": _need,
    "call-list": _call,
    "unavailability-list": _away,
}

DRAFTS = {
    "occurrence": lambda t: _occurrence(t, title="A rehearsal nobody knows"),
    "performance": lambda t: _hidden(t, title="A gala nobody knows", category="performance"),
}

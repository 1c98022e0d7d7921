"""Endpoint of free slots: when and where an event fits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from productions.models import Production
from scheduling.api.conflicts import asked_of, insider
from scheduling.api.serializers import InConflict
from scheduling.models import Occurrence, Space, SpaceKind, Venue
from scheduling.rules.performance_dates import Weekday
from scheduling.rules.slot_tokens import OfferedSlot, token_of
from scheduling.rules.spans import LONGEST_MINUTES
from scheduling.rules.wall_time import to_wall, valid_zone
from scheduling.selectors.conflict_report import in_conflict
from scheduling.selectors.conflicts import visible_among
from scheduling.selectors.free_slots import Request as Wanted
from scheduling.selectors.free_slots import Slot, free_slots
from theater_site.api.inputs import VisibleRelated
from theater_site.api.resources import ActingView, actor_of
from theater_site.core import runs
from theater_site.core.errors import Invalid

_SHOWN = 100
_DAYS = 14
_MOST_DAYS = 92
_MOST_SPACES = 200


class FreeSlotsAsked(serializers.Serializer[Any]):
    """What is looked for. Every parameter is optional, but for the duration of a new event."""

    occurrence = VisibleRelated(
        queryset=Occurrence.objects.all(),
        required=False,
        help_text="Id of an event to move: its duration and production are the defaults. Example: 120",
    )
    production = VisibleRelated(
        queryset=Production.objects.all(),
        required=False,
        help_text="Id of the production: slots that overlap its other events come last. Example: 12",
    )
    duration_minutes = serializers.IntegerField(
        required=False, min_value=1, max_value=LONGEST_MINUTES, help_text="How many minutes are needed. Example: 180"
    )
    space = VisibleRelated(queryset=Space.objects.all(), required=False, help_text="Id of the only space. Example: 2")
    venue = VisibleRelated(queryset=Venue.objects.all(), required=False, help_text="Id of the only venue. Example: 1")
    kind = serializers.ChoiceField(
        choices=SpaceKind.choices, required=False, help_text="What the space is for. Example: rehearsal_room"
    )
    capacity = serializers.IntegerField(
        required=False, min_value=1, help_text="How many people must fit in. Example: 20"
    )
    earliest = serializers.TimeField(
        default=dt.time(9), help_text="The earliest start, in wall time at the venue. Example: 18:00"
    )
    latest = serializers.TimeField(
        default=dt.time(22),
        help_text="The latest end, in wall time at the venue; before `earliest` means the next day. Example: 22:00",
    )
    weekdays = serializers.CharField(
        required=False, help_text="The days of the week, by two letters; without it all. Example: TU,TH"
    )

    def get_fields(self) -> dict[str, Any]:
        # `from` is a Python keyword, which a class body cannot use as a name.
        fields = super().get_fields()
        fields["from"] = serializers.DateField(
            required=False, help_text="The first day; without it today. Example: 2027-03-01"
        )
        fields["to"] = serializers.DateField(
            required=False,
            help_text=f"The last day, at most {_MOST_DAYS} days later; without it 14. Example: 2027-03-14",
        )
        return fields

    def validate_weekdays(self, value: str) -> list[Weekday]:
        try:
            return [Weekday(name.strip().upper()) for name in value.split(",")]
        except ValueError:
            raise Invalid(
                f"Name days of the week by two letters, with commas: {','.join(Weekday)}.",
                code="invalid_choice",
                field="weekdays",
            ) from None


class FreeSlot(serializers.Serializer[Any]):
    """A span in which the space is free."""

    space = serializers.IntegerField(help_text="Id of the space. Example: 2")
    space_name = serializers.CharField(help_text="The name of the space. Example: Rehearsal room")
    venue_name = serializers.CharField(help_text="The name of the venue. Example: Lantern Theater")
    date = serializers.CharField(help_text="The day at the venue. Example: 2027-03-04")
    start_time = serializers.TimeField(help_text="The first possible start, in wall time there. Example: 18:00:00")
    timezone = serializers.CharField(help_text="The zone of the wall time. Example: Europe/London")
    starts_at = serializers.DateTimeField(help_text="The same as an instant in UTC. Example: 2027-03-04T18:00:00Z")
    ends_at = serializers.DateTimeField(help_text="When it would end, in UTC. Example: 2027-03-04T21:00:00Z")
    free_until = serializers.DateTimeField(
        help_text="Until when the space is free, in UTC: the event can also start later. Example: 2027-03-04T22:00:00Z"
    )
    overlaps = InConflict(many=True, help_text="Events of the same production elsewhere at that time; best none.")
    token = serializers.CharField(
        help_text="Send it as `slot` to `occurrences/<id>/take-slot/`, within a day. Example: WzIsIjIwMjct...:1tYx:abc"
    )


class FreeSlotsAnswer(serializers.Serializer[Any]):
    """The slots that were found."""

    count = serializers.IntegerField(help_text="How many slots there are. Example: 12")
    slots = FreeSlot(many=True, help_text=f"The first {_SHOWN}, best first.")


class FreeSlotsView(ActingView):
    """When and where an event fits."""

    @extend_schema(operation_id="free_slots", parameters=[FreeSlotsAsked], responses=FreeSlotsAnswer)
    def get(self, request: Request) -> Response:
        """Find free slots for an event, best first.

        A slot is the first start in a span in which the space is free; those that overlap other events of the production come
        last. For those who may view a schedule on some section.
        """
        actor = insider(actor_of(request))
        asked = asked_of(request, actor, FreeSlotsAsked)
        found = free_slots(_wanted(asked), _spaces(asked))
        shown = found[:_SHOWN]
        seen = visible_among(actor, [row.pk for slot in shown for row in slot.overlaps])
        return Response({"count": len(found), "slots": [FreeSlot(_shown(slot, seen)).data for slot in shown]})


def _wanted(asked: dict[str, Any]) -> Wanted:
    occurrence = asked.get("occurrence")
    production = asked.get("production") or (occurrence.production if occurrence is not None else None)
    minutes = asked.get("duration_minutes") or (occurrence.duration_minutes if occurrence is not None else None)
    if minutes is None:
        raise Invalid("Give how many minutes are needed.", code="required", field="duration_minutes")
    first = asked.get("from") or runs.instant().date()
    last = asked.get("to") or min(first, dt.date.max - dt.timedelta(days=_DAYS)) + dt.timedelta(days=_DAYS)
    if not 0 <= (last - first).days <= _MOST_DAYS:
        message = f"Give a range of at most {_MOST_DAYS} days, and the first day first."
        raise Invalid(message, code="range_too_long" if last > first else "ends_before_start", field="to")
    return Wanted(
        minutes=minutes,
        first=first,
        last=last,
        earliest=asked["earliest"],
        latest=asked["latest"],
        weekdays=asked.get("weekdays") or list(Weekday),
        production_id=production.pk if production is not None else None,
        occurrence_id=occurrence.pk if occurrence is not None else None,
    )


def _spaces(asked: dict[str, Any]) -> list[Space]:
    """The spaces that fit, the smallest first: a rehearsal of five leaves the large hall to others."""
    spaces = Space.objects.select_related("venue")
    if "space" in asked:
        spaces = spaces.filter(pk=asked["space"].pk)
    if "venue" in asked:
        spaces = spaces.filter(venue=asked["venue"])
    if "kind" in asked:
        spaces = spaces.filter(kind=asked["kind"])
    if "capacity" in asked:
        spaces = spaces.filter(capacity__gte=asked["capacity"])
    return list(spaces.order_by("capacity", "pk")[:_MOST_SPACES])


def _shown(slot: Slot, seen: frozenset[int]) -> dict[str, Any]:
    zone = slot.space.venue.timezone
    wall = to_wall(slot.starts_at, valid_zone(zone))
    minutes = int((slot.ends_at - slot.starts_at).total_seconds() // 60)
    offered = OfferedSlot(slot.space.pk, wall.date().isoformat(), wall.time(), minutes, zone)
    return {
        "space": slot.space.pk,
        "space_name": slot.space.name,
        "venue_name": slot.space.venue.name,
        "date": offered.date,
        "start_time": offered.start_time,
        "timezone": zone,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "free_until": slot.free_until,
        "overlaps": [in_conflict(row, seen) for row in slot.overlaps],
        "token": token_of(offered),
    }

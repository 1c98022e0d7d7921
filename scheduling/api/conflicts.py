"""Endpoint of conflicts: is a space free, and which events of the calendar conflict."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from scheduling.api import serializers
from scheduling.models import Occurrence
from scheduling.rules.spans import LONGEST_DAYS, span_of
from scheduling.selectors.conflict_report import COLUMNS, NOTHING, conflict_report, in_conflict, table_row
from scheduling.selectors.conflicts import Wanted, clashes, visible_among
from scheduling.selectors.occurrences import for_insiders, starting_from, up_to
from theater_site.api.csv_files import csv_file
from theater_site.api.resources import ActingView, actor_of
from theater_site.core import runs
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.errors import Invalid, NotAllowed, NotSignedIn

_SHOWN = 200
_OF_SPACE = ["spaces"]
# Equipment is not among conflicts, since the database keeps it within its stock.
_OF_CALENDAR = ["spaces", "equipment", "productions", "calls", "unavailabilities"]
_NEVER = ["travel", "rest"]
_AT_MOST = 366


class ConflictsView(ActingView):
    """Whether a space is free, or which events of the calendar conflict."""

    @extend_schema(
        operation_id="conflicts",
        parameters=[serializers.ConflictsAsked],
        responses=serializers.ConflictsAnswer,
    )
    def get(self, request: Request) -> Response:
        """Find conflicts of a space, or of events in the calendar.

        Is a space free? Send `space` with `starts_at` and `ends_at` (instants), or with `date`, `start_time` and
        `duration_minutes` (wall time at the venue). Which events conflict? Send `production` or `season`, or a range of days
        `from`, `to` of at most a year (by default the coming year): also of people who are called to two events at once, or
        while they are unavailable. For those who may view a schedule on some section;
        events that you may not see are returned without their names.
        """
        actor = insider(actor_of(request))
        asked = asked_of(request, actor, serializers.ConflictsAsked)
        if "space" in asked:
            answer = _is_free(actor, asked)
        else:
            answer = _colliding(actor, asked)
        checked = _OF_SPACE if "space" in asked else _OF_CALENDAR
        shown = {
            "free": not answer,
            "count": len(answer),
            "conflicts": answer[:_SHOWN],
            "checked": checked,
            "not_checked": [name for name in (*_OF_CALENDAR, *_NEVER) if name not in checked],
        }
        return Response(serializers.ConflictsAnswer(shown).data)


class ConflictsExportView(ActingView):
    """The conflicts as a file."""

    @extend_schema(
        operation_id="conflicts_export",
        parameters=[serializers.ConflictsAsked],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export all conflicts of a production, a season, or a range of days as CSV.

        Like `GET conflicts/`, without its limit of 200. `changed_since` with the instant of the last report gives the new ones.
        """
        actor = insider(actor_of(request))
        asked = asked_of(request, actor, serializers.ConflictsAsked)
        return csv_file("conflicts", COLUMNS, map(table_row, _colliding(actor, asked)))


def insider(actor: Actor) -> Actor:
    """The actor, if they may view the schedule of some section. Raises NotSignedIn or NotAllowed."""
    if actor.kind is ActorKind.PUBLIC:
        raise NotSignedIn("Sign in to see bookings.")
    if not actor.sections_held(Occurrence.view_permission, runs.instant()):
        raise NotAllowed(
            f"You may not see bookings; this needs the permission {Occurrence.view_permission} on some section."
        )
    return actor


def asked_of(request: Request, actor: Actor, kind: type[Serializer[Any]]) -> dict[str, Any]:
    """The parameters of the request, read by a serializer. Raises Invalid, also for parameters that it does not have."""
    read = kind(data=request.query_params, context={"actor": actor})
    known = {*read.fields, "format"}
    for name in request.query_params:
        if name not in known:
            raise Invalid(
                f"Unknown parameter. Parameters: {', '.join(sorted(read.fields))}.",
                code="unknown_filter",
                field=name,
            )
    read.is_valid(raise_exception=True)
    asked: dict[str, Any] = read.validated_data
    return asked


def _is_free(actor: Actor, asked: dict[str, Any]) -> list[dict[str, Any]]:
    space = asked["space"]
    starts_at, ends_at = asked.get("starts_at"), asked.get("ends_at")
    if starts_at is None and {"date", "start_time", "duration_minutes"} <= asked.keys():
        if not space.venue.timezone:
            raise Invalid(
                "The venue's time zone is not known. Send starts_at and ends_at.",
                code="timezone_needed",
                field="date",
            )
        span = span_of(asked["date"].isoformat(), asked["start_time"], asked["duration_minutes"], space.venue.timezone)
        starts_at, ends_at = span.starts_at, span.ends_at
    if starts_at is None or ends_at is None:
        raise Invalid(
            "For a space give the span: starts_at and ends_at, or date, start_time and duration_minutes.",
            code="required",
            field="starts_at",
        )
    if ends_at <= starts_at:
        raise Invalid("The end must be after the start.", code="ends_before_start", field="ends_at")
    if ends_at - starts_at > dt.timedelta(days=LONGEST_DAYS):
        raise Invalid(
            f"A booking has at most {LONGEST_DAYS} days. Choose an earlier end.",
            code="booking_too_long",
            field="ends_at",
        )
    found = clashes([Wanted(space.pk, starts_at, ends_at)], besides=[asked["besides"]] if "besides" in asked else [])
    seen = visible_among(actor, [clash.booking.occurrence_id for clash in found])
    return [
        {
            **NOTHING,
            "kind": "space",
            "severity": "hard",
            "space": space.pk,
            "starts_at": max(starts_at, clash.booking.starts_at),
            "ends_at": min(ends_at, clash.booking.ends_at),
            "since": clash.booking.created_at,
            "occurrences": [in_conflict(clash.booking.occurrence, seen)],
        }
        for clash in found
    ]


def _colliding(actor: Actor, asked: dict[str, Any]) -> list[dict[str, Any]]:
    among = for_insiders(actor)
    if "production" in asked:
        among = among.filter(production=asked["production"])
    if "season" in asked:
        among = among.filter(production__season=asked["season"])
    first, last = asked.get("from"), asked.get("to")
    if not {"production", "season"} & asked.keys():
        # Without a limit, a query over a theater's whole history would take too long.
        first = first or (_later(last, -_AT_MOST) if last else runs.instant().date())
        last = last or _later(first, _AT_MOST)
        if (last - first).days > _AT_MOST:
            raise Invalid(
                "Give a range of at most a year, or a production or season.", code="range_too_long", field="to"
            )
    if first is not None:
        among = starting_from(among, first)
    if last is not None:
        among = up_to(among, last)
    return conflict_report(actor, among, changed_since=asked.get("changed_since"))


def _later(day: dt.date, days: int) -> dt.date:
    """Return the day `days` later, limited to the dates that exist."""
    return dt.date.fromordinal(min(max(day.toordinal() + days, 1), dt.date.max.toordinal()))

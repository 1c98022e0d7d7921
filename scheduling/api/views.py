"""Endpoints of venues, spaces, event series and occurrences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as drf
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import area
from scheduling.api import serializers
from scheduling.models import Category, EventSeries, Occurrence, Run, Space, Venue
from scheduling.rules.wall_time import valid_zone
from scheduling.selectors.conflict_report import in_conflict
from scheduling.selectors.conflicts import in_the_way, visible_among
from scheduling.selectors.occurrences import canceled_to_come, for_insiders, starting_from, up_to
from scheduling.services import calendar_imports, performance_schedules
from scheduling.services.calls import set_people
from scheduling.services.closures import close_on_holidays, close_venue
from scheduling.services.equipment import set_equipment
from scheduling.services.occurrences import (
    cancel_occurrence,
    delete_occurrence,
    publish_occurrence,
    reinstate_occurrence,
    reinstate_occurrences,
    schedule_occurrence,
    schedule_standalone,
    take_slot,
    unpublish_occurrence,
    update_occurrence,
)
from scheduling.services.runs import add_run, remove_run, update_run
from scheduling.services.series.edits import add_date, change_rule, skip_date, split_series, unskip_date
from scheduling.services.series.planning import cancel_series, move_series, schedule_series, schedule_standalone_series
from scheduling.services.series.undo import undo_series
from scheduling.services.space_parts import set_parts
from scheduling.services.venues import create_space, create_venue, update_space, update_venue
from theater_site.api.inputs import body_of
from theater_site.api.resources import Readable, Resource, creates, deletes, documented, internally, updates, verb
from theater_site.core import runs
from theater_site.core.actions import Action
from theater_site.core.text import fold

_REINSTATED = body_of(reinstate_occurrences, model=Occurrence)
_CALENDAR = body_of(calendar_imports.import_calendar)
_PERFORMANCES = body_of(performance_schedules.schedule_performances, model=Occurrence)


def _standalone(
    action: Action[Any, Any], *, model: type[models.Model], answers: type[drf.BaseSerializer[Any]]
) -> Callable[..., Response]:
    """Return `POST <list>/standalone/`, which creates an event without a production."""
    body = body_of(action, model=model)

    def standalone(self: Resource, request: Request) -> Response:
        return self.perform(request, action, lambda made: self.shown(made, answers, 201), body=body)

    # Routed first: `drf_action` would overwrite the schema.
    routed = drf_action(detail=False, methods=["post"], url_path="standalone", url_name="standalone")(standalone)
    return documented(routed, action, body, {201: answers})


class VenueFilter(filters.FilterSet):
    name = filters.CharFilter(
        method="by_name", label="Part of the name or place, whatever its case and accents. Example: lantern"
    )

    class Meta:
        model = Venue
        fields = ("city", "country")

    def by_name(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(folded__contains=fold(value))


class VenueViewSet(Readable):
    """Venues, by name."""

    queryset = Venue.objects.all()
    serializer_class = serializers.VenuePublic
    filterset_class = VenueFilter
    ordering = ("name", "pk")
    create = creates(
        create_venue, model=Venue, answers=serializers.VenueInternal, given=("section", lambda: area("Venues"))
    )
    partial_update = updates(update_venue, model=Venue, answers=serializers.VenueInternal)
    close = verb(close_venue, answers=serializers.ClosuresRead)
    close_on_holidays = verb(close_on_holidays, answers=serializers.ClosuresRead)
    internal = internally(serializers.VenueInternal)


class SpaceViewSet(Readable):
    """The rooms that can be booked, by name."""

    queryset = Space.objects.select_related("venue").prefetch_related("parts")
    serializer_class = serializers.SpacePublic
    filterset_fields = ("venue", "kind")
    ordering = ("name", "pk")
    create = creates(create_space, model=Space, answers=serializers.SpaceInternal)
    partial_update = updates(update_space, model=Space, answers=serializers.SpaceInternal)
    set_parts = verb(set_parts, answers=serializers.SpaceInternal)
    internal = internally(serializers.SpaceInternal)


class EventViewSet(Readable):
    """Event series, for those who may view the schedule; their occurrences are at `occurrences/`."""

    nouns = ("repeated event", "repeated events")
    queryset = EventSeries.objects.all()
    serializer_class = serializers.SeriesInternal
    filterset_fields = ("production", "space", "category")
    ordering = ("-first_date", "-pk")
    create = creates(schedule_series, model=EventSeries, answers=serializers.SeriesInternal)
    standalone = _standalone(schedule_standalone_series, model=EventSeries, answers=serializers.SeriesInternal)
    move = verb(move_series, answers=serializers.SeriesInternal, model=EventSeries)
    change_rule = verb(change_rule, answers=serializers.SeriesInternal, model=EventSeries)
    split = verb(split_series, answers=serializers.SeriesInternal, model=EventSeries)
    skip = verb(skip_date, answers=serializers.SeriesInternal)
    unskip = verb(unskip_date, answers=serializers.SeriesInternal)
    add_date = verb(add_date, answers=serializers.SeriesInternal)
    undo = verb(undo_series, answers=serializers.SeriesInternal)
    cancel = verb(cancel_series, answers=serializers.SeriesInternal)


class OccurrenceFilter(filters.FilterSet):
    class Meta:
        model = Occurrence
        fields = ("production", "venue", "space", "category", "series", "status")

    search = filters.CharFilter(
        method="by_words",
        label="Every word is part of the title or of the production's, whatever its case and accents. Example: sea gull",
    )

    timezone = filters.CharFilter(
        method="in_zone",
        label="The reader's IANA zone, in which `reader_start` and `reader_end` are given. Example: America/New_York",
    )

    @classmethod
    def get_filters(cls) -> Any:
        # `from` is a Python keyword, which a class body cannot use as a name.
        known = super().get_filters()
        known["from"] = filters.DateFilter(
            method="since", label="The first day, as the clocks at the venue show it. Example: 2027-03-01"
        )
        known["to"] = filters.DateFilter(
            method="until", label="The last day, as the clocks at the venue show it. Example: 2027-03-31"
        )
        return known

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in fold(value).split()[:8]:
            rows = rows.filter(Q(title_folded__contains=word) | Q(production__title_folded__contains=word))
        return rows

    def in_zone(self, rows: Any, name: str, value: str) -> Any:
        """All rows: the serializer reads the zone."""
        valid_zone(value)
        return rows

    def since(self, rows: Any, name: str, value: dt.date) -> Any:
        return starting_from(rows, value)

    def until(self, rows: Any, name: str, value: dt.date) -> Any:
        return up_to(rows, value)


class OccurrenceViewSet(Readable):
    """Occurrences, in order of time: the public ones, and all for those who may view the schedule."""

    nouns = ("event", "events")
    queryset = Occurrence.objects.select_related("production", "venue", "space")
    serializer_class = serializers.OccurrencePublic
    filterset_class = OccurrenceFilter
    ordering = ("sort_at", "pk")
    orderings = {"latest": ("-sort_at", "-pk")}
    create = creates(schedule_occurrence, model=Occurrence, answers=serializers.OccurrenceInternal)
    standalone = _standalone(schedule_standalone, model=Occurrence, answers=serializers.OccurrenceInternal)
    partial_update = updates(update_occurrence, model=Occurrence, answers=serializers.OccurrenceInternal)
    internal = internally(serializers.OccurrenceInternal)
    destroy = deletes(delete_occurrence)
    take_slot = verb(take_slot, answers=serializers.OccurrenceInternal)
    set_people = verb(set_people, answers=serializers.OccurrenceInternal)
    set_equipment = verb(set_equipment, answers=serializers.OccurrenceInternal)
    cancel = verb(cancel_occurrence, answers=serializers.OccurrenceInternal)
    reinstate = verb(reinstate_occurrence, answers=serializers.OccurrenceInternal)
    publish = verb(publish_occurrence, answers=serializers.OccurrenceInternal)
    unpublish = verb(unpublish_occurrence, answers=serializers.OccurrenceInternal)

    @extend_schema(responses=serializers.OccurrenceInternal(many=True))
    @drf_action(detail=False, methods=["get"], url_path="internal", url_name="internals")
    def internals(self, request: Request) -> Response:
        """List events with their internal fields, in the sections whose schedule you may view."""
        rows = for_insiders(self.actor).select_related("production", "venue", "space")
        return self.listed(rows, serializers.OccurrenceInternal)

    @extend_schema(responses=serializers.OccurrenceCanceled(many=True))
    @drf_action(detail=False, methods=["get"], url_path="canceled", url_name="canceled")
    def canceled(self, request: Request) -> Response:
        """List canceled events that are still to come, and what prevents reinstating each.

        In the sections whose schedule you may view; of one production with `?production=`.
        """
        rows = canceled_to_come(runs.instant()) & for_insiders(self.actor)
        page = self.paginate_queryset(self.filter_queryset(rows.select_related("production", "venue", "space"))) or []
        taken = in_the_way(page)
        seen = visible_among(self.actor, [other.pk for others in taken.values() for other in others])
        for row in page:
            row.in_the_way = [in_conflict(other, seen) for other in taken[row.pk]]
        shown = serializers.OccurrenceCanceled(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    @drf_action(detail=False, methods=["post"], url_path="reinstate-several", url_name="reinstate-several")
    def reinstate_several(self, request: Request) -> Response:
        return self.perform(
            request,
            reinstate_occurrences,
            lambda rows: Response(serializers.OccurrenceInternal(rows, many=True).data),
            body=_REINSTATED,
        )

    @drf_action(detail=False, methods=["post"], url_path="import-calendar", url_name="import-calendar")
    def import_calendar(self, request: Request) -> Response:
        return self.perform(
            request,
            calendar_imports.import_calendar,
            lambda done: Response(serializers.CalendarImportRead(done).data),
            body=_CALENDAR,
        )

    documented(import_calendar, calendar_imports.import_calendar, _CALENDAR, {200: serializers.CalendarImportRead})

    @drf_action(detail=False, methods=["post"], url_path="schedule-performances", url_name="schedule-performances")
    def schedule_performances(self, request: Request) -> Response:
        return self.perform(
            request,
            performance_schedules.schedule_performances,
            lambda rows: Response(serializers.OccurrenceInternal(rows, many=True).data, status=201),
            body=_PERFORMANCES,
        )

    documented(
        schedule_performances,
        performance_schedules.schedule_performances,
        _PERFORMANCES,
        {201: serializers.OccurrenceInternal(many=True)},
    )
    documented(reinstate_several, reinstate_occurrences, _REINSTATED, {200: serializers.OccurrenceInternal(many=True)})


class PerformanceViewSet(Readable):
    """Performances, in order of time: the public ones, and all for those who may view the schedule."""

    nouns = ("performance", "performances")
    queryset = Occurrence.objects.filter(category=Category.PERFORMANCE).select_related("production", "venue", "space")
    serializer_class = serializers.OccurrencePublic
    filterset_class = OccurrenceFilter
    ordering = ("sort_at", "pk")
    orderings = {"latest": ("-sort_at", "-pk")}


class RunViewSet(Readable):
    """Runs of productions, latest first; or (`position`) in the order of a tour's legs."""

    queryset = Run.objects.select_related("production", "venue")
    serializer_class = serializers.RunPublic
    filterset_fields = ("production", "venue", "kind")
    ordering = ("-starts_on", "-pk")
    orderings = {"position": ("position", "starts_on", "pk")}
    create = creates(add_run, model=Run, answers=serializers.RunPublic)
    partial_update = updates(update_run, model=Run, answers=serializers.RunPublic)
    destroy = deletes(remove_run)

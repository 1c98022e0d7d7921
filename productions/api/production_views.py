"""Endpoints of productions and their licenses."""

from __future__ import annotations

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import organization
from productions.api import serializers
from productions.models import License, Production
from productions.rules import life
from productions.rules.production_table import COLUMNS
from productions.selectors.addresses import production_at
from productions.selectors.anniversaries import named, on_this_day
from productions.selectors.checklists import checklist_of
from productions.selectors.production_table import rows_of
from productions.services.copying import copy_production
from productions.services.licenses import add_license, remove_license, update_license
from productions.services.life import advance_production, archive_production, cancel_production, reinstate_production
from productions.services.moving import move_production
from productions.services.production_table import import_productions
from productions.services.productions import (
    create_production,
    delete_production,
    publish_production,
    unpublish_production,
    update_production,
)
from productions.signals import performances_counted
from theater_site.api.csv_files import BytesParser, CSVParser, rows_sent
from theater_site.api.resources import Readable, creates, deletes, internally, updates, verb
from theater_site.core.actors import ActorKind
from theater_site.core.errors import Invalid, NotSignedIn
from theater_site.core.tables import csv_bytes
from theater_site.core.text import fold


class ProductionFilter(filters.FilterSet):
    title = filters.CharFilter(
        method="by_title", label="Part of the title or subtitle, whatever its case and accents. Example: gull"
    )

    search = filters.CharFilter(
        method="by_words",
        label="Every word is part of the title or subtitle, whatever its case and accents. Example: sea gull",
    )

    class Meta:
        model = Production
        fields = ("season", "status", "slug")

    def by_title(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(title_folded__contains=fold(value))

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in fold(value).split()[:8]:
            rows = rows.filter(title_folded__contains=word)
        return rows


class ProductionViewSet(Readable):
    """Productions, latest opening first: the public ones, and drafts for those who may view them."""

    queryset = Production.objects.select_related("season")
    serializer_class = serializers.ProductionPublic
    filterset_class = ProductionFilter
    ordering = ("-opens_on", "-pk")
    orderings = {"title": ("title", "pk")}
    create = creates(create_production, model=Production, answers=serializers.ProductionInternal)
    partial_update = updates(update_production, model=Production, answers=serializers.ProductionInternal)
    move_season = verb(move_production, answers=serializers.ProductionInternal)
    destroy = deletes(delete_production)
    internal = internally(serializers.ProductionInternal)
    publish = verb(publish_production, answers=serializers.ProductionInternal)
    unpublish = verb(unpublish_production, answers=serializers.ProductionInternal)
    advance = verb(advance_production, answers=serializers.ProductionInternal)
    archive = verb(archive_production, answers=serializers.ProductionInternal)
    cancel = verb(cancel_production, answers=serializers.ProductionInternal)
    reinstate = verb(reinstate_production, answers=serializers.ProductionInternal)
    copy = verb(copy_production, answers=serializers.ProductionInternal)

    @extend_schema(
        responses={200: serializers.ProductionPublic, 308: serializers.NewAddress},
        parameters=[
            OpenApiParameter(
                "slug",
                str,
                OpenApiParameter.PATH,
                description="The slug that the production has, or had before. Example: the-seagull",
            )
        ],
    )
    @drf_action(detail=False, methods=["get"], url_path=r"by-slug/(?P<slug>[-a-zA-Z0-9_]{1,120})", url_name="by-slug")
    def by_slug(self, request: Request, slug: str) -> Response:
        """Get a production by its slug. A former slug answers with a permanent redirect (308) to the present one."""
        found = production_at(slug, self.actor)
        if found is None:
            raise Http404
        if found.slug == slug:
            return self.shown(found)
        here = serializers.address_of(found.slug)
        return Response({"slug": found.slug, "url": here}, status=308, headers={"Location": here})

    @extend_schema(responses={200: serializers.Checklist})
    @drf_action(detail=True, methods=["get"], url_path="checklist", url_name="checklist")
    def checklist(self, request: Request, pk: str) -> Response:
        """Get the checklist of a production for each step ahead, from every app, for those who work on it. Before
        `archived`, and once it is archived, the lines report how complete its record is."""
        production = self.found_by_insider()
        lines, following = checklist_of(production), life.next_step(production.status)
        told = {
            "status": production.status,
            "next": following,
            "ready": following is not None and not any(line.step == following and line.missing for line in lines),
            "lines": [line.as_data() for line in lines],
        }
        return Response(told)

    @extend_schema(
        responses={200: serializers.OnThisDay},
        parameters=[
            OpenApiParameter("month", int, required=True, description="The month, 1 to 12. Example: 11"),
            OpenApiParameter("day", int, required=True, description="The day of the month, 1 to 31. Example: 25"),
        ],
        filters=False,
    )
    @drf_action(detail=False, methods=["get"], url_path="on-this-day", url_name="on-this-day", pagination_class=None)
    def on_this_day(self, request: Request) -> Response:
        """List the openings, performances and closings on a day of any year, the oldest first: the public ones, and
        drafts for those who may view them."""
        month, day = (_number(request, name) for name in ("month", "day"))
        told = {"month": month, "day": day, "results": on_this_day(self.actor, month, day)}
        return Response(serializers.OnThisDay(told).data)

    @extend_schema(responses={200: serializers.MostPlayed(many=True)})
    @drf_action(detail=False, methods=["get"], url_path="most-played", url_name="most-played-list")
    def most_played(self, request: Request) -> Response:
        """List productions by the number of their performances, the most played first."""
        rows = named(self.get_queryset())
        counted = performances_counted.ask(productions=rows, actor=self.actor)
        self.ordering = ("-performances", "-pk")
        return self.listed(rows.none() if counted is None else counted, serializers.MostPlayed)

    @extend_schema(
        request={"text/csv": OpenApiTypes.STR, "application/octet-stream": OpenApiTypes.BINARY},
        responses={200: serializers.TableTaken},
    )
    @drf_action(
        detail=False, methods=["post"], url_path="import", url_name="import", parser_classes=[CSVParser, BytesParser]
    )
    def take_in(self, request: Request) -> Response:
        """Import a table of productions in the format of `export`: the CSV is the body. Imports every row, or none; with
        `preview` it returns all changes. An error lists each bad line and column in `data.faults`. Warnings are not
        waived here; waive them for one production at a time, or use `manage.py import_productions`."""
        given = {"organization": organization()}
        self.refuse_strangers(import_productions, self.actor, given)
        rows = rows_sent(request.data, COLUMNS)
        return self.perform(
            request,
            import_productions,
            lambda taken: Response(serializers.TableTaken(taken).data),
            given={**given, "rows": rows},
        )

    take_in.action_run = import_productions  # type: ignore[attr-defined]

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @drf_action(detail=False, methods=["get"], url_path="export", url_name="export", pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Export the productions that you may see as CSV: filtered like the list, in UTF-8, in the format of
        `manage.py import_productions`. Requires sign-in."""
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to export productions.")
        rows = rows_of(self.filter_queryset(self.get_queryset()))
        answer = StreamingHttpResponse(csv_bytes(COLUMNS, rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="productions.csv"'
        return answer


class LicenseViewSet(Readable):
    """Licenses of productions, for those who may view them."""

    queryset = License.objects.select_related("production")
    serializer_class = serializers.LicenseRead
    filterset_fields = ("production",)
    ordering = ("production_id", "pk")
    create = creates(add_license, model=License, answers=serializers.LicenseRead)
    partial_update = updates(update_license, model=License, answers=serializers.LicenseRead)
    destroy = deletes(remove_license)


def _number(request: Request, name: str) -> int:
    raw = request.query_params.get(name, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 2):
        raise Invalid("Give the month and the day as numbers: ?month=11&day=25.", code="bad_number", field=name)
    return int(raw)

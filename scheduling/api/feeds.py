"""Endpoints of calendar feeds."""

from __future__ import annotations

import hashlib
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.models import Category
from scheduling.selectors.feeds import public_calendar
from theater_site.api.resources import ActingView
from theater_site.core.errors import Invalid


class CalendarRenderer(BaseRenderer):
    """Renders iCalendar unchanged, and a problem as JSON."""

    media_type = "text/calendar"
    format = "ics"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else JSONRenderer().render(data)


class _WhateverIsAccepted(BaseContentNegotiation):
    """Ignores Accept: calendar programs send any header, and only one format exists."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class PublicCalendarView(ActingView):
    """The public calendar as iCalendar."""

    renderer_classes = (CalendarRenderer,)
    content_negotiation_class = _WhateverIsAccepted

    @extend_schema(
        operation_id="public_calendar",
        parameters=[
            OpenApiParameter("production", int, description="Only events of this production (id). Example: 12"),
            OpenApiParameter("venue", int, description="Only events at this venue (id). Example: 3"),
            OpenApiParameter(
                "category", str, enum=Category.values, description="Only events of this category. Example: performance"
            ),
        ],
        responses={
            (200, "text/calendar"): OpenApiTypes.STR,
            304: OpenApiResponse(description="The calendar has not changed since the ETag that was sent."),
        },
    )
    def get(self, request: Request) -> Response:
        """Get the public calendar as iCalendar, from 90 days back to two years ahead.

        Canceled events stay in it, marked as such. Subscribe to this address: a rescheduled event keeps its UID, and its
        SEQUENCE increases.
        """
        content = public_calendar(**_asked(request))
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
        if etag in request.headers.get("If-None-Match", ""):
            return Response(status=304, headers=headers)
        return Response(content, headers=headers)


def _asked(request: Request) -> dict[str, int | str]:
    """Return the filters of a feed. Unknown ones are an error, since a program would silently get the whole calendar."""
    asked: dict[str, int | str] = {}
    for name in request.query_params:
        value = str(request.query_params[name])
        if name in ("production", "venue"):
            if not (value.isascii() and value.isdigit() and len(value) < 19):
                raise Invalid(f"{value[:40]!r} is not an id.", code="not_an_id", field=name)
            asked[name] = int(value)
        elif name == "category":
            if value not in Category.values:
                known = ", ".join(Category.values)
                raise Invalid(
                    f"{value[:40]!r} is not a category. Choose one of: {known}.", code="invalid_choice", field=name
                )
            asked[name] = value
        elif name != "submission":
            raise Invalid("Unknown filter. Filters: category, production, venue.", code="unknown_filter", field=name)
    return asked

"""The addresses of the box office: what hangs on a performance, orders, promotions, seating charts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import models
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from scheduling.models import Category, Occurrence
from theater_site.api.inputs import body_of
from theater_site.api.resources import Readable, Resource, creates, documented, internally, verb
from theater_site.core import runs
from theater_site.core.actions import Action
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotAllowed, NotFound, NotSignedIn
from ticketing.api import serializers
from ticketing.models import Order, Promotion, Sale, SeatingChart, WaitingListEntry
from ticketing.selectors.availability import seat_list
from ticketing.services.admissions import admit
from ticketing.services.charts import create_chart
from ticketing.services.holds import block_seats, free_seats, release_hold, take_hold
from ticketing.services.orders import cancel_order, pay_order, place_order
from ticketing.services.promotions import create_promotion, end_promotion
from ticketing.services.sales import change_sale, open_sale
from ticketing.services.waiting_list import join_waiting_list


def _posts(
    action: Action[Any, Any],
    path: str,
    answers: type[drf.BaseSerializer[Any]] | None,
    status: int = 201,
    model: type[models.Model] | None = None,
) -> Callable[..., Response]:
    """POST `<performance>/<path>/`: runs `action` with the performance of the address, answering `status`."""
    of_performance = "performance" in action.kinds
    body = body_of(action, leave_out=("performance",), model=model, partial=status == 200)

    def run(self: Resource, request: Request, pk: str, **_: Any) -> Response:
        performance = self.found()

        def answer(made: Any) -> Response:
            return Response(status=204) if answers is None else Response(answers(made).data, status=status)

        given = {"performance": performance} if of_performance else {}
        return self.perform(request, action, answer, subject=performance, given=given, body=body)

    # The router asks that an attribute of a view be named like its function.
    run.__name__ = action.__name__  # type: ignore[attr-defined]
    name = path.replace("/", "-")
    # Routed first: `drf_action` would overwrite what the schema is told.
    routed = drf_action(detail=True, methods=["post"], url_path=path, url_name=name)(run)
    done = {204: OpenApiResponse(description="Done.")} if answers is None else {status: answers}
    return documented(routed, action, body, done)


class BoxOfficeViewSet(Resource):
    """What can be bought at a performance, and who comes."""

    queryset = Occurrence.objects.filter(category=Category.PERFORMANCE)
    serializer_class = serializers.SeatListRead
    # A ticket's code, a hold's token.
    guessed = frozenset({"no_such_ticket", "hold_gone"})

    open_sale = _posts(open_sale, "open-sale", serializers.SaleRead, model=Sale)
    change_sale = _posts(change_sale, "change-sale", serializers.SaleRead, 200, model=Sale)
    block_seats = _posts(block_seats, "block-seats", None, 204)
    free_seats = _posts(free_seats, "free-seats", None, 204)
    take_hold = _posts(take_hold, "holds", serializers.HoldRead)
    # Not DELETE holds/<token>/: addresses are logged, and the token is a secret.
    release_hold = _posts(release_hold, "holds/release", None, 204)
    admit = _posts(admit, "admissions", serializers.AdmissionRead)
    join_waiting_list = _posts(join_waiting_list, "waiting-list", serializers.WaitingJoined)

    @extend_schema(
        responses={
            200: serializers.SeatListRead,
            304: OpenApiResponse(description="As the ETag says, nothing changed."),
        },
        parameters=[
            OpenApiParameter(
                "If-None-Match",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="The ETag of the answer that you have: 304 as long as nothing changed.",
            )
        ],
    )
    @drf_action(detail=True, methods=["get"], url_path="seats", url_name="seats")
    def seats(self, request: Request, pk: str) -> HttpResponseBase:
        """Get the prices, the seats with their state, and the areas with what is left."""
        performance_id = self.get_queryset().filter(pk=pk).values_list("pk", flat=True).first()
        if performance_id is None:
            raise NotFound("There is no such performance, or it is not for you to see.")
        # Past the serializer: a hall of a thousand seats is asked for again and again while people choose.
        content = orjson.dumps(seat_list(performance_id, runs.instant()))
        tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        known = [seen.strip().removeprefix("W/") for seen in request.headers.get("If-None-Match", "").split(",")]
        response = HttpResponseNotModified() if tag in known else HttpResponse(content, content_type="application/json")
        response["ETag"] = tag
        response["Cache-Control"] = "no-cache"
        return response

    @extend_schema(responses=serializers.WaitingInternal(many=True))
    @join_waiting_list.mapping.get  # type: ignore[attr-defined]
    def waiting(self, request: Request, pk: str) -> Response:
        """List who waits, first come first, for the box office."""
        performance = self.found()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see the waiting list.")
        if not self.actor.holds("view_tickets", performance, runs.instant()):
            raise NotAllowed("You may not see the waiting list; it needs the right view_tickets.")
        rows = WaitingListEntry.objects.filter(performance=performance)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.WaitingInternal(page, many=True).data)


class OrderViewSet(Readable):
    """Orders: all of a section for its box office, latest first; a single one for whoever has its
    reference."""

    queryset = Order.objects.all()
    serializer_class = serializers.OrderPublic
    lookup_value_regex = r"[A-Za-z0-9_-]{24}"
    path_parameters = {"id": "The secret reference of the order. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s"}
    # An order's reference, a hold's token.
    guessed = frozenset({"no_such_order", "hold_gone"})
    ordering = ("-pk",)
    filterset_fields = ("state",)
    _place = body_of(place_order)

    def get_queryset(self) -> Any:
        rows = Order.objects.prefetch_related("lines__ticket")
        if self.action in ("list", "internal"):
            rows = rows.prefetch_related("payments")
        if self.action == "list" and not getattr(self, "swagger_fake_view", False):
            if self.actor.kind is ActorKind.PUBLIC:
                raise NotSignedIn("Sign in to see the orders; a single one is read by its reference.")
            return rows.visible_to(self.actor)
        return rows

    @extend_schema(responses=serializers.OrderInternal(many=True))
    def list(self, request: Request) -> Response:
        """List the orders of the sections whose box office you may see."""
        return self.listed(self.get_queryset(), serializers.OrderInternal)

    def found(self, rows: Any = None) -> Order:
        # The reference is the secret: whoever has it may read. What they may do is asked by the actions.
        rows = self.get_queryset() if rows is None else rows
        order = rows.filter(reference=self.kwargs["pk"]).first()
        if order is None:
            raise NotFound("There is no order with this reference.", code="no_such_order")
        return order

    @extend_schema(request=_place, responses={201: serializers.OrderPublic})
    def create(self, request: Request) -> Response:
        def answer(order: Order) -> Response:
            response = Response(serializers.OrderPublic(order).data, status=201)
            response["Location"] = reverse("order-detail", args=[order.reference], request=request)
            return response

        return self.perform(request, place_order, answer, body=self._place)

    create.action_run = place_order  # type: ignore[attr-defined]
    pay = verb(pay_order, answers=serializers.OrderInternal)
    cancel = verb(cancel_order, answers=serializers.OrderInternal)
    internal = internally(serializers.OrderInternal)


class PromotionViewSet(Readable):
    """Promotions, latest first, for those who may see them."""

    queryset = Promotion.objects.all()
    serializer_class = serializers.PromotionRead
    ordering = ("-pk",)
    filterset_fields = ("kind", "code", "section")
    create = creates(create_promotion, model=Promotion, answers=serializers.PromotionRead)
    end = verb(end_promotion, answers=serializers.PromotionRead)


class SeatingChartViewSet(Readable):
    """The seating charts of all spaces."""

    queryset = SeatingChart.objects.all()
    serializer_class = serializers.SeatingChartRead
    ordering = ("pk",)
    filterset_fields = ("space",)
    create = creates(create_chart, model=SeatingChart, answers=serializers.SeatingChartRead)

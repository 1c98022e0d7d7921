"""The views of the box office: sales and holds of performances, orders, promotions, seating charts, waiting lists."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import models
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.decorators import action as drf_action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from scheduling.models import Category, Occurrence
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, Readable, Resource, actor_of, creates, documented, verb
from theater_site.core import runs
from theater_site.core.actions import Action
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotAllowed, NotFound, NotSignedIn
from ticketing.api import serializers
from ticketing.api.renderers import SvgRenderer
from ticketing.models import Order, Promotion, Sale, SeatingChart, WaitingListEntry
from ticketing.rules.seat_map_drawing import draw
from ticketing.selectors.availability import seat_list
from ticketing.selectors.orders import matching
from ticketing.selectors.seat_maps import seat_map
from ticketing.selectors.ticket_keys import ticket_signers
from ticketing.selectors.waiting import entries_by_key
from ticketing.services.charts import create_chart
from ticketing.services.check_ins import check_in, undo_check_in
from ticketing.services.holds import block_seats, free_seats, release_hold, take_hold
from ticketing.services.orders import (
    cancel_order,
    cancel_unpaid_order,
    pay_order,
    place_order,
    resend_tickets,
    set_deadline,
)
from ticketing.services.promotions import create_promotion, end_promotion
from ticketing.services.sales import change_sale, end_sale, open_sale
from ticketing.services.waiting_list import join_waiting_list, leave_waiting_list


def _posts(
    action: Action[Any, Any],
    path: str,
    answers: type[drf.BaseSerializer[Any]] | None,
    status: int = 201,
    model: type[models.Model] | None = None,
) -> Callable[..., Response]:
    """POST `<performance>/<path>/` runs `action` with the performance of the address, and responds with `status`."""
    of_performance = "performance" in action.kinds
    body = body_of(action, leave_out=("performance",), model=model, partial=status == 200)

    def run(self: Resource, request: Request, pk: str, **_: Any) -> Response:
        performance = self.found()

        def answer(result: Any) -> Response:
            return Response(status=204) if answers is None else Response(answers(result).data, status=status)

        given = {"performance": performance} if of_performance else {}
        return self.perform(request, action, answer, subject=performance, given=given, body=body)

    # The router requires that a method has the name of its attribute.
    run.__name__ = action.__name__  # type: ignore[attr-defined]
    name = path.replace("/", "-")
    # `drf_action` first: it would overwrite the attributes that `documented` sets for the schema.
    routed = drf_action(detail=True, methods=["post"], url_path=path, url_name=name)(run)
    done = {204: OpenApiResponse(description="Done.")} if answers is None else {status: answers}
    return documented(routed, action, body, done)


class BoxOfficeViewSet(Resource):
    """The sale, the seats, the check-ins and the waiting list of a performance."""

    queryset = Occurrence.objects.filter(category=Category.PERFORMANCE)
    serializer_class = serializers.SeatListRead
    # Errors for a wrong ticket code, hold token or waiting-list key.
    guessed = frozenset({"no_such_ticket", "hold_gone", "not_checked_in", "not_waiting"})

    open_sale = _posts(open_sale, "open-sale", serializers.SaleRead, model=Sale)
    change_sale = _posts(change_sale, "change-sale", serializers.SaleRead, 200, model=Sale)
    end_sale = _posts(end_sale, "end-sale", None, 204)
    block_seats = _posts(block_seats, "block-seats", None, 204)
    free_seats = _posts(free_seats, "free-seats", None, 204)
    take_hold = _posts(take_hold, "holds", serializers.HoldRead)
    # Not DELETE holds/<token>/: the token is a secret, and addresses are logged.
    release_hold = _posts(release_hold, "holds/release", None, 204)
    check_in = _posts(check_in, "check-ins", serializers.CheckInRead)
    undo_check_in = _posts(undo_check_in, "check-ins/undo", None, 204)
    join_waiting_list = _posts(join_waiting_list, "waiting-list", serializers.WaitingJoined)
    leave_waiting_list = _posts(leave_waiting_list, "waiting-list/leave", None, 204)

    @extend_schema(
        responses={
            (200, "application/json"): serializers.SeatListRead,
            (200, "image/svg+xml"): OpenApiTypes.STR,
            304: OpenApiResponse(description="Nothing has changed since the ETag in `If-None-Match`."),
        },
        parameters=[
            OpenApiParameter(
                "If-None-Match",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description='The ETag of the response that you have: 304 if nothing has changed. Example: "5f1c0f0e8a57"',
            ),
            OpenApiParameter(
                "Hold-Token",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="The secret token of a hold, whose seats the picture marks as yours. "
                "Example: Xk3vQ0J7bW9xT1n5yR2mLp8sGd4hKc6Z",
            ),
        ],
    )
    @drf_action(
        detail=True, methods=["get"], url_path="seats", url_name="seats", renderer_classes=[JSONRenderer, SvgRenderer]
    )
    def seats(self, request: Request, pk: str) -> HttpResponseBase:
        """Get the prices, the seats with their states, and the areas with their free capacity.

        With `Accept: image/svg+xml` it is a picture of them, drawn from the seating chart, with a legend. Each seat of the
        picture has its id in `data-seat`.
        """
        picture = request.accepted_renderer.format == "svg"
        rows = self.get_queryset().filter(pk=pk)
        performance = (rows.select_related("production", "venue", "space") if picture else rows.only("pk")).first()
        if performance is None:
            raise NotFound("This performance does not exist, or is not visible to you.")
        if picture:
            drawn = seat_map(performance, runs.instant(), hold=request.headers.get("Hold-Token", ""))
            content, kind = draw(drawn).encode(), "image/svg+xml; charset=utf-8"
        else:
            # Without a serializer, for speed: a thousand seats, requested repeatedly while buyers choose.
            content, kind = orjson.dumps(seat_list(performance.pk, runs.instant())), "application/json"
        tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        known = [etag.strip().removeprefix("W/") for etag in request.headers.get("If-None-Match", "").split(",")]
        response = HttpResponseNotModified() if tag in known else HttpResponse(content, content_type=kind)
        response["ETag"] = tag
        response["Cache-Control"] = "no-cache"
        patch_vary_headers(response, ["Accept", "Hold-Token"])
        return response

    @extend_schema(responses=serializers.WaitingInternal(many=True))
    @join_waiting_list.mapping.get  # type: ignore[attr-defined]
    def waiting(self, request: Request, pk: str) -> Response:
        """List the waiting list of a performance, in the order of joining. Needs the permission `view_buyers`."""
        performance = self.found()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see the waiting list.")
        if not self.actor.holds("view_buyers", performance, runs.instant()):
            raise NotAllowed("You may not see the waiting list. It needs the permission view_buyers.")
        rows = WaitingListEntry.objects.filter(performance=performance)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.WaitingInternal(page, many=True).data)


class WaitingKeyView(ActingView):
    """The waiting-list entry of a mailed link."""

    guessed = frozenset({"not_waiting"})

    @extend_schema(
        operation_id="waiting_list_by_key",
        responses=serializers.WaitingByKey,
        parameters=[
            OpenApiParameter(
                "key",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description="The key of the mailed link. Example: MTI:1tQ2Lm",
            ),
        ],
    )
    def get(self, request: Request, key: str) -> Response:
        """Get the waiting-list entry of a mailed link.

        To leave the list, send the key to `POST /api/v1/performances/<performance>/waiting-list/leave/`. To order offered
        seats, send it as `hold` to `POST /api/v1/orders/`.
        """
        entry = entries_by_key(key).select_related("performance__production").first()
        if entry is None:
            raise NotFound(
                "No waiting-list entry has this key. Its person has left the list or ordered.", code="not_waiting"
            )
        return Response(serializers.WaitingByKey(entry, context={"key": key}).data)


class TicketKeysView(ActingView):
    """The public keys of tickets."""

    @extend_schema(operation_id="ticket_keys", responses=serializers.TicketKeys)
    def get(self, request: Request) -> Response:
        """Get the public keys that verify the QR codes of tickets, so that a door can check them without a network.

        The text of a QR code is `CODE.PERFORMANCE.SIGNATURE`: the code of the ticket, the id of its performance, and the
        Ed25519 signature of `CODE.PERFORMANCE`, in base 32 without padding.
        """
        return Response(serializers.TicketKeys({"keys": ticket_signers()}).data)


class OrderFilter(filters.FilterSet):
    search = filters.CharFilter(
        method="by_text",
        label="An order number; with `view_buyers` also an order reference, a ticket code, an e-mail address, or words of the"
        " buyer's name. Example: Bea Buyer",
    )
    performance = filters.NumberFilter(
        method="of_performance", label="Only orders with a ticket for this performance, by id. Example: 12"
    )

    class Meta:
        model = Order
        fields = ("state", "needs_return")

    def by_text(self, rows: Any, name: str, value: str) -> Any:
        return matching(rows, value, actor_of(self.request))

    def of_performance(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(pk__in=Order.objects.filter(lines__ticket__performance=value).values("pk"))


_CANCEL_UNPAID = body_of(cancel_unpaid_order, leave_out=("reference",))
_REFERENCE = OpenApiParameter(
    "reference",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The secret reference of the order. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s",
)


class OrderViewSet(Readable):
    """Orders for the box office, newest first. A buyer reads an order by its secret reference."""

    queryset = Order.objects.prefetch_related("lines__ticket", "payments")
    serializer_class = serializers.OrderInternal
    filterset_class = OrderFilter
    # Errors for a wrong order reference or hold token.
    guessed = frozenset({"no_such_order", "hold_gone"})
    ordering = ("-pk",)
    _place = body_of(place_order)

    def get_queryset(self) -> Any:
        if not getattr(self, "swagger_fake_view", False) and self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see orders. A buyer reads an order by its reference.")
        return super().get_queryset()

    @extend_schema(
        responses=serializers.OrderPublic,
        parameters=[_REFERENCE],
    )
    @drf_action(
        detail=False,
        methods=["get"],
        url_path=r"by-reference/(?P<reference>[A-Za-z0-9_-]{24})",
        url_name="by-reference",
        filterset_class=None,
        pagination_class=None,
    )
    def by_reference(self, request: Request, reference: str) -> Response:
        """Get the order with this secret reference, as its buyer. No sign-in is needed."""
        order = Order.objects.prefetch_related("lines__ticket").filter(reference=reference).first()
        if order is None:
            raise NotFound("No order has this reference. Check the link.", code="no_such_order")
        return self.shown(order, serializers.OrderPublic)

    @drf_action(
        detail=False,
        methods=["post"],
        url_path=r"by-reference/(?P<reference>[A-Za-z0-9_-]{24})/cancel",
        url_name="cancel-by-reference",
    )
    def cancel_by_reference(self, request: Request, reference: str) -> Response:
        return self.perform(
            request,
            cancel_unpaid_order,
            lambda order: Response(serializers.OrderPublic(order).data),
            given={"reference": reference},
            body=_CANCEL_UNPAID,
        )

    documented(cancel_by_reference, cancel_unpaid_order, _CANCEL_UNPAID, {200: serializers.OrderPublic})
    cancel_by_reference = extend_schema(parameters=[_REFERENCE])(cancel_by_reference)

    @extend_schema(request=_place, responses={201: serializers.OrderPublic})
    def create(self, request: Request) -> Response:
        def answer(order: Order) -> Response:
            response = Response(serializers.OrderPublic(order).data, status=201)
            response["Location"] = reverse("order-by-reference", args=[order.reference], request=request)
            return response

        return self.perform(request, place_order, answer, body=self._place)

    create.action_run = place_order  # type: ignore[attr-defined]
    pay = verb(pay_order, answers=serializers.OrderInternal)
    resend = verb(resend_tickets, answers=serializers.OrderInternal)
    set_deadline = verb(set_deadline, answers=serializers.OrderInternal)
    cancel = verb(cancel_order, answers=serializers.OrderInternal)


class PromotionViewSet(Readable):
    """Promotions, newest first, for those who may view promotions."""

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

    @extend_schema(responses=serializers.SeatingChartDetail)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Get one seating chart with its seats and areas, and the capacity of each category."""
        return self.shown(self.found(), serializers.SeatingChartDetail)

    create = creates(create_chart, model=SeatingChart, answers=serializers.SeatingChartRead)

"""The addresses of the box office: below a performance, orders, promotions, seating charts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import models
from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.decorators import action as drf_action
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
from ticketing.models import Order, Promotion, Sale, SeatingChart, WaitingListEntry
from ticketing.selectors.availability import seat_list
from ticketing.selectors.orders import matching
from ticketing.selectors.waiting import entries_by_key
from ticketing.services.charts import create_chart
from ticketing.services.check_ins import check_in, undo_check_in
from ticketing.services.holds import block_seats, free_seats, release_hold, take_hold
from ticketing.services.orders import cancel_order, cancel_unpaid_order, pay_order, place_order, set_deadline
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
    guessed = frozenset({"no_such_ticket", "hold_gone", "not_checked_in", "not_waiting"})

    open_sale = _posts(open_sale, "open-sale", serializers.SaleRead, model=Sale)
    change_sale = _posts(change_sale, "change-sale", serializers.SaleRead, 200, model=Sale)
    end_sale = _posts(end_sale, "end-sale", None, 204)
    block_seats = _posts(block_seats, "block-seats", None, 204)
    free_seats = _posts(free_seats, "free-seats", None, 204)
    take_hold = _posts(take_hold, "holds", serializers.HoldRead)
    # Not DELETE holds/<token>/: addresses are logged, and the token is a secret.
    release_hold = _posts(release_hold, "holds/release", None, 204)
    check_in = _posts(check_in, "check-ins", serializers.CheckInRead)
    undo_check_in = _posts(undo_check_in, "check-ins/undo", None, 204)
    join_waiting_list = _posts(join_waiting_list, "waiting-list", serializers.WaitingJoined)
    leave_waiting_list = _posts(leave_waiting_list, "waiting-list/leave", None, 204)

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
            raise NotFound("This performance does not exist, or is not visible to you.")
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
        """List who waits for seats of a performance, in the order of joining. Needs `view_buyers`."""
        performance = self.found()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see the waiting list.")
        if not self.actor.holds("view_buyers", performance, runs.instant()):
            raise NotAllowed("You may not see the waiting list. It needs the permission view_buyers.")
        rows = WaitingListEntry.objects.filter(performance=performance)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.WaitingInternal(page, many=True).data)


class WaitingKeyView(ActingView):
    """A link in a mail about a waiting list."""

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
        """Get what the link in a mail about a waiting list is for.

        Leave the list by `POST /api/v1/performances/<performance>/waiting-list/leave/` with this key; order offered seats by
        `POST /api/v1/orders/` with it as `hold`.
        """
        entry = entries_by_key(key).select_related("performance__production").first()
        if entry is None:
            raise NotFound("Nobody waits with this key. They left the list, or ordered.", code="not_waiting")
        return Response(serializers.WaitingByKey(entry, context={"key": key}).data)


class OrderFilter(filters.FilterSet):
    search = filters.CharFilter(
        method="by_text",
        label="An order number; with `view_buyers` also an order reference, ticket code, e-mail address, or all words of a"
        " buyer's name. Example: Bea Buyer",
    )
    performance = filters.NumberFilter(
        method="of_performance", label="Only orders with a ticket for this performance (id). Example: 12"
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
    description="The secret reference. Example: Xk3vQ0J7bW9xT1n5yR2mLp8s",
)


class OrderViewSet(Readable):
    """Orders for the box office, latest first, by number. A buyer reads an order by its secret reference."""

    queryset = Order.objects.prefetch_related("lines__ticket", "payments")
    serializer_class = serializers.OrderInternal
    filterset_class = OrderFilter
    # An order's reference, a hold's token.
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
        """Get the order with this secret reference, for its buyer. The reference is all that it takes to read it."""
        order = Order.objects.prefetch_related("lines__ticket").filter(reference=reference).first()
        if order is None:
            raise NotFound("No order has this reference.", code="no_such_order")
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
    set_deadline = verb(set_deadline, answers=serializers.OrderInternal)
    cancel = verb(cancel_order, answers=serializers.OrderInternal)


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

    @extend_schema(responses=serializers.SeatingChartDetail)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Get one seating chart with its seats and areas, and how many seats each category has."""
        return self.shown(self.found(), serializers.SeatingChartDetail)

    create = creates(create_chart, model=SeatingChart, answers=serializers.SeatingChartRead)

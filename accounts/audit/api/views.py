"""The endpoints of the audit log: search, history, state, revert, export, retention, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.audit.api import serializers
from accounts.audit.api.export import KINDS, lines
from accounts.audit.models.entries import AuditEntry
from accounts.audit.models.seals import AuditCheckpoint
from accounts.audit.selectors.history import history, state_at
from accounts.audit.selectors.searching import Reader, flat, touching
from accounts.audit.services.retention import expire_values
from accounts.audit.services.reverting import reversal_of
from theater_site.api.idempotency import once
from theater_site.api.inputs import body_of
from theater_site.api.previewing import preview_of, wants_preview
from theater_site.api.resources import Readable, SubmittedAnswer, actor_of, submitted
from theater_site.core import runs
from theater_site.core.actions import Submitted
from theater_site.core.actors import EVERYWHERE, ActorKind
from theater_site.core.errors import NotAllowed, NotFound, NotSignedIn


def reader_of(request: Request) -> Reader:
    """The reader of the audit log. Raises: NotSignedIn for the public."""
    actor = actor_of(request)
    if actor.kind is ActorKind.PUBLIC:
        raise NotSignedIn("Sign in to read the audit log.")
    return Reader(actor, runs.instant())


class _WholeNumber(filters.NumberFilter):
    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=2**63 - 1, **options)


class AuditFilter(filters.FilterSet):
    """Filters of entries. All filters of changes must match the same change, and only changes that may be read count."""

    section = _WholeNumber(method="of_change", label="Only changes of objects in this section or below it. Example: 4")
    object_type = filters.CharFilter(
        method="of_change", label="Only changes of objects of this model. Example: productions.production"
    )
    object_id = filters.CharFilter(
        method="of_change", label="Only changes of the object with this id; needs `object_type`. Example: 12"
    )
    actor = _WholeNumber(field_name="actor_id", label="Only entries of this user, by id. Example: 7")
    action = filters.CharFilter(field_name="action", label="Only entries of this action. Example: production.publish")
    request = filters.CharFilter(field_name="request_id", label="Only entries of this request, by its `X-Request-ID`.")
    since = filters.IsoDateTimeFilter(
        field_name="at",
        lookup_expr="gte",
        label="Only entries at or after this instant. Example: 2027-03-01T00:00:00Z",
    )
    until = filters.IsoDateTimeFilter(
        field_name="at", lookup_expr="lt", label="Only entries before this instant. Example: 2027-04-01T00:00:00Z"
    )

    class Meta:
        model = AuditEntry
        fields = ()

    @property
    def asked(self) -> Q | None:
        asked = self.form.cleaned_data
        return touching(
            section=asked["section"], object_type=asked["object_type"] or None, object_id=asked["object_id"] or None
        )

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(reader_of(self.request).entries(self.asked))

    def of_change(self, rows: Any, name: str, value: Any) -> Any:
        return rows


_OBJECT = [
    OpenApiParameter(
        "object_type", str, required=True, description="The model of the object. Example: productions.production"
    ),
    OpenApiParameter("object_id", str, required=True, description="Id of the object, as text. Example: 12"),
]


_EXPIRING = body_of(expire_values)


class AuditViewSet(Readable):
    """Who did what, newest first, as far as the caller may read the audit log of the sections concerned."""

    queryset = AuditEntry.objects.all()
    serializer_class = serializers.AuditEntryRead
    filterset_class = AuditFilter
    lookup_value_regex = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ordering: Sequence[str] = ("-id",)

    def get_queryset(self) -> Any:
        return AuditEntry.objects.all() if self._describing else reader_of(self.request).entries()

    @property
    def _describing(self) -> bool:
        return bool(getattr(self, "swagger_fake_view", False))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A file has one format whatever `Accept` asks for; only errors are rendered.
        return super().perform_content_negotiation(request, force or self.action == "export")

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self._describing else reader_of(self.request).with_changes(rows)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.found(reader_of(request).with_changes(self.get_queryset())))

    @extend_schema(responses=serializers.AuditChangeRead(many=True), filters=False)
    @drf_action(detail=True, methods=["get"])
    def changes(self, request: Request, pk: str) -> Response:
        """List the changes of one entry that you may read."""
        entry = self.found()
        self.ordering = ("id",)
        page = self.paginate_queryset(reader_of(request).changes().filter(entry=entry))
        return self.get_paginated_response(serializers.AuditChangeRead(page, many=True).data)

    @extend_schema(responses=serializers.HistoryRead(many=True), parameters=_OBJECT, filters=False)
    @drf_action(detail=False, methods=["get"])
    def history(self, request: Request) -> Response:
        """List the changes of one object, the oldest first, with the values before and after.

        You see values if you have the object's view permission on its section at that time, and personal values if you have
        `manage_` of that area there. `erased` values are gone for everybody.
        """
        reader = reader_of(request)
        asked = self._asked(serializers.HistoryAsked, request)
        self.ordering = ("version", "id")
        page = self.paginate_queryset(history(reader, asked["object_type"], asked["object_id"]))
        if not page and "cursor" not in asked:
            raise NotFound("Nothing that you may read is known of such an object.", code="no_such_object")
        made = serializers.HistoryRead(page, many=True, context={"reader": reader})
        return self.get_paginated_response(made.data)

    @extend_schema(
        responses=serializers.StateRead,
        parameters=[
            *_OBJECT,
            OpenApiParameter(
                "at",
                OpenApiTypes.DATETIME,
                required=True,
                description="The instant to ask about. Example: 2027-03-14T18:30:00Z",
            ),
        ],
        filters=False,
    )
    @drf_action(detail=False, methods=["get"])
    def state(self, request: Request) -> Response:
        """Get the state of one object at an instant, built from its history."""
        reader = reader_of(request)
        asked = self._asked(serializers.StateAsked, request)
        return Response(serializers.StateRead(state_at(reader, **asked)).data)

    @extend_schema(request=serializers.RevertInput, responses={200: serializers.Reverted, 202: SubmittedAnswer})
    @drf_action(detail=True, methods=["post"])
    def revert(self, request: Request, pk: str) -> Response:
        """Revert a change: give the object its old values again.

        This runs the object's ordinary update, with today's rules and permissions. It becomes a submission if the caller may
        only submit. It fails if the fields have changed again since."""
        reader, entry = reader_of(request), self.found()
        body = serializers.RevertInput(data=request.data)
        body.is_valid(raise_exception=True)
        read = body.validated_data

        if wants_preview(request):
            found = reversal_of(reader, entry, read.get("change"))
            arguments = {**found.given, str(found.action.subject): found.subject}
            return Response(preview_of(found.action, reader.actor, arguments, found.version))

        def act() -> Response:
            found = reversal_of(reader, entry, read.get("change"))
            arguments = {**found.given, str(found.action.subject): found.subject}
            done = found.action.submit(
                actor=reader.actor, if_version=found.version, waive=read.get("waive"), **arguments
            )
            if isinstance(done, Submitted):
                return submitted(done.submission, request)
            subject = found.subject
            told = {"object_type": subject._meta.label_lower, "object_id": str(subject.pk), "version": done.version}
            return Response(serializers.Reverted(told).data)

        return once(request, reader.actor.label, act)

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/jsonl"): OpenApiTypes.STR},
        parameters=[
            OpenApiParameter(
                "kind",
                str,
                OpenApiParameter.PATH,
                enum=list(KINDS),
                description="The file type: `csv` for a spreadsheet, `jsonl` for a program. Example: csv",
            )
        ],
    )
    @drf_action(detail=False, methods=["get"], url_path=f"export/(?P<kind>{'|'.join(KINDS)})")
    def export(self, request: Request, kind: str) -> Any:
        """Export the audit log as one file, with the filters of the list. Each change is one line."""
        reader = reader_of(request)
        self.refuse_unknown_filters(self.queryset)
        search = AuditFilter(request.query_params, AuditEntry.objects.all(), request=request)
        if not search.is_valid():
            raise translate_validation(search.errors)
        answer = StreamingHttpResponse(lines(kind, flat(reader, search.qs, search.asked)), content_type=KINDS[kind])
        answer["Content-Disposition"] = f'attachment; filename="audit.{kind}"'
        return answer

    @extend_schema(request=_EXPIRING, responses=serializers.Expired)
    @drf_action(detail=False, methods=["post"], url_path="expire-values")
    def expire(self, request: Request) -> Response:
        return self.perform(
            request, expire_values, lambda count: Response(serializers.Expired({"count": count}).data), body=_EXPIRING
        )

    expire.action_run = expire_values  # type: ignore[attr-defined]

    def _asked(self, kind: type[Any], request: Request) -> dict[str, Any]:
        read = kind(data=request.query_params.dict())
        read.is_valid(raise_exception=True)
        asked: dict[str, Any] = read.validated_data
        return asked


class CheckpointViewSet(Readable):
    """Signed checkpoints of the seal, newest first, for those who may read the whole log. Keep one outside of the system: it
    reveals if the end of the log was removed."""

    queryset = AuditCheckpoint.objects.all()
    serializer_class = serializers.CheckpointRead
    ordering = ("-number",)
    filterset_fields: tuple[str, ...] = ()

    def get_queryset(self) -> Any:
        if not getattr(self, "swagger_fake_view", False) and reader_of(self.request).sections is not EVERYWHERE:
            raise NotAllowed(
                "You may not read all of the audit log; it needs the permission view_audit on the organization."
            )
        return AuditCheckpoint.objects.all()

    @extend_schema(responses=serializers.CheckpointDocument(many=True))
    def list(self, request: Request) -> Response:
        return super().list(request)

    @extend_schema(responses=serializers.CheckpointDocument)
    def retrieve(self, request: Request, pk: str) -> Response:
        return super().retrieve(request, pk)

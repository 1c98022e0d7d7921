"""The addresses of accounts: who I am, sections, roles, submissions, the audit log."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.models import AuditChange, AuditEntry, Role, RoleAssignment, Section, Submission
from accounts.services.roles import assign_role, end_role
from accounts.services.sections import create_section, rename_section
from accounts.services.submissions import approve_submission, decline_submission, withdraw_submission
from theater_site.api.resources import ActingView, Readable, actor_of, creates, updates, verb
from theater_site.core import recording
from theater_site.core.actors import EVERYWHERE, ActorKind
from theater_site.core.errors import NotSignedIn


class MeView(ActingView):
    """The signed-in user."""

    @extend_schema(responses=serializers.Me, operation_id="me")
    def get(self, request: Request) -> Response:
        if actor_of(request).kind is not ActorKind.USER:
            raise NotAuthenticated("Sign in to see who you are.")
        return Response(serializers.Me(request.user).data)


class SectionViewSet(Readable):
    """The section tree, as far as the actor may see members there."""

    queryset = Section.objects.all()
    serializer_class = serializers.SectionRead
    ordering = ("path",)
    filterset_fields = ("kind", "parent")
    create = creates(create_section, model=Section, answers=serializers.SectionRead)
    partial_update = updates(rename_section, model=Section, answers=serializers.SectionRead)


class RoleViewSet(Readable):
    """The roles that can be given."""

    queryset = Role.objects.all()
    serializer_class = serializers.RoleRead
    ordering = ("name", "pk")


class RoleAssignmentViewSet(Readable):
    """Who holds which role where, from when to when."""

    queryset = RoleAssignment.objects.all()
    serializer_class = serializers.RoleAssignmentRead
    ordering = ("-pk",)
    filterset_fields = ("user", "role", "section")
    create = creates(assign_role, model=RoleAssignment, answers=serializers.RoleAssignmentRead)
    end = verb(end_role, model=RoleAssignment, answers=serializers.RoleAssignmentRead)


class SubmissionViewSet(Readable):
    """What waits for approval, and what became of it: one's own, and those of sections where one may see drafts."""

    queryset = Submission.objects.all()
    serializer_class = serializers.SubmissionRead
    ordering = ("-pk",)
    filterset_fields = ("state", "area", "section", "author")
    approve = verb(approve_submission, answers=serializers.SubmissionRead)
    decline = verb(decline_submission, answers=serializers.SubmissionRead)
    withdraw = verb(withdraw_submission, answers=serializers.SubmissionRead)


class AuditFilter(filters.FilterSet):
    object_type = filters.CharFilter(method="by_change", label="the kind of object, such as productions.production")
    object_id = filters.CharFilter(method="by_change", label="its id; needs object_type")
    section = filters.NumberFilter(method="by_change", label="the section of the object")
    actor = filters.NumberFilter(field_name="actor_id")
    action = filters.CharFilter(field_name="action")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = AuditEntry
        fields = ()

    def by_change(self, rows: Any, name: str, value: Any) -> Any:
        column = {"section": "section_id"}.get(name, name)
        return rows.filter(Exists(AuditChange.objects.filter(entry=OuterRef("pk"), **{column: value})))


class AuditViewSet(Readable):
    """Who did what, newest first, in the sections whose audit log the actor may view."""

    queryset = AuditEntry.objects.prefetch_related("changes")
    serializer_class = serializers.AuditEntryRead
    filterset_class = AuditFilter
    lookup_value_regex = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    ordering = ("-id",)

    def get_queryset(self) -> Any:
        actor = self.actor
        if actor.kind is ActorKind.PUBLIC and not getattr(self, "swagger_fake_view", False):
            raise NotSignedIn("Sign in to read the audit log.")
        rows = AuditEntry.objects.prefetch_related("changes")
        held = actor.sections_held("view_audit", recording.instant())
        if held is EVERYWHERE:
            return rows
        within = AuditChange.objects.filter(entry=OuterRef("pk"), section_id__in=held)
        return rows.filter(Exists(within) | Q(actor_id=actor.user_id))



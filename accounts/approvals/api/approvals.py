"""The endpoints of approval: pending submissions, approval steps, substitutes and waivers."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as address
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approvals.models.approvals import ApprovalStep, Substitute
from accounts.approvals.models.submissions import Submission
from accounts.approvals.models.waivers import Waiver
from accounts.approvals.selectors.waiting import Waits, counts_for, page_for
from accounts.approvals.services.approvals import set_approval_steps
from accounts.approvals.services.substitutes import end_substitute, name_substitute
from accounts.approvals.services.waivers import give_waiver, revoke_waiver
from theater_site.api.inputs import body_of
from theater_site.api.pagination import Pages
from theater_site.api.resources import Readable, Resource, creates, verb
from theater_site.core import runs
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.errors import NotSignedIn


class WaitingCounts(serializers.Serializer[Any]):
    """The number of submissions that the caller may decide on, in all and by area."""

    total = serializers.IntegerField(help_text="How many submissions wait for your decision. Example: 5")
    by_area = serializers.DictField(
        child=serializers.IntegerField(),
        help_text='How many wait in each area; areas without any are absent. Example: {"details": 4, "media": 1}',
    )


class WaitingRead(serializers.Serializer[Any]):
    """A submission that waits for the caller's decision, without its items: get the submission for these."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    title = serializers.CharField(help_text="What it is about. Example: New subtitle of The Seagull")
    area = serializers.CharField(help_text="The area of work that it is about. Example: details")
    section = serializers.IntegerField()
    author = serializers.IntegerField(help_text="Id of the user who wrote it. Example: 9")
    round = serializers.IntegerField(help_text="How often it was submitted, from 1. Example: 1")
    step = serializers.IntegerField(help_text="The approval step at which it waits, from 0. Example: 0")
    run_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When it is applied after its approval; null means at once. Example: 2027-03-20T08:00:00Z",
    )
    submitted_at = serializers.DateTimeField(
        help_text="When it was submitted: an instant in UTC. Example: 2027-03-14T18:30:00Z"
    )
    since = serializers.DateTimeField(
        help_text="When it reached this step: an instant in UTC. Example: 2027-03-14T18:30:00Z"
    )
    escalated = serializers.BooleanField(
        help_text="True if it was escalated from a section where nobody may decide. Example: false"
    )


class WaitingViewSet(Resource):
    """The submissions that the caller may decide on now, as an approver or as a substitute."""

    queryset = Submission.objects.all()
    serializer_class = WaitingRead
    ordering = ("id",)
    filterset_fields = ("area", "section", "author")

    def list(self, request: Request) -> Response:
        """List the submissions that wait for your decision, the oldest first."""
        actor, now = self._signed_in_user(), runs.instant()
        filters = tuple(sorted(self.asked(Submission).items()))

        def page(after: list[Any] | None, size: int) -> list[Waits]:
            return page_for(actor, now, size=size, after=after[0] if after else 0, filters=filters)

        return self.listed(Pages(Submission, page))

    @extend_schema(responses=WaitingCounts, filters=False)
    @address(detail=False, methods=["get"], pagination_class=None, filterset_fields=())
    def counts(self, request: Request) -> Response:
        """Count the submissions that wait for your decision, by area. Areas without any are absent."""
        by_area = counts_for(self._signed_in_user(), runs.instant())
        return Response({"total": sum(by_area.values()), "by_area": by_area})

    def _signed_in_user(self) -> Actor:
        if self.actor.kind is not ActorKind.USER:
            raise NotSignedIn("Sign in to see the submissions that wait for your decision.")
        return self.actor


class ApprovalStepRead(serializers.ModelSerializer[ApprovalStep]):
    """A step that submissions of an area pass before they are applied."""

    class Meta:
        model = ApprovalStep
        fields = ("id", "version", "section", "area", "position", "title", "permission", "role")


class ApprovalStepViewSet(Readable):
    """The approval steps of areas that need more than one approval. The steps of the nearest section above apply."""

    queryset = ApprovalStep.objects.all()
    serializer_class = ApprovalStepRead
    ordering = ("section_id", "area", "position", "pk")
    filterset_fields = ("section", "area")

    @extend_schema(
        request=body_of(set_approval_steps),
        responses={201: ApprovalStepRead(many=True)},
    )
    def create(self, request: Request) -> Response:
        return self.perform(
            request,
            set_approval_steps,
            lambda made: Response(ApprovalStepRead(made, many=True).data, status=201),
            body=_STEPS,
        )

    create.action_run = set_approval_steps  # type: ignore[attr-defined]


_STEPS = body_of(set_approval_steps)


class SubstituteRead(serializers.ModelSerializer[Substitute]):
    """A user who decides for an absent approver in a section, for a period."""

    class Meta:
        model = Substitute
        fields: ClassVar[tuple[str, ...]] = (
            "id", "version", "person", "substitute", "section", "area", "starts_at", "ends_at", "reason", "named_by",
        )  # fmt: skip


class SubstituteViewSet(Readable):
    """Substitutes of absent approvers: the caller's own, and those of sections whose members the caller may see."""

    queryset = Substitute.objects.all()
    serializer_class = SubstituteRead
    ordering = ("-pk",)
    filterset_fields = ("person", "substitute", "section")
    create = creates(name_substitute, model=Substitute, answers=SubstituteRead)
    end = verb(end_substitute, answers=SubstituteRead)


class WaiverRead(serializers.ModelSerializer[Waiver]):
    """A reasoned exception: warnings of a rule are accepted for an object until a date."""

    class Meta:
        model = Waiver
        fields: ClassVar[tuple[str, ...]] = (
            "id", "version", "section", "object_type", "object_id", "rule", "reason", "by", "until", "revoked_at",
            "created_at",
        )  # fmt: skip


class WaiverViewSet(Readable):
    """Waivers: reasoned exceptions by which warnings about an object are accepted until a date."""

    queryset = Waiver.objects.all()
    serializer_class = WaiverRead
    ordering = ("-pk",)
    filterset_fields = ("section", "object_type", "object_id", "rule")
    create = creates(give_waiver, model=Waiver, answers=WaiverRead)
    revoke = verb(revoke_waiver, answers=WaiverRead)

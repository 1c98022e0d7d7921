"""The addresses of accounts: who I am, and what waits for approval. Others: `delegation`, `audit`, `token_views`."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.models import Submission
from accounts.services.submissions import approve_submission, decline_submission, withdraw_submission
from theater_site.api.resources import ActingView, Readable, actor_of, verb
from theater_site.core.actors import ActorKind


class MeView(ActingView):
    """The signed-in user."""

    @extend_schema(responses=serializers.Me, operation_id="me")
    def get(self, request: Request) -> Response:
        if actor_of(request).kind is not ActorKind.USER:
            raise NotAuthenticated("Sign in to see who you are.")
        return Response(serializers.Me(actor_of(request).user).data)


class SubmissionViewSet(Readable):
    """What waits for approval, and what became of it: one's own, and those of sections where one may see drafts."""

    queryset = Submission.objects.all()
    serializer_class = serializers.SubmissionRead
    ordering = ("-pk",)
    filterset_fields = ("state", "area", "section", "author")
    approve = verb(approve_submission, answers=serializers.SubmissionRead)
    decline = verb(decline_submission, answers=serializers.SubmissionRead)
    withdraw = verb(withdraw_submission, answers=serializers.SubmissionRead)

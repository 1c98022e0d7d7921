"""The endpoints of submissions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approvals.api import submission_serializers as serializers
from accounts.approvals.models.submissions import Submission, SubmissionState
from accounts.approvals.services.emergency import publish_in_emergency
from accounts.approvals.services.submissions import (
    approve_submission,
    comment_submission,
    draft_submission,
    rebase_submission,
    reject_submission,
    request_changes,
    save_submission,
    share_submission,
    submit_submission,
    withdraw_submission,
)
from accounts.approvals.services.submissions.differing import difference_of
from theater_site.api.inputs import body_of
from theater_site.api.problems import MEDIA_TYPE, body, status_of
from theater_site.api.resources import Readable, creates, updates, verb
from theater_site.core.actors import ActorKind
from theater_site.core.errors import Conflict, NotSignedIn, Stale

_APPROVAL = body_of(approve_submission, leave_out=("submission",))


class SubmissionViewSet(Readable):
    """Submissions: those that the caller writes, and those that the caller may decide on."""

    queryset = Submission.objects.prefetch_related("authors", "agreements")
    serializer_class = serializers.SubmissionRead
    ordering = ("-pk",)
    filterset_fields = ("state", "area", "section", "author")

    create = creates(draft_submission, model=Submission, answers=serializers.SubmissionRead)
    partial_update = updates(save_submission, model=Submission, answers=serializers.SubmissionRead)
    submit = verb(submit_submission, answers=serializers.SubmissionRead)
    reject = verb(reject_submission, answers=serializers.SubmissionRead)
    withdraw = verb(withdraw_submission, answers=serializers.SubmissionRead)
    request_changes = verb(request_changes, answers=serializers.SubmissionRead)
    rebase = verb(rebase_submission, answers=serializers.SubmissionRead)
    share = verb(share_submission, answers=serializers.SubmissionRead)
    publish_in_emergency = verb(publish_in_emergency, answers=serializers.SubmissionRead, path="emergency")
    comment = verb(comment_submission, answers=serializers.CommentRead, path="comment")

    @extend_schema(request=_APPROVAL, responses={200: serializers.SubmissionRead})
    @drf_action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        return self.perform(request, approve_submission, self._approved, subject=self.found(), body=_APPROVAL)

    approve.action_run = approve_submission  # type: ignore[attr-defined]

    def _approved(self, submission: Submission) -> Response:
        """The response: the submission, 412 if it has become stale, or 409 if it has failed.

        The error is not raised, since that would roll back the submission's new state.
        """
        refusal = submission.refusal
        if refusal is None:
            return self.shown(submission)
        data = {**refusal.data, "state": submission.state}
        kind = Stale if submission.state == SubmissionState.STALE else Conflict
        error = kind(refusal.message, code=refusal.code, data=data, problems=refusal.problems, field=refusal.field)
        return Response(body(error, status_of(error)), status=status_of(error), content_type=MEDIA_TYPE)

    @extend_schema(responses=serializers.CommentRead(many=True))
    @drf_action(detail=True, methods=["get"], url_name="comments", filter_backends=[], filterset_fields=())
    def comments(self, request: Request, pk: str) -> Response:
        """List the comments of all rounds, the latest first."""
        rows = self.found().comments.all()
        self.refuse_unknown_filters(rows)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.CommentRead(page, many=True).data)

    @extend_schema(responses=serializers.SubmissionDifference)
    @drf_action(detail=True, methods=["get"], url_name="difference")
    def difference(self, request: Request, pk: str) -> Response:
        """Get the changes that a submission would make to the current content, by object and field, with the findings."""
        submission = self.found()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see this.")
        difference: dict[str, Any] = difference_of(submission, self.actor)
        return Response(serializers.SubmissionDifference(difference).data)

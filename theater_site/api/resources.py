"""Resources: lists and objects that are read through `visible_to`, and changed only by actions.

A view names an action. Its request body is generated from the action's annotations (`api/inputs.py`). Permissions, version,
idempotency, preview, submission and response are handled here, the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action as drf_action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from theater_site.api import guesses
from theater_site.api.conditional import answer_conditionally
from theater_site.api.idempotency import once
from theater_site.api.inputs import WAIVE, ActionInput, arguments_of, body_of
from theater_site.api.pagination import Pages
from theater_site.api.previewing import preview_of, wants_preview
from theater_site.api.previews import show_as_submitted
from theater_site.core import runs
from theater_site.core.actions import Action, OpenTo, Submitted
from theater_site.core.actors import Actor, ActorKind, Public
from theater_site.core.announcements import Question
from theater_site.core.errors import Invalid, NotAllowed, NotSignedIn, Stale, VersionRequired
from theater_site.core.models.content import ContentModel, with_section

who_acts: Question[Actor] = Question(
    "The actor of a request, from its user and how the user was authenticated (a session, a token). Answered by accounts.",
    arguments=("user", "auth"),
    default=Public,
)


def actor_of(request: Request) -> Actor:
    """The actor of the request. The same object each time, so that permissions are loaded once."""
    if not hasattr(request._request, "actor"):
        request._request.actor = who_acts.ask(user=request.user, auth=request.auth)  # type: ignore[attr-defined]
    return request._request.actor  # type: ignore[attr-defined]


def visible(request: Request, model: type[ContentModel], pk: str) -> Any:
    """The row of the parent in a nested address. Raises Http404 unless the actor may see it."""
    row = model._default_manager.visible_to(actor_of(request)).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def refuse_outsiders(actor: Actor, row: ContentModel, permission: str) -> None:
    """Raise NotSignedIn or NotAllowed unless `actor` has `permission` on the section of `row`."""
    if actor.kind is ActorKind.PUBLIC:
        raise NotSignedIn("Sign in to see this.")
    if not actor.holds(permission, row, runs.instant()):
        raise NotAllowed(f"You may not see this. It needs the permission {permission}.")


class SubmittedAnswer(serializers.Serializer[Any]):
    """The action waits for approval."""

    id = serializers.IntegerField()
    state = serializers.CharField(help_text="The state of the submission. Example: submitted")
    url = serializers.CharField(
        help_text="The address of the submission. Example: https://theater.example/api/v1/submissions/7/"
    )


class ActingView(APIView):
    """A view whose writes are actions.

    `guessed` lists the codes of the errors that tell a caller that a secret is wrong. These errors are counted and limited
    (`api/guesses.py`).
    """

    guessed: ClassVar[frozenset[str]] = frozenset()

    def perform_authentication(self, request: Request) -> None:
        """Authenticate the request. A wrong token counts against the limits; otherwise tokens could be guessed freely."""
        bearer = "Authorization" in request.headers
        if bearer:
            guesses.refuse_if_spent(request, "token")
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            if bearer:
                guesses.count(request, "token")
            self.check_throttles(request)
            raise

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.guessed:
            guesses.refuse_if_spent(request, self.__class__.__name__)
        # After throttling and authentication: what they write must not be rolled back with the preview.
        show_as_submitted(self, request, lambda: actor_of(request))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request._request, "rate_limit", {}).items():
            answer[name] = str(value)
        answer_conditionally(request, answer)
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        if getattr(exc, "code", None) in self.guessed:
            guesses.count(self.request, self.__class__.__name__)
        return super().handle_exception(exc)

    def perform(
        self,
        request: Request,
        action: Action[Any, Any],
        answer: Callable[[Any], Response],
        *,
        subject: Any = None,
        given: Mapping[str, Any] | None = None,
        body: type[ActionInput] | None = None,
        version_needed: bool = False,
    ) -> Response:
        """Run `action` with the inputs of the request and respond with `answer(result)`.

        Responds 202 with the submission where the actor may only submit, and with `?preview=true` with the preview. `given`
        are arguments from the address. Permissions are checked before the input, as far as the address decides them.
        """
        actor = actor_of(request)
        arguments: dict[str, Any] = dict(given or {})
        if subject is not None and action.subject is not None:
            arguments[action.subject] = subject
        self.refuse_strangers(action, actor, arguments)
        version = if_match(request, needed=version_needed and isinstance(subject, models.Model))
        read: ActionInput | None = None
        if body is not None:
            read = body(data=request.data, context={"request": request, "actor": actor, "view": self})
            read.is_valid(raise_exception=True)
            arguments |= arguments_of(action, read)
        if wants_preview(request):
            return Response(preview_of(action, actor, arguments, version))
        waive = read.validated_data.get(WAIVE) if read is not None else None

        def act() -> Response:
            done = action.submit(actor=actor, if_version=version, waive=waive, **arguments)
            return submitted(done.submission, request) if isinstance(done, Submitted) else answer(done)

        return once(request, actor.label, act) if request.method == "POST" else act()

    def refuse_strangers(self, action: Action[Any, Any], actor: Actor, known: Mapping[str, Any]) -> None:
        """Raise NotSignedIn or NotAllowed if the `known` arguments already decide that `actor` may neither act nor submit."""
        if action.open_to is OpenTo.PUBLIC:
            return
        if actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to do this.")
        if action.needs and all(need.on.split(".")[0] in known for need in action.needs):
            if not action.permits(actor, known) and not (
                action.submittable and action.permits(actor, known, submit=True)
            ):
                action.refuse(actor, known)


class Resource(ActingView, viewsets.GenericViewSet[Any]):
    """A plural noun of the API: its list, its objects, and the actions on them.

    `queryset` is filtered by `visible_to` first. `serializer_class` is the public representation.
    """

    lookup_value_regex = r"[0-9]{1,18}"
    ordering: Sequence[str] = ("pk",)
    orderings: ClassVar[dict[str, Sequence[str]]] = {}

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.actor)

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = {**super().get_serializer_context()}
        if not getattr(self, "swagger_fake_view", False):
            context["actor"] = self.actor
        return context

    def filter_queryset(self, queryset: Any) -> Any:
        self.refuse_unknown_filters(queryset)
        return super().filter_queryset(queryset)

    def refuse_unknown_filters(self, queryset: Any) -> None:
        """Raise Invalid `unknown_filter` for an unknown query parameter. A misspelled filter would return all rows."""
        filters = getattr(DjangoFilterBackend().get_filterset_class(self, queryset), "base_filters", {})
        known = {*filters, "cursor", "page_size", "preview", "format", *(["ordering"] if self.orderings else [])}
        for name, parameter in getattr(self, "parameters", {}).items():
            known |= {name, parameter}
        for name in self.request.query_params:
            if name not in known:
                raise Invalid(
                    f"There is no such filter. Filters: {', '.join(sorted(known - {'format', 'preview'}))}.",
                    code="unknown_filter",
                    field=name,
                )

    def asked(self, model: type[models.Model]) -> dict[str, Any]:
        """The values of the request's filters, for a list that is not a queryset. Objects are their ids."""
        rows = model._default_manager.all()
        self.refuse_unknown_filters(rows)
        filters = DjangoFilterBackend().get_filterset(self.request, rows, self)
        if not filters.is_valid():
            raise translate_validation(filters.errors)
        return {
            name: getattr(value, "pk", value)
            for name, value in filters.form.cleaned_data.items()
            if value not in (None, "")
        }

    def listed(self, rows: Any, serializer: type[serializers.BaseSerializer[Any]] | None = None) -> Response:
        """A response with a page of `rows`, filtered and ordered by the query."""
        page = self.paginate_queryset(rows if isinstance(rows, Pages) else self.filter_queryset(rows))
        serialized = (serializer or self.get_serializer_class())(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(serialized.data)

    def shown(
        self, row: Any, serializer: type[serializers.BaseSerializer[Any]] | None = None, status: int = 200
    ) -> Response:
        """A response with one object and its ETag; with 201, also its Location."""
        serialized = (serializer or self.get_serializer_class())(row, context=self.get_serializer_context())
        response = Response(serialized.data, status=status)
        if (version := getattr(row, "version", None)) is not None:
            response["ETag"] = f'"{version}"'
        if status == 201 and getattr(self, "basename", None):
            response["Location"] = reverse(f"{self.basename}-detail", args=[row.pk], request=self.request)
        return response

    def found(self, rows: Any = None) -> Any:
        """The object of the address. Raises Http404 unless the actor may see it."""
        rows = self.get_queryset() if rows is None else rows
        if issubclass(rows.model, ContentModel):
            rows = with_section(rows)
        row = rows.filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404
        return row

    def found_by_insider(self) -> Any:
        """The object of the address. Raises Http404, NotSignedIn or NotAllowed unless the actor may view its drafts."""
        row = self.found()
        refuse_outsiders(self.actor, row, type(row).view_permission)
        return row


class Readable(Resource):
    """A resource with GET of the list and of one object."""

    def list(self, request: Request) -> Response:
        return self.listed(self.get_queryset())

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.found())


def creates(
    action: Action[Any, Any],
    *,
    model: type[models.Model],
    answers: type[serializers.BaseSerializer[Any]],
    given: tuple[str, Callable[[], Any]] | None = None,
) -> Callable[..., Response]:
    """The `create` method of a viewset: POST on the list runs `action` and responds 201 with its result.

    `given` is an argument that callers do not send, with the function that returns its value.
    """
    body = body_of(action, model=model, leave_out=(given[0],) if given else ())

    def create(self: Resource, request: Request) -> Response:
        known = {given[0]: given[1]()} if given else None
        return self.perform(request, action, lambda row: self.shown(row, answers, 201), body=body, given=known)

    return documented(create, action, body, {201: answers})


def updates(
    action: Action[Any, Any], *, model: type[models.Model], answers: type[serializers.BaseSerializer[Any]]
) -> Callable[..., Response]:
    """The `partial_update` method of a viewset: PATCH on the object runs `action`. It requires If-Match."""
    body = body_of(action, leave_out=(action.subject or "",), model=model, partial=True)

    def partial_update(self: Resource, request: Request, pk: str) -> Response:
        return self.perform(
            request,
            action,
            lambda row: self.shown(row, answers),
            subject=self.found(),
            body=body,
            version_needed=True,
        )

    return documented(partial_update, action, body, {200: answers})


def deletes(action: Action[Any, Any]) -> Callable[..., Response]:
    """The `destroy` method of a viewset: DELETE on the object runs `action`. It requires If-Match."""

    def destroy(self: Resource, request: Request, pk: str) -> Response:
        return self.perform(request, action, lambda _: Response(status=204), subject=self.found(), version_needed=True)

    return documented(destroy, action, None, {204: OpenApiResponse(description="Deleted.")})


def internally(answers: type[serializers.BaseSerializer[Any]]) -> Callable[..., Response]:
    """GET `<object>/internal/`: the representation for actors who may view the object's drafts.

    It responds 404 where the object is not visible, and 401 or 403 where only its public representation is.
    """

    def internal(self: Resource, request: Request, pk: str) -> Response:
        return self.shown(self.found_by_insider(), answers)

    internal.__doc__ = answers.__doc__
    routed = drf_action(detail=True, methods=["get"], url_path="internal", url_name="internal")(internal)
    return extend_schema(responses={200: answers}, description=(answers.__doc__ or "").strip())(routed)


def verb(
    action: Action[Any, Any],
    *,
    answers: type[serializers.BaseSerializer[Any]],
    model: type[models.Model] | None = None,
    path: str | None = None,
) -> Callable[..., Response]:
    """POST `<object>/<verb>/` runs `action` on the object of the address. If-Match is optional."""
    body = body_of(action, leave_out=(action.subject or "",), model=model, partial=True)
    name = re.sub(r"[._]", "-", action.name.split(".", 1)[1])

    def run(self: Resource, request: Request, pk: str) -> Response:
        return self.perform(request, action, lambda row: self.shown(row, answers), subject=self.found(), body=body)

    run.__name__ = action.name.split(".", 1)[1]
    # `drf_action` first: it would overwrite the attributes that `documented` sets for the schema.
    routed = drf_action(detail=True, methods=["post"], url_path=path or name, url_name=path or name)(run)
    return documented(routed, action, body, {200: answers})


def documented(
    view: Callable[..., Response], action: Action[Any, Any], body: type[ActionInput] | None, answers: dict[int, Any]
) -> Callable[..., Response]:
    """Declare the request body and the responses of `view`, which runs `action`, for the schema."""
    responses: dict[int, Any] = dict(answers)
    if action.submittable:
        responses[202] = SubmittedAnswer
    view.__doc__ = action.__doc__
    view.action_run = action  # type: ignore[attr-defined]
    return extend_schema(request=body, responses=responses)(view)


def if_match(request: Request, *, needed: bool) -> int | None:
    """The version in If-Match: `"7"`, or an ETag such as `"7-1f0c..."`, weak or not. None for `*` or without the header.

    Raises: VersionRequired without the header if `needed`; Stale `bad_version` for another format.
    """
    raw = request.headers.get("If-Match")
    if raw is None:
        if needed:
            raise VersionRequired("Send the ETag of the object as If-Match. Its GET returns it.", field="If-Match")
        return None
    if raw.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"([0-9]{1,9})(?:-[0-9a-f]{16})?"', raw.strip())
    if match is None:
        raise Stale(
            f'{raw[:40]!r} is not an ETag of this object. Send one such as "7".', code="bad_version", field="If-Match"
        )
    return int(match[1])


def submitted(submission: Any, request: Request) -> Response:
    """The 202 response for an action that waits for approval."""
    url = reverse("submission-detail", args=[submission.pk], request=request)
    answer = {"id": submission.pk, "state": submission.state, "url": url}
    return Response(answer, status=202, headers={"Location": url})

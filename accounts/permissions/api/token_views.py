"""The endpoints of API tokens and sessions."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as address
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.models.tokens import ApiToken
from accounts.permissions.rules.api_tokens import TOKEN_PERMISSIONS
from accounts.permissions.selectors.sections import organization
from accounts.permissions.services.api_tokens import create_token, revoke_token
from accounts.permissions.services.sessions import revoke_all_sessions, revoke_session
from theater_site.api.inputs import NamedText, body_of
from theater_site.api.resources import Readable, Resource, creates, verb
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotSignedIn


class ApiTokenRead(serializers.ModelSerializer[ApiToken]):
    """A token in a list, without its secret: only `hint`, its first letters, is stored."""

    permissions = serializers.ListField(
        child=NamedText(one_of=lambda: TOKEN_PERMISSIONS),
        help_text='Its view permissions. Example: ["view_schedule"]',
    )
    last_used_at = serializers.DateTimeField(
        source="use.at",
        default=None,
        allow_null=True,
        help_text="When it was last used, to the minute; null if never. Example: 2027-03-14T18:30:00Z",
    )

    class Meta:
        model = ApiToken
        fields: ClassVar[tuple[str, ...]] = (
            "id", "version", "name", "section", "permissions", "hint", "made_by", "created_at", "expires_at", "revoked_at",
            "last_used_at",
        )  # fmt: skip


class ApiTokenMade(ApiTokenRead):
    """A new token with its secret, which is shown only once."""

    token = serializers.CharField(
        source="secret",
        help_text="The token itself, shown only once; send it as `Authorization: Bearer`. Example: tp_Xk3...",
    )

    class Meta(ApiTokenRead.Meta):
        fields = (*ApiTokenRead.Meta.fields, "token")


class ApiTokenViewSet(Readable):
    """The API tokens of sections whose members you may see."""

    queryset = ApiToken.objects.select_related("use")
    serializer_class = ApiTokenRead
    ordering = ("-pk",)
    filterset_fields = ("section", "made_by")
    create = creates(create_token, model=ApiToken, answers=ApiTokenMade)
    revoke = verb(revoke_token, answers=ApiTokenRead)


class SessionRead(serializers.ModelSerializer[UserSession]):
    """One sign-in: its device, network address and time. Its token is never shown."""

    device = serializers.CharField(
        source="user_agent", help_text="How the browser or program identified itself. Example: Mozilla/5.0"
    )
    address = serializers.CharField(source="ip", help_text="The network address of the sign-in. Example: 203.0.113.7")
    last_seen_at = serializers.DateTimeField(help_text="When it was last used. Example: 2027-03-14T18:30:00Z")
    current = serializers.SerializerMethodField(help_text="Whether this request uses this session.")

    class Meta:
        model = UserSession
        fields = ("id", "device", "address", "created_at", "last_seen_at", "current")

    def get_current(self, session: UserSession) -> bool:
        auth = self.context["request"].auth
        return isinstance(auth, SessionBase) and auth.session_key == session.session_key


class OwnSessionViewSet(Resource):
    """Your own sessions, latest first."""

    nouns = ("session", "your sessions")
    queryset = UserSession.objects.all()
    serializer_class = SessionRead
    ordering = ("-pk",)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return UserSession.objects.none()
        if self.actor.kind is not ActorKind.USER:
            raise NotSignedIn("Sign in to see your sessions.")
        return UserSession.objects.filter(user_id=self.actor.user_id)

    def list(self, request: Request) -> Response:
        return self.listed(self.get_queryset())

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Signed out.")})
    def destroy(self, request: Request, pk: str) -> Response:
        """Sign out one of your sessions. It may be the session of this request."""
        session = self.get_queryset().filter(pk=pk).first()
        if session is None:
            raise Http404
        return self.perform(request, revoke_session, lambda _: Response(status=204), given={"session": session})

    destroy.action_run = revoke_session  # type: ignore[attr-defined]


class SessionViewSet(Resource):
    """Ends other people's sessions. It does not list them."""

    queryset = UserSession.objects.none()
    serializer_class = SessionRead
    _whose = body_of(revoke_all_sessions, leave_out=("organization",))

    @extend_schema(
        request=_whose,
        responses={204: OpenApiResponse(description="Signed out everywhere.")},
    )
    @address(detail=False, methods=["post"], url_path="revoke-all", url_name="revoke-all")
    def revoke_all(self, request: Request) -> Response:
        return self.perform(
            request,
            revoke_all_sessions,
            lambda _: Response(status=204),
            given={"organization": organization()},
            body=self._whose,
        )

    revoke_all.action_run = revoke_all_sessions  # type: ignore[attr-defined]

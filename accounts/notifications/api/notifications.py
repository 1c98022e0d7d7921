"""The endpoints of notifications: list, preferences, one-click unsubscribing, and the mail queue."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action as address
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.notifications.models.notifications import Notification
from accounts.notifications.models.preferences import NotificationPreferences
from accounts.notifications.rules.notification_kinds import KINDS, Delivery
from accounts.notifications.selectors.notifications import (
    mail_queue,
    mail_state,
    notifications_of,
    preferences_of,
    unread_count,
)
from accounts.notifications.services.notification_preferences import set_notification_preferences
from accounts.notifications.services.notifications import (
    read_all_notifications,
    read_notification,
    retry_all_mail,
    retry_mail,
)
from accounts.notifications.services.unsubscribing import unsubscribe
from accounts.permissions.selectors.sections import organization
from accounts.users.models.users import User
from theater_site.api.inputs import body_of
from theater_site.api.pagination import KeysetPagination
from theater_site.api.parsing import JSONParser
from theater_site.api.resources import ActingView, Resource, actor_of
from theater_site.core import runs
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotAllowed, NotSignedIn


def _own(request: Request) -> User:
    actor = actor_of(request)
    if actor.kind is not ActorKind.USER:
        raise NotSignedIn("Sign in to see your notifications.")
    user: User = actor.user
    return user


# --- The caller's own list -------------------------------------------------------------------------------------


class NotificationRead(serializers.ModelSerializer[Notification]):
    """A notification of the reader, in their language."""

    title = serializers.SerializerMethodField(help_text="The title of its kind, in the language of the request.")
    subject = serializers.CharField(help_text="The subject, as in a mail. Example: Your submission was approved")
    body = serializers.CharField(help_text="The text, as plain text.")

    class Meta:
        model = Notification
        fields: ClassVar[tuple[str, ...]] = (
            "id", "kind", "title", "subject", "body", "about_type", "about_id", "thread", "created_at", "read_at",
        )  # fmt: skip

    def get_title(self, row: Notification) -> str:
        return gettext(KINDS[row.kind].title) if row.kind in KINDS else row.kind


class MarkedRead(serializers.Serializer[Any]):
    """The number of notifications marked as read."""

    read = serializers.IntegerField(help_text="How many were unread before.")


class NotificationFilters(filters.FilterSet):
    unread = filters.BooleanFilter(
        field_name="read_at", lookup_expr="isnull", help_text="True for unread ones only, false for read ones only."
    )

    class Meta:
        model = Notification
        fields = ("kind", "thread", "about_type", "about_id")


class _NotificationPages(KeysetPagination):
    """Pages with the number of unread notifications."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        unread = {"type": "integer", "description": "How many are unread, regardless of page and filter. Example: 3"}
        return {
            **page,
            "required": [*page["required"], "unread"],
            "properties": {**page["properties"], "unread": unread},
        }


class NotificationViewSet(Resource):
    """Your notifications, latest first, mailed or not. `unread` counts all unread ones, regardless of page and filter."""

    nouns = ("of your notifications", "your notifications")
    queryset = Notification.objects.all()
    serializer_class = NotificationRead
    pagination_class = _NotificationPages
    ordering = ("-pk",)
    filterset_class = NotificationFilters
    _up_to = body_of(read_all_notifications, leave_out=("user",))

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Notification.objects.none()
        return notifications_of(_own(self.request))

    def list(self, request: Request) -> Response:
        answer = self.listed(self.get_queryset())
        answer.data["unread"] = unread_count(_own(request))
        return answer

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.found())

    @extend_schema(request=None, responses=NotificationRead)
    @address(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        return self.perform(request, read_notification, self.shown, given={"notification": self.found()})

    read.action_run = read_notification  # type: ignore[attr-defined]

    @extend_schema(request=_up_to, responses=MarkedRead)
    @address(detail=False, methods=["post"], url_path="read-all", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        return self.perform(
            request,
            read_all_notifications,
            lambda done: Response(done._asdict()),
            given={"user": _own(request)},
            body=self._up_to,
        )

    read_all.action_run = read_all_notifications  # type: ignore[attr-defined]


# --- The caller's own preferences ------------------------------------------------------------------------------


class KindRead(serializers.Serializer[Any]):
    """A kind of notification, and how it is delivered to you."""

    kind = serializers.CharField(help_text="The kind of notification, for programs. Example: submission_approved")
    title = serializers.CharField(help_text="What it is about, for people. Example: What became of your submissions")
    essential = serializers.BooleanField(help_text="Cannot be turned off.")
    delivery = serializers.ChoiceField(
        choices=[choice.value for choice in Delivery], help_text="How it is delivered to you. Example: digest"
    )
    choices = serializers.ListField(
        child=serializers.CharField(), help_text='How it can be delivered. Example: ["at_once", "digest", "off"]'
    )


class PreferencesRead(serializers.ModelSerializer[NotificationPreferences]):
    """How the caller is notified. Times are wall times in `timezone`."""

    language = serializers.CharField(
        source="user.language", help_text="BCP 47 tag of the language of your mails. Example: en"
    )
    timezone = serializers.CharField(
        source="user.timezone", help_text="IANA time zone of your mails. Example: Europe/Berlin"
    )
    kinds = serializers.SerializerMethodField(help_text="How each kind is delivered.")

    class Meta:
        model = NotificationPreferences
        fields = ("language", "timezone", "digest_at", "quiet_from", "quiet_until", "kinds")

    @extend_schema_field(KindRead(many=True))
    def get_kinds(self, row: NotificationPreferences) -> list[dict[str, Any]]:
        return [
            {
                "kind": name,
                "title": gettext(kind.title),
                "essential": kind.essential,
                "delivery": row.delivery_of(name).value,
                "choices": [choice.value for choice in kind.choices],
            }
            for name, kind in KINDS.items()
        ]


_CHOICES = body_of(set_notification_preferences, leave_out=("user",), model=NotificationPreferences, partial=True)


class PreferencesView(ActingView):
    """Get how you are notified."""

    @extend_schema(responses=PreferencesRead, operation_id="own_notification_preferences")
    def get(self, request: Request) -> Response:
        return Response(PreferencesRead(preferences_of(_own(request))).data)

    @extend_schema(
        request=_CHOICES,
        responses=PreferencesRead,
        operation_id="set_own_notification_preferences",
    )
    def patch(self, request: Request) -> Response:
        """Set how you are notified. Fields that are not sent stay as they are. Needs no version."""
        return self.perform(
            request,
            set_notification_preferences,
            lambda made: Response(PreferencesRead(made).data),
            given={"user": _own(request)},
            body=_CHOICES,
        )

    patch.action_run = set_notification_preferences  # type: ignore[attr-defined]


# --- One click -----------------------------------------------------------------------------------------------


class Unsubscribed(serializers.Serializer[Any]):
    """The kinds of notification that are no longer mailed."""

    kinds = serializers.ListField(child=serializers.CharField(), help_text="The kinds that are no longer mailed.")


class UnsubscribeView(ActingView):
    """One-click unsubscribing: a mail program posts here (RFC 8058). The token in the URL is enough; a GET changes
    nothing."""

    path_parameters = {"token": "The secret from the link in the mail."}

    parser_classes = (FormParser, MultiPartParser, JSONParser)
    guessed = frozenset({"unsubscribe_unknown"})

    @extend_schema(request=None, responses=Unsubscribed, auth=[])
    def post(self, request: Request, token: str) -> Response:
        return self.perform(request, unsubscribe, lambda done: Response(done._asdict()), given={"token": token})

    post.action_run = unsubscribe  # type: ignore[attr-defined]


# --- The mail queue ------------------------------------------------------------------------------------------


class MailRead(serializers.ModelSerializer[Notification]):
    """A mail and its delivery, without its text and address: these are between sender and reader."""

    state = serializers.SerializerMethodField(help_text="waiting, delivered or failed")

    class Meta:
        model = Notification
        fields = (
            "id", "kind", "recipient", "state", "created_at", "attempts", "next_attempt_at", "delivered_at", "last_error",
        )  # fmt: skip

    def get_state(self, row: Notification) -> str:
        return mail_state(row)


class MailRetried(serializers.Serializer[Any]):
    """The number of mails that are sent again."""

    retried = serializers.IntegerField(help_text="How many mails are sent again. Example: 4")


class MailFilters(filters.FilterSet):
    failed = filters.BooleanFilter(help_text="Only mails that were given up.")

    class Meta:
        model = Notification
        fields = ("kind", "recipient")


class MailViewSet(Resource):
    """The mails of the installation, latest first, for those who manage the members of the organization."""

    nouns = ("mail", "mails")
    queryset = Notification.objects.all()
    serializer_class = MailRead
    ordering = ("-pk",)
    filterset_class = MailFilters

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Notification.objects.none()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see this.")
        if not self.actor.holds("manage_members", organization(), runs.instant()):
            raise NotAllowed(
                "You may not see this; it needs the permission manage_members on the organization.",
                data={"needs": ["manage_members"]},
            )
        return mail_queue()

    def list(self, request: Request) -> Response:
        return self.listed(self.get_queryset())

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.shown(self.found())

    @extend_schema(request=None, responses=MailRead)
    @address(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        return self.perform(
            request, retry_mail, self.shown, given={"organization": organization(), "message": self.found()}
        )

    retry.action_run = retry_mail  # type: ignore[attr-defined]

    @extend_schema(request=None, responses=MailRetried)
    @address(detail=False, methods=["post"], url_path="retry-all", url_name="retry-all")
    def retry_all(self, request: Request) -> Response:
        return self.perform(
            request,
            retry_all_mail,
            lambda done: Response(done._asdict()),
            given={"organization": organization()},
        )

    retry_all.action_run = retry_all_mail  # type: ignore[attr-defined]

"""Endpoints of personal data: export your own, export another person's, erase a person."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import area, organization
from directory.selectors.personal_data import subject_of_account
from directory.services.personal_data import (
    Forgotten,
    PersonalData,
    erase_personal_data,
    export_personal_data,
    personal_data_of,
)
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, actor_of
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotSignedIn


class SubjectRead(serializers.Serializer[Any]):
    """The person whom the data are about."""

    user = serializers.IntegerField(allow_null=True, help_text="Id of the account; null if there is none. Example: 7")
    people = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of the people of the directory. Example: [12]"
    )
    emails = serializers.ListField(
        child=serializers.CharField(),
        help_text='Their known e-mail addresses. Example: ["bea@home.example"]',
    )


class PersonalDataRead(serializers.Serializer[Any]):
    """Everything stored about one person: rows by model ("ticketing.order")."""

    subject = SubjectRead(help_text="Who it is about.")
    held = serializers.DictField(
        child=serializers.ListField(child=serializers.DictField()),
        help_text='The stored rows by model. Example: {"ticketing.order": [{"buyer_name": "Bea Buyer"}]}',
    )


class ForgottenRead(serializers.Serializer[Any]):
    """Who was erased, and how many rows of each model were stored about them."""

    user = serializers.IntegerField(
        allow_null=True, help_text="Id of the erased account; null if there was none. Example: 7"
    )
    people = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Ids of the erased people of the directory. Example: [12]",
    )
    held = serializers.DictField(
        child=serializers.IntegerField(),
        help_text='How many rows of each model were stored. Example: {"ticketing.order": 2}',
    )


def _sections() -> dict[str, Any]:
    return {"organization": organization(), "directory": area("Directory")}


class OwnPersonalDataView(ActingView):
    """The data stored about the caller."""

    @extend_schema(responses=PersonalDataRead, operation_id="own_personal_data")
    def get(self, request: Request) -> Response:
        """Get everything stored about you: by your account, the person in the directory linked to it, and its verified
        e-mail addresses."""
        actor = actor_of(request)
        if actor.kind is not ActorKind.USER:
            raise NotSignedIn("Sign in to see the data stored about you.")
        return _whole(personal_data_of(subject_of_account(actor.user)))


class PersonalDataExportView(ActingView):
    """The data stored about another person. A POST, since request URLs are logged and this one would name a person."""

    _body = body_of(export_personal_data, leave_out=("organization", "directory"))

    @extend_schema(request=_body, responses=PersonalDataRead)
    def post(self, request: Request) -> Response:
        return self.perform(request, export_personal_data, _whole, given=_sections(), body=self._body)

    post.action_run = export_personal_data  # type: ignore[attr-defined]


class PersonalDataErasureView(ActingView):
    """The erasure of a person in all apps."""

    _body = body_of(erase_personal_data, leave_out=("organization", "directory"))

    @extend_schema(request=_body, responses=ForgottenRead)
    def post(self, request: Request) -> Response:
        return self.perform(request, erase_personal_data, _forgotten, given=_sections(), body=self._body)

    post.action_run = erase_personal_data  # type: ignore[attr-defined]


def _whole(data: PersonalData) -> Response:
    # Proxies and browsers must not store personal data.
    return Response(data.document(), headers={"Cache-Control": "no-store"})


def _forgotten(done: Forgotten) -> Response:
    return Response({"user": done.user, "people": done.people, "held": done.held})

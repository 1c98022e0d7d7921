"""Endpoints of the directory: people, their credits, their consents."""

from __future__ import annotations

from typing import Any

from django.http import Http404, StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action as address
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Section
from accounts.permissions.selectors.sections import area
from directory.api import serializers
from directory.api.duplicates import found_person, refuse_merged
from directory.models import Consent, Credit, Person, PersonKind
from directory.rules.credits_table import COLUMNS
from directory.selectors.credits import credit_counts, credit_rows, history_of, with_role
from directory.selectors.people import matching, own_person
from directory.services.consents import give_consent, withdraw_consent
from directory.services.credits import add_credit, remove_credit, update_credit
from directory.services.distinct import mark_distinct, unmark_distinct
from directory.services.merging import merge_people, unmerge_person
from directory.services.people import (
    add_alias,
    create_person,
    delete_person,
    describe_self,
    link_user,
    publish_person,
    remove_alias,
    unpublish_person,
    update_contact,
    update_person,
)
from productions.api.scenes import cast_viewed, one_production
from productions.models import Character, Production
from theater_site.api.csv_files import csv_file
from theater_site.api.resources import (
    Readable,
    Resource,
    SubmittedAnswer,
    actor_of,
    creates,
    deletes,
    internally,
    updates,
    verb,
)
from theater_site.core import runs
from theater_site.core.actors import ActorKind
from theater_site.core.errors import NotAllowed, NotSignedIn


def directory() -> Section:
    """The section that all people belong to."""
    return area("Directory")


class PersonFilter(filters.FilterSet):
    search = filters.CharFilter(
        method="by_words",
        label="Words, each part of a name, an alias or a credited role, whatever the case and accents. Example: bell nina",
    )

    class Meta:
        model = Person
        fields = ("kind",)

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        return matching(rows, value, actor_of(self.request))


class PersonViewSet(Readable):
    """People and groups by name: those with a public page, oneself, and all for those who may view the directory."""

    queryset = Person.objects.prefetch_related("aliases")
    serializer_class = serializers.PersonPublic
    filterset_class = PersonFilter
    ordering = ("sort_key", "pk")
    create = creates(create_person, model=Person, answers=serializers.PersonInternal, given=("section", directory))
    partial_update = updates(update_person, model=Person, answers=serializers.PersonInternal)
    destroy = deletes(delete_person)
    publish = verb(publish_person, answers=serializers.PersonInternal)
    unpublish = verb(unpublish_person, answers=serializers.PersonInternal)
    add_alias = verb(add_alias, answers=serializers.PersonInternal)
    remove_alias = verb(remove_alias, answers=serializers.PersonInternal)
    link_user = verb(link_user, answers=serializers.PersonInternal)
    update_contact = verb(update_contact, answers=serializers.PersonInternal, model=Person, path="contact")
    describe_self = extend_schema(responses={200: serializers.PersonInternal, 202: SubmittedAnswer})(
        verb(describe_self, answers=serializers.PersonInternal, model=Person)
    )

    merge = verb(merge_people, answers=serializers.PersonInternal)
    unmerge = verb(unmerge_person, answers=serializers.PersonUnmerged)
    mark_distinct = verb(mark_distinct, answers=serializers.PersonInternal)
    unmark_distinct = verb(unmark_distinct, answers=serializers.PersonInternal)

    def found(self, rows: Any = None) -> Any:
        """The person of the address. An old id of a merged person answers 404 with the code `merged` and the new id."""
        try:
            return super().found(rows)
        except Http404:
            refuse_merged(self.actor, self.kwargs["pk"])
            raise

    def list(self, request: Request) -> Response:
        # Decrypting fields that a list does not show would take longer than the rest of the request.
        return self.listed(self.get_queryset().defer("email", "phone"))

    @extend_schema(responses=serializers.PersonInternal)
    @address(detail=True, methods=["get"])
    def internal(self, request: Request, pk: str) -> Response:
        """A person for those who work on the directory, and for the person: with contact data."""
        person = self.found()
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see this.")
        own = self.actor.user_id is not None and person.user_id == self.actor.user_id
        if not own and not self.actor.holds(Person.view_permission, person, runs.instant()):
            raise NotAllowed(f"You may not see this; it needs the permission {Person.view_permission}.")
        return self.shown(person, serializers.PersonInternal)

    @extend_schema(responses=serializers.PersonInternal)
    @address(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """Get your own entry in the directory. Errors: 404 if you have none."""
        if self.actor.kind is ActorKind.PUBLIC:
            raise NotSignedIn("Sign in to see your entry in the directory.")
        person = own_person(self.actor)
        if person is None:
            raise Http404
        return self.shown(person, serializers.PersonInternal)


def _visible(model: type[Any]) -> Any:
    """The rows that a filter may name: an id that the actor may not see is answered like an unknown one."""

    def rows(request: Request | None) -> Any:
        return model.objects.visible_to(actor_of(request)) if request is not None else model.objects.none()

    return rows


class CreditFilter(filters.FilterSet):
    production = filters.ModelChoiceFilter(queryset=_visible(Production))
    person = filters.ModelChoiceFilter(queryset=_visible(Person))
    role = filters.CharFilter(method="by_role", label="Part of the role, whatever its case and accents. Example: nina")

    character = filters.ModelChoiceFilter(queryset=_visible(Character))

    class Meta:
        model = Credit
        fields = ("kind", "holding", "team")

    def by_role(self, rows: Any, name: str, value: str) -> Any:
        return with_role(rows, value)


class CreditViewSet(Readable):
    """Credits, in billing order within each production."""

    queryset = Credit.objects.select_related("production", "person")
    serializer_class = serializers.CreditPublic
    filterset_class = CreditFilter
    ordering = ("production_id", "billing_order", "pk")
    create = creates(add_credit, model=Credit, answers=serializers.CreditInternal)
    partial_update = updates(update_credit, model=Credit, answers=serializers.CreditInternal)
    destroy = deletes(remove_credit)
    internal = internally(serializers.CreditInternal)

    @extend_schema(
        parameters=[
            OpenApiParameter("production", int, required=True, description="Id of the production. Example: 12")
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        filters=False,
    )
    @address(detail=False, methods=["get"], url_path="export", url_name="export", pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Export the credits of one production as CSV, in the format of `manage.py import_cast`. For those who may view
        its cast."""
        production = cast_viewed(request, one_production(request))
        return csv_file(f"cast-{production.slug}", COLUMNS, credit_rows(production))


class HistoryViewSet(Resource):
    """The credits of one person or group, the latest opening first."""

    nouns = ("credit", "the credits of a person")
    queryset = Credit.objects.all()
    serializer_class = serializers.CreditPublic
    ordering = ("-production__opens_on", "-pk")

    @extend_schema(
        parameters=[
            OpenApiParameter("person", int, OpenApiParameter.PATH, description="Id of the person or group. Example: 12")
        ]
    )
    def list(self, request: Request, person: str) -> Response:
        return self.listed(history_of(found_person(request, person)).visible_to(self.actor))


class CountFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(field_name="person__kind", choices=PersonKind.choices)


class MostCreditedViewSet(Resource):
    """People and groups with a public page by how often public productions credit them, the most credited first."""

    nouns = ("person", "the people who are credited most")
    queryset = Credit.objects.all()
    serializer_class = serializers.MostCredited
    filterset_class = CountFilter
    ordering = ("-credit_count", "person_id")

    def list(self, request: Request) -> Response:
        # Count before reading names: with half a million credits this takes a tenth of the time.
        page: Any = self.paginate_queryset(self.filter_queryset(credit_counts()))
        people = Person.objects.defer("email", "phone").in_bulk([row["person_id"] for row in page])
        for row in page:
            people[row["person_id"]].credit_count = row["credit_count"]  # type: ignore[attr-defined]
        made = serializers.MostCredited([people[row["person_id"]] for row in page], many=True)
        return self.get_paginated_response(made.data)


class ConsentFilter(filters.FilterSet):
    person = filters.ModelChoiceFilter(queryset=_visible(Person))

    class Meta:
        model = Consent
        fields = ("purpose",)


class ConsentViewSet(Readable):
    """Consents, latest first: your own, and everybody's for those who may view the directory."""

    queryset = Consent.objects.all()
    serializer_class = serializers.ConsentRead
    filterset_class = ConsentFilter
    ordering = ("-pk",)
    create = creates(give_consent, model=Consent, answers=serializers.ConsentRead)
    withdraw = verb(withdraw_consent, answers=serializers.ConsentRead)

    def get_queryset(self) -> Any:
        if self.actor.kind is ActorKind.PUBLIC and not getattr(self, "swagger_fake_view", False):
            raise NotSignedIn("Sign in to see this.")
        return super().get_queryset()

"""Endpoints of duplicates: people who may be the same, by pairs or for one name."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import area
from directory.models import Person, PersonMerge
from directory.models.people import merged_error
from directory.rules.duplicates import Certainty, Reason
from directory.selectors.duplicates import duplicate_pairs, similar_people, similar_to
from theater_site.api.resources import ActingView, actor_of, refuse_outsiders, visible
from theater_site.core.actors import Actor
from theater_site.core.errors import Invalid

_REASONS = 'Why: names, nicknames, aliases, years, e-mail address. Example: ["same_name", "same_email"]'
_CERTAINTY = "How certain that is; only the same name and e-mail address are certain. Example: likely"


class PersonCompared(serializers.ModelSerializer[Person]):
    """A person in a list of possible duplicates."""

    class Meta:
        model = Person
        fields = ("id", "version", "kind", "name", "sort_name", "published_at")


class LikenessRead(serializers.Serializer[Any]):
    """How likely two people are the same, and why."""

    score = serializers.FloatField(source="likeness.score", help_text="How likely, from 0 to 1. Example: 0.92")
    certainty = serializers.ChoiceField(
        choices=[each.value for each in Certainty], source="likeness.certainty.value", help_text=_CERTAINTY
    )
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=[each.value for each in Reason]),
        source="likeness.reasons",
        help_text=_REASONS,
    )


class CandidateRead(LikenessRead):
    """A person who may be the one asked about."""

    person = PersonCompared(help_text="The person who may be meant.")
    first_year = serializers.SerializerMethodField(help_text="The year of their first credit, if known. Example: 1998")
    last_year = serializers.SerializerMethodField(help_text="The year of their last credit, if known. Example: 2026")

    def get_first_year(self, row: Any) -> int | None:
        return row.years[0] if row.years else None

    def get_last_year(self, row: Any) -> int | None:
        return row.years[1] if row.years else None


class SimilarRead(serializers.Serializer[Any]):
    """People who may be meant by a name, the most likely first."""

    results = CandidateRead(many=True, help_text="The people, the most likely first; at most ten.")


class PairRead(LikenessRead):
    """Two people who may be the same."""

    first = PersonCompared(help_text="The person with the lower id.")
    second = PersonCompared(help_text="The person with the higher id.")


class DuplicatesRead(serializers.Serializer[Any]):
    """Pairs of people who may be the same, the most likely first."""

    results = PairRead(many=True, help_text="The pairs, the most likely first; at most a hundred.")


class DuplicatesView(ActingView):
    """People who may be the same. For those who may view the directory."""

    @extend_schema(responses=DuplicatesRead, operation_id="people_duplicates")
    def get(self, request: Request) -> Response:
        """List the hundred most likely pairs of people who may be the same. Merge a pair, or mark it as distinct, and the next
        ones follow."""
        _reader(request, set())
        return Response(DuplicatesRead({"results": duplicate_pairs()}).data)


class SimilarView(ActingView):
    """People whose names are like a given one. For those who may view the directory."""

    @extend_schema(
        parameters=[
            OpenApiParameter("name", str, description="A name as it is typed. Example: Ana Bell"),
            OpenApiParameter(
                "person", int, description="Or the id of a person, whose duplicates are sought. Example: 12"
            ),
        ],
        responses=SimilarRead,
        operation_id="people_similar",
    )
    def get(self, request: Request) -> Response:
        """Find the people who may be meant by a name ("do you mean ...?"), or who may be the same as a person. Ask before you
        create a person. Errors: `required` without a name and a person."""
        actor = _reader(request, {"name", "person"})
        name, person = request.query_params.get("name", "").strip(), request.query_params.get("person", "")
        if person:
            pk = int(person) if person.isascii() and person.isdigit() and len(person) <= 18 else 0
            row = Person.objects.visible_to(actor).filter(pk=pk).first()
            if row is None:
                refuse_merged(actor, pk)
                raise Http404
            return Response(SimilarRead({"results": similar_people(row)}).data)
        if not name:
            raise Invalid("Give a name, or the id of a person.", code="required", field="name")
        if len(name) > 300:
            raise Invalid("A name has at most 300 characters.", code="max_length", field="name")
        return Response(SimilarRead({"results": similar_to(name)}).data)


def found_person(request: Request, pk: str) -> Person:
    """The person of a nested address. Raises Http404 unless the actor may see them; NotFound `merged` for an old id."""
    try:
        person: Person = visible(request, Person, pk)
    except Http404:
        refuse_merged(actor_of(request), pk)
        raise
    return person


def refuse_merged(actor: Actor, pk: Any) -> None:
    """Raise NotFound `merged` if `pk` is the old id of a person merged into one whom the actor may see."""
    merge = PersonMerge.objects.filter(old_id=pk).first()
    if merge is not None and Person.objects.visible_to(actor).filter(pk=merge.survivor_id).exists():
        raise merged_error(merge.survivor_id)


def _reader(request: Request, known: set[str]) -> Actor:
    """The actor, who may view the directory. Raises Invalid `unknown_filter` for a parameter that is not `known`."""
    actor = actor_of(request)
    refuse_outsiders(actor, area("Directory"), Person.view_permission)
    for name in request.query_params:
        if name not in known | {"format"}:
            raise Invalid("There is no such filter.", code="unknown_filter", field=name)
    return actor

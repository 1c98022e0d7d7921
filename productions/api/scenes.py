"""Endpoints of scenes, characters, the breakdown chart, and departments."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as drf_action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import organization
from productions.models import Character, Department, Job, Production, Scene
from productions.rules.parts_table import COLUMNS
from productions.selectors.scenes import breakdown_of, part_rows
from productions.services.departments import create_department, delete_department, update_department
from productions.services.scenes import (
    create_character,
    create_scene,
    delete_character,
    delete_scene,
    reorder_scenes,
    set_characters,
    update_character,
    update_scene,
)
from theater_site.api.csv_files import csv_file
from theater_site.api.inputs import body_of
from theater_site.api.resources import (
    ActingView,
    Readable,
    SubmittedAnswer,
    actor_of,
    creates,
    deletes,
    internally,
    refuse_outsiders,
    updates,
    verb,
    visible,
)
from theater_site.core.errors import Invalid


class ScenePublic(serializers.ModelSerializer[Scene]):
    """A scene as a program may print it."""

    songs = serializers.ListField(
        child=serializers.CharField(), help_text='The songs in it, in their order. Example: ["Mack the Knife"]'
    )

    class Meta:
        model = Scene
        fields = ("id", "production", "order", "number", "title", "place", "songs")


class SceneInternal(ScenePublic):
    """A scene for those who work on the play."""

    class Meta:
        model = Scene
        fields = (*ScenePublic.Meta.fields, "version", "pages", "summary", "created_at", "updated_at")


class CharacterPublic(serializers.ModelSerializer[Character]):
    """A part as a program may print it."""

    class Meta:
        model = Character
        fields = ("id", "production", "order", "name", "kind", "is_group", "description")


class CharacterInternal(CharacterPublic):
    """A part for those who work on the play."""

    class Meta:
        model = Character
        fields = (*CharacterPublic.Meta.fields, "version", "doubling", "created_at", "updated_at")


class JobRead(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = ("id", "name")


class DepartmentRead(serializers.ModelSerializer[Department]):
    """A department and its jobs, in their order."""

    jobs = serializers.SerializerMethodField(help_text="Its jobs, in the order in which programs list them.")

    class Meta:
        model = Department
        fields = ("id", "version", "name", "order", "jobs")

    @extend_schema(responses=JobRead(many=True))
    def get_jobs(self, department: Department) -> list[dict[str, Any]]:
        jobs = sorted(department.jobs.all(), key=lambda job: (job.order, job.pk))
        return [{"id": job.pk, "name": job.name} for job in jobs]


class BreakdownScene(SceneInternal):
    characters = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="The ids of the characters that are in the scene. Example: [3, 8]",
    )

    class Meta:
        model = Scene
        fields = ("id", "order", "number", "title", "place", "pages", "songs", "characters")


class BreakdownRead(serializers.Serializer[Any]):
    """The breakdown chart: each scene with the ids of its characters, in the order of `characters`."""

    production = serializers.IntegerField(help_text="Id of the production. Example: 12")
    scenes = BreakdownScene(many=True, help_text="The scenes in the order of the play.")
    characters = CharacterInternal(many=True, help_text="The parts in their order.")


class _OfProduction(filters.FilterSet):
    production = filters.ModelChoiceFilter(
        queryset=lambda request: (
            Production.objects.visible_to(actor_of(request)) if request is not None else Production.objects.none()
        )
    )


class SceneFilter(_OfProduction):
    class Meta:
        model = Scene
        fields = ("number",)


class CharacterFilter(_OfProduction):
    class Meta:
        model = Character
        fields = ("kind", "is_group")


class SceneViewSet(Readable):
    """Scenes in their order: those of public productions, and drafts for those who may view the cast."""

    queryset = Scene.objects.select_related("production")
    serializer_class = ScenePublic
    filterset_class = SceneFilter
    ordering = ("production_id", "order", "pk")
    create = creates(create_scene, model=Scene, answers=SceneInternal)
    partial_update = updates(update_scene, model=Scene, answers=SceneInternal)
    destroy = deletes(delete_scene)
    internal = internally(SceneInternal)
    set_characters = verb(set_characters, answers=SceneInternal, path="characters")


class CharacterViewSet(Readable):
    """Parts in their order: those of public productions, and drafts for those who may view the cast."""

    queryset = Character.objects.select_related("production")
    serializer_class = CharacterPublic
    filterset_class = CharacterFilter
    ordering = ("production_id", "order", "pk")
    create = creates(create_character, model=Character, answers=CharacterInternal)
    partial_update = updates(update_character, model=Character, answers=CharacterInternal)
    destroy = deletes(delete_character)
    internal = internally(CharacterInternal)

    @extend_schema(
        parameters=[
            OpenApiParameter("production", int, required=True, description="Id of the production. Example: 12")
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        filters=False,
    )
    @drf_action(detail=False, methods=["get"], url_path="export", url_name="export", pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """Export the parts of one production as CSV, in the format of `manage.py import_cast --parts`. For those who may
        view its cast."""
        production = cast_viewed(request, one_production(request))
        return csv_file(f"parts-{production.slug}", COLUMNS, part_rows(production))


class DepartmentViewSet(Readable):
    """The departments of the theater in their order, each with its jobs."""

    queryset = Department.objects.prefetch_related("jobs")
    serializer_class = DepartmentRead
    ordering = ("order", "pk")
    create = creates(create_department, model=Department, answers=DepartmentRead, given=("organization", organization))
    partial_update = updates(update_department, model=Department, answers=DepartmentRead)
    destroy = deletes(delete_department)


class BreakdownView(ActingView):
    """The breakdown chart of one production, for those who may view its cast."""

    @extend_schema(responses=BreakdownRead, operation_id="production_breakdown")
    def get(self, request: Request, production: str) -> Response:
        """Get the breakdown of a play: every scene with its characters."""
        return Response(_chart(cast_viewed(request, production)))


class SceneOrderView(ActingView):
    """The order of a production's scenes."""

    _body = body_of(reorder_scenes, leave_out=("production",))

    @extend_schema(
        request=_body,
        responses={200: BreakdownRead, 202: SubmittedAnswer},
        operation_id="production_scene_order",
    )
    def post(self, request: Request, production: str) -> Response:
        row = visible(request, Production, production)
        return self.perform(request, reorder_scenes, lambda done: Response(_chart(done)), subject=row, body=self._body)

    post.action_run = reorder_scenes  # type: ignore[attr-defined]


def one_production(request: Request) -> str:
    """Return the id of the production in the query; Invalid if it is missing."""
    pk = request.query_params.get("production", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        raise Invalid("Give the production: ?production=7.", code="required", field="production")
    return pk


def cast_viewed(request: Request, pk: str) -> Production:
    """Return the production for those who may view its cast. Raises: NotAllowed, or NotFound if it is not visible."""
    row: Production = visible(request, Production, pk)
    refuse_outsiders(actor_of(request), row, "view_cast")
    return row


def _chart(production: Production) -> dict[str, Any]:
    chart = breakdown_of(production)
    for scene in chart.scenes:
        scene.characters = chart.within[scene.pk]  # type: ignore[attr-defined]
    whole = {"production": production.pk, "scenes": chart.scenes, "characters": chart.characters}
    return dict(BreakdownRead(whole).data)

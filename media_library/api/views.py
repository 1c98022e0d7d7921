"""The views of the media library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action as drf_action
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.selectors.sections import organization
from media_library.api import serializers
from media_library.models import Asset, Collection, CollectionItem, StagedFile, Tag, VideoLink
from media_library.rules.pictures import make_safe
from media_library.selectors.assets import COLUMNS, Labels, depicting, labels_of, with_tag
from media_library.selectors.renditions import WIDTHS, opened, rendition
from media_library.services import assets, collections, files, videos
from media_library.services.headshots import give_headshot
from theater_site.api.inputs import ActionInput, body_of
from theater_site.api.resources import Readable, Resource, SubmittedAnswer, actor_of, deletes, internally, updates, verb
from theater_site.core.actions import Action
from theater_site.core.errors import Invalid
from theater_site.core.text import fold

# no-cache: caches must revalidate by the ETag. Otherwise they would serve a picture whose consent was withdrawn.
_PUBLIC_CACHE = "public, no-cache"
_PRIVATE_CACHE = "private, no-cache"
# Some generated clients cannot read image types.
_BYTES = "application/octet-stream"


def _body_without_section(action: Action[Any, Any], model: type[Any]) -> type[ActionInput]:
    """The body of an action with the input `section`: the section of the production, else the organization."""
    body = body_of(action, model=model, leave_out=("section",))

    class WithSection(body):  # type: ignore[misc,valid-type]
        def validate(self, data: dict[str, Any]) -> dict[str, Any]:
            production = data.get("production")
            return {**data, "section": production.section if production is not None else organization()}

    WithSection.__name__ = body.__name__
    return WithSection


_ASSET_BODY = _body_without_section(assets.create_asset, Asset)
_COLLECTION_BODY = _body_without_section(collections.create_collection, Collection)
_HEADSHOT_BODY = body_of(give_headshot, model=Asset)
_VIDEO_BODY = _body_without_section(videos.link_video, VideoLink)


class _AnyAccept(BaseContentNegotiation):
    """Accepts every `Accept` header: an <img> does not accept JSON, and a stored file has only one type."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


_serves_a_picture = extend_schema(
    parameters=[
        OpenApiParameter(
            "width", int, enum=WIDTHS, description="Get a still WebP of at most this width in pixels. Example: 640"
        )
    ],
    responses={
        (200, "image/*", "application/octet-stream"): OpenApiTypes.BINARY,
        304: OpenApiResponse(description="The picture has not changed since the ETag in `If-None-Match`."),
    },
)


class FileViewSet(Resource):
    """Uploads. Each is visible to its uploader and to those who may view media."""

    queryset = StagedFile.objects.all()
    serializer_class = serializers.StagedFileRead
    ordering = ("-pk",)
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": serializers.UploadInput}, responses={201: serializers.StagedFileRead}
    )
    def create(self, request: Request) -> Response:
        """Upload a picture. Its content is checked and stored without metadata. An upload that is not used within a day is
        deleted.

        Create an asset with the id of the upload. Errors: `too_many_uploads`, and the codes `picture_empty`,
        `not_a_picture`, `picture_format`, `picture_too_large`, `picture_truncated`, `picture_unreadable`.
        """
        files.refuse_unless_uploader(self.actor)
        file = request.FILES.get("file")
        if file is None:
            raise Invalid("Send the picture as the part `file` of multipart/form-data.", code="required", field="file")
        # Before the transaction begins: decoding takes seconds, for which other writers on SQLite would wait.
        picture = make_safe(file)

        def answer(staged: StagedFile) -> Response:
            files.store_on_commit(staged, picture.content)
            return self.shown(staged, status=201)

        return self.perform(request, files.stage_file, answer, given=files.facts_of(picture))

    create.action_run = files.stage_file  # type: ignore[attr-defined]

    def retrieve(self, request: Request, pk: str) -> Response:
        """Get the type, size and dimensions of an upload."""
        return self.shown(self.found())

    @_serves_a_picture
    @drf_action(detail=True, methods=["get"], url_path="file", url_name="file", content_negotiation_class=_AnyAccept)
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """Get the file of an upload, or with `?width=` a smaller one, such as before you approve a submission with it.

        The media type is that of the picture, or `application/octet-stream` if `Accept` has only that.
        """
        return _file_response(request, self.found(), _PRIVATE_CACHE)


class AssetFilter(filters.FilterSet):
    title = filters.CharFilter(
        method="by_title",
        label="Only pictures with this text in the title or credit line, ignoring case and accents. Example: rehearsal",
    )
    tag = filters.CharFilter(method="by_tag", label="Only pictures with this tag. Example: rehearsal")
    person = filters.NumberFilter(method="by_person", label="Only pictures of this person, by id. Example: 12")
    collection = filters.NumberFilter(
        method="by_collection", label="Only pictures of this collection, by id. Example: 3"
    )

    class Meta:
        model = Asset
        fields = ("production",)

    def by_title(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(title_folded__contains=fold(value))

    def by_tag(self, rows: Any, name: str, value: str) -> Any:
        return with_tag(rows, value)

    def by_person(self, rows: Any, name: str, value: Any) -> Any:
        return depicting(rows, _id(value, name), actor_of(self.request))

    def by_collection(self, rows: Any, name: str, value: Any) -> Any:
        items = CollectionItem.objects.filter(
            collection__in=Collection.objects.visible_to(actor_of(self.request)), collection_id=_id(value, name)
        )
        return rows.filter(pk__in=items.values("asset_id"))


def _id(value: Any, name: str) -> int:
    if value != int(value) or not 0 < value < 2**63:
        raise Invalid("This is not a valid id. Send a whole number.", code="not_an_id", field=name)
    return int(value)


class _Pictures(Readable):
    """A resource whose responses contain pictures. Loads the labels of all of them at once."""

    _labels: Labels | None = None

    def label(self, assets: Sequence[int]) -> None:
        """Load the labels of these pictures, by id, for the serializers."""
        self._labels = labels_of(assets, self.actor)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "labels": self._labels}


class AssetViewSet(_Pictures):
    """Pictures, newest first: the public ones, and drafts for those who may view media."""

    queryset = Asset.objects.all()
    serializer_class = serializers.AssetPublic
    filterset_class = AssetFilter
    ordering = ("-pk",)
    orderings = {"title": ("title", "pk")}
    partial_update = updates(assets.update_asset, model=Asset, answers=serializers.AssetInternal)
    destroy = deletes(assets.delete_asset)
    internal = internally(serializers.AssetInternal)
    publish = verb(assets.publish_asset, answers=serializers.AssetInternal)
    unpublish = verb(assets.unpublish_asset, answers=serializers.AssetInternal)
    set_tags = verb(assets.set_asset_tags, answers=serializers.AssetInternal)
    depict = verb(assets.depict, answers=serializers.AssetInternal)
    undepict = verb(assets.undepict, answers=serializers.AssetInternal)

    def list(self, request: Request) -> Response:
        return self.listed(self.get_queryset().values("pk", *COLUMNS))

    def paginate_queryset(self, queryset: Any) -> Any:
        page: list[Any] = super().paginate_queryset(queryset) or []
        self.label([row["id"] for row in page])
        return page

    def shown(self, row: Any, serializer: Any = None, status: int = 200) -> Response:
        self.label([row.pk])
        return super().shown(row, serializer, status)

    @extend_schema(request=_ASSET_BODY, responses={201: serializers.AssetInternal})
    def create(self, request: Request) -> Response:
        """Create an asset from an uploaded picture, for a production, or for the organization without one."""
        return self.perform(
            request,
            assets.create_asset,
            lambda asset: self.shown(asset, serializers.AssetInternal, 201),
            body=_ASSET_BODY,
        )

    create.action_run = assets.create_asset  # type: ignore[attr-defined]

    @_serves_a_picture
    @drf_action(detail=True, methods=["get"], url_path="file", url_name="file", content_negotiation_class=_AnyAccept)
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """Get the file of a picture, or with `?width=` a smaller one.

        Caches may store a public one but must revalidate it by its ETag. The media type is that of the picture, or
        `application/octet-stream` if `Accept` has only that.
        """
        asset: Asset = self.found(Asset.objects.visible_to(self.actor).select_related("file"))
        return _file_response(request, asset.file, _PUBLIC_CACHE if asset.published_at is not None else _PRIVATE_CACHE)

    @extend_schema(request=_HEADSHOT_BODY, responses={201: serializers.AssetInternal, 202: SubmittedAnswer})
    @drf_action(detail=False, methods=["post"])
    def headshot(self, request: Request) -> Response:
        return self.perform(
            request,
            give_headshot,
            lambda asset: self.shown(asset, serializers.AssetInternal, 201),
            body=_HEADSHOT_BODY,
        )

    headshot.action_run = give_headshot  # type: ignore[attr-defined]
    headshot.__doc__ = give_headshot.__doc__


def _file_response(request: Request, file: StagedFile, cache: str) -> HttpResponseBase:
    """A response with the file, with the rendition of `?width=`, or 304."""
    width = _width(request.query_params.get("width"))
    etag = f'"{file.sha256}{f"-{width}" if width else ""}"'
    response: HttpResponseBase
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]:
        response = HttpResponseNotModified()
    elif width:
        response = HttpResponse(rendition(file, width), content_type="image/webp")
    else:
        response = FileResponse(opened(file), content_type=file.mime_type)
        response["Content-Length"] = str(file.byte_size)
    if request.headers.get("Accept") == _BYTES:
        response["Content-Type"] = _BYTES
    response["ETag"] = etag
    response["Cache-Control"] = cache
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _width(raw: str | None) -> int | None:
    if raw is None:
        return None
    if raw not in {str(width) for width in WIDTHS}:
        raise Invalid(f"Choose one of: {', '.join(map(str, WIDTHS))}.", code="unknown_width", field="width")
    return int(raw)


class TagViewSet(Readable):
    """Tags in alphabetical order: those of public pictures, and all for those who may view media."""

    queryset = Tag.objects.all()
    serializer_class = serializers.TagPublic
    ordering = ("name", "pk")


class CollectionViewSet(_Pictures):
    """Collections, newest first: the public ones, and drafts for those who may view media."""

    queryset = Collection.objects.all()
    serializer_class = serializers.CollectionPublic
    ordering = ("-pk",)
    filterset_fields = ("production",)
    partial_update = updates(collections.update_collection, model=Collection, answers=serializers.CollectionInternal)
    destroy = deletes(collections.delete_collection)
    internal = internally(serializers.CollectionInternal)
    publish = verb(collections.publish_collection, answers=serializers.CollectionInternal)
    unpublish = verb(collections.unpublish_collection, answers=serializers.CollectionInternal)
    add_asset = verb(collections.add_asset, answers=serializers.CollectionInternal)
    remove_asset = verb(collections.remove_asset, answers=serializers.CollectionInternal)
    arrange = verb(collections.arrange, answers=serializers.CollectionInternal)

    @extend_schema(request=_COLLECTION_BODY, responses={201: serializers.CollectionInternal})
    def create(self, request: Request) -> Response:
        """Create an empty collection, for a production, or for the organization without one."""
        return self.perform(
            request,
            collections.create_collection,
            lambda collection: self.shown(collection, serializers.CollectionInternal, 201),
            body=_COLLECTION_BODY,
        )

    create.action_run = collections.create_collection  # type: ignore[attr-defined]

    @extend_schema(responses={200: serializers.CollectionItemPublic(many=True)})
    @drf_action(
        detail=True,
        methods=["get"],
        ordering=("position", "pk"),
        filterset_fields=(),
        serializer_class=serializers.CollectionItemPublic,
    )
    def items(self, request: Request, pk: str) -> Response:
        """List the pictures of a collection that you may see, in their order."""
        collection = self.found()
        visible = Asset.objects.visible_to(self.actor)
        rows = CollectionItem.objects.filter(collection=collection, asset__in=visible)
        return self.listed(rows.select_related("asset"))

    def paginate_queryset(self, queryset: Any) -> Any:
        page: list[Any] = super().paginate_queryset(queryset) or []
        if self.action == "items":
            self.label([item.asset_id for item in page])
        return page


class VideoLinkViewSet(Readable):
    """Videos on YouTube and Vimeo, newest first: the public ones, and drafts for those who may view media."""

    queryset = VideoLink.objects.all()
    serializer_class = serializers.VideoLinkPublic
    ordering = ("-pk",)
    filterset_fields = ("production", "provider")
    partial_update = updates(videos.update_video, model=VideoLink, answers=serializers.VideoLinkInternal)
    destroy = deletes(videos.delete_video)
    internal = internally(serializers.VideoLinkInternal)
    publish = verb(videos.publish_video, answers=serializers.VideoLinkInternal)
    unpublish = verb(videos.unpublish_video, answers=serializers.VideoLinkInternal)

    @extend_schema(request=_VIDEO_BODY, responses={201: serializers.VideoLinkInternal})
    def create(self, request: Request) -> Response:
        """Link a video on YouTube or Vimeo, for a production, or for the organization without one."""
        return self.perform(
            request,
            videos.link_video,
            lambda video: self.shown(video, serializers.VideoLinkInternal, 201),
            body=_VIDEO_BODY,
        )

    create.action_run = videos.link_video  # type: ignore[attr-defined]

"""How the media library shows itself: to everybody, and to those who work on it.

Pictures are listed by the hundred, so their answers are put together by hand: measured at several times the speed of
a ModelSerializer's field by field. The declared fields are what the schema tells.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from media_library.models import Asset, Collection, CollectionItem, StagedFile, Tag, VideoLink
from media_library.selectors.assets import COLUMNS, Labels
from media_library.selectors.renditions import WIDTHS

_FACTS = ("mime_type", "byte_size", "width", "height", "frames")
_SAID = COLUMNS[2:]


class StagedFileRead(serializers.ModelSerializer[StagedFile]):
    """An upload as it is kept: safe, and perhaps of another type than what was sent."""

    class Meta:
        model = StagedFile
        fields = ("id", *_FACTS, "sha256", "created_at")
        read_only_fields = fields


class UploadInput(serializers.Serializer[Any]):
    """multipart/form-data with one picture: JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP, at most 25 MiB."""

    file = serializers.FileField(help_text="The picture: JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP, at most 25 MiB.")


class DepictedPerson(serializers.Serializer[Any]):
    """Somebody who is seen in a picture."""

    id = serializers.IntegerField(help_text="Id of the person. Example: 12")
    name = serializers.CharField(help_text="The person's name. Example: Anna Bell")


class AssetPublic(serializers.ModelSerializer[Asset]):
    """A picture as everybody may see it. `url` answers with the picture itself, `?width=` with a smaller one."""

    url = serializers.URLField(
        help_text="The address of the picture itself. Example: https://theater.example/api/v1/assets/9/file/"
    )
    widths = serializers.ListField(child=serializers.IntegerField(), help_text="What `?width=` may be.")
    tags = serializers.ListField(
        child=serializers.CharField(), help_text='The words by which it is found. Example: ["rehearsal"]'
    )
    depicts = DepictedPerson(many=True, help_text="Who is seen in it, as far as you may know.")

    class Meta:
        model = Asset
        fields: tuple[str, ...] = (
            "id", "production", "kind", "title", "alt_text", "credit_line", *_FACTS, "url", "widths", "tags", "depicts"
        )  # fmt: skip

    def to_representation(self, asset: Asset | dict[str, Any]) -> dict[str, Any]:
        """`asset` is a row, or a dict of its COLUMNS; `labels` in the context are those of all that are answered."""
        said = asset if isinstance(asset, dict) else {name: getattr(asset, name) for name in COLUMNS}
        key: int = said["id"]
        labels: Labels = self.context["labels"]
        return {
            "id": key,
            "production": said["production_id"],
            **{name: said[name] for name in _SAID},
            "url": f"{self._list_url()}{key}/file/",
            "widths": WIDTHS,
            "tags": labels.tags.get(key, []),
            "depicts": [{"id": person, "name": name} for person, name in labels.people.get(key, ())],
        }

    def _list_url(self) -> str:
        # The context is shared by all rows of an answer.
        shared: dict[str, Any] = self.context  # type: ignore[assignment]
        if "asset_list_url" not in shared:
            shared["asset_list_url"] = reverse("asset-list", request=shared.get("request"))
        url: str = shared["asset_list_url"]
        return url


class AssetInternal(AssetPublic):
    """A picture for those who work on it."""

    class Meta(AssetPublic.Meta):
        fields = (
            *AssetPublic.Meta.fields, "version", "section", "sha256", "published_at", "created_at", "updated_at"
        )  # fmt: skip

    def to_representation(self, asset: Any) -> dict[str, Any]:
        return super().to_representation(asset) | {
            "version": asset.version,
            "section": asset.section_id,
            "sha256": asset.sha256,
            "published_at": asset.published_at,
            "created_at": asset.created_at,
            "updated_at": asset.updated_at,
        }


class TagPublic(serializers.ModelSerializer[Tag]):
    """A word by which pictures are found."""

    class Meta:
        model = Tag
        fields = ("id", "name")


class CollectionPublic(serializers.ModelSerializer[Collection]):
    """A collection as everybody may see it; its pictures are at `items/`."""

    class Meta:
        model = Collection
        fields: tuple[str, ...] = ("id", "production", "title", "description")


class CollectionInternal(CollectionPublic):
    """A collection for those who work on it."""

    class Meta(CollectionPublic.Meta):
        fields = (
            *CollectionPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at"
        )  # fmt: skip


class CollectionItemPublic(serializers.ModelSerializer[CollectionItem]):
    """A picture's place in a collection."""

    asset = AssetPublic()

    class Meta:
        model = CollectionItem
        fields = ("position", "asset")


class VideoLinkPublic(serializers.ModelSerializer[VideoLink]):
    """A video as everybody may see it: the page to visit, and the address to embed, which sets no cookies before it
    plays."""

    class Meta:
        model = VideoLink
        fields: tuple[str, ...] = ("id", "production", "provider", "video_id", "page_url", "embed_url", "title")


class VideoLinkInternal(VideoLinkPublic):
    """A video for those who work on it."""

    class Meta(VideoLinkPublic.Meta):
        fields = (
            *VideoLinkPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at"
        )  # fmt: skip

"""The representations of the media library: public ones, and internal ones for those who may view drafts.

Pictures are serialized by hand, several times as fast as by a ModelSerializer, since lists have hundreds of them. Their
declared fields are for the schema.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from media_library.models import Asset, Collection, CollectionItem, StagedFile, Tag, VideoLink
from media_library.selectors.assets import COLUMNS, Labels
from media_library.selectors.renditions import WIDTHS

_FACTS = ("mime_type", "byte_size", "width", "height", "frames")
# Without the ids, which have other names in the API.
_PLAIN_COLUMNS = COLUMNS[2:]


class StagedFileRead(serializers.ModelSerializer[StagedFile]):
    """An uploaded picture as stored, which may be of another type than the uploaded one."""

    class Meta:
        model = StagedFile
        fields = ("id", *_FACTS, "sha256", "created_at")
        read_only_fields = fields


class UploadInput(serializers.Serializer[Any]):
    """multipart/form-data with one picture: JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP, at most 25 MiB."""

    file = serializers.FileField(help_text="The picture: JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP, at most 25 MiB.")


class DepictedPerson(serializers.Serializer[Any]):
    """A person who is seen in a picture."""

    id = serializers.IntegerField(help_text="Id of the person. Example: 12")
    name = serializers.CharField(help_text="The person's name. Example: Anna Bell")


class AssetPublic(serializers.ModelSerializer[Asset]):
    """A picture as everybody may see it. Its file is at `url`, smaller ones at `url` with `?width=`."""

    url = serializers.URLField(
        help_text="The address of the file. Example: https://theater.example/api/v1/assets/9/file/"
    )
    widths = serializers.ListField(
        child=serializers.IntegerField(), help_text="The possible values of `?width=`, in pixels. Example: [160, 320]"
    )
    tags = serializers.ListField(child=serializers.CharField(), help_text='Its tags. Example: ["rehearsal"]')
    depicts = DepictedPerson(many=True, help_text="The people who are seen in it and whom you may see.")

    class Meta:
        model = Asset
        fields: tuple[str, ...] = (
            "id", "production", "kind", "title", "alt_text", "credit_line", *_FACTS, "url", "widths", "tags", "depicts"
        )  # fmt: skip

    def to_representation(self, asset: Asset | dict[str, Any]) -> dict[str, Any]:
        """`asset` is a row or a dict of COLUMNS. The context has the `labels` of all serialized pictures."""
        values = asset if isinstance(asset, dict) else {name: getattr(asset, name) for name in COLUMNS}
        key: int = values["id"]
        labels: Labels = self.context["labels"]
        return {
            "id": key,
            "production": values["production_id"],
            **{name: values[name] for name in _PLAIN_COLUMNS},
            "url": f"{self._list_url()}{key}/file/",
            "widths": WIDTHS,
            "tags": labels.tags.get(key, []),
            "depicts": [{"id": person, "name": name} for person, name in labels.people.get(key, ())],
        }

    def _list_url(self) -> str:
        # Cached in the context, which all rows of a response share.
        shared: dict[str, Any] = self.context  # type: ignore[assignment]
        if "asset_list_url" not in shared:
            shared["asset_list_url"] = reverse("asset-list", request=shared.get("request"))
        url: str = shared["asset_list_url"]
        return url


class AssetInternal(AssetPublic):
    """A picture for those who may view drafts."""

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
    """A collection as everybody may see it. Its pictures are at `items/`."""

    class Meta:
        model = Collection
        fields: tuple[str, ...] = ("id", "production", "title", "description")


class CollectionInternal(CollectionPublic):
    """A collection for those who may view drafts."""

    class Meta(CollectionPublic.Meta):
        fields = (
            *CollectionPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at"
        )  # fmt: skip


class CollectionItemPublic(serializers.ModelSerializer[CollectionItem]):
    """A picture in a collection, with its position."""

    asset = AssetPublic()

    class Meta:
        model = CollectionItem
        fields = ("position", "asset")


class VideoLinkPublic(serializers.ModelSerializer[VideoLink]):
    """A video as everybody may see it."""

    class Meta:
        model = VideoLink
        fields: tuple[str, ...] = ("id", "production", "provider", "video_id", "page_url", "embed_url", "title")


class VideoLinkInternal(VideoLinkPublic):
    """A video for those who may view drafts."""

    class Meta(VideoLinkPublic.Meta):
        fields = (
            *VideoLinkPublic.Meta.fields, "version", "section", "published_at", "created_at", "updated_at"
        )  # fmt: skip

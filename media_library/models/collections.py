"""Ordered collections of pictures: a gallery, a press kit, a series of posters."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from media_library.models.assets import Asset
from productions.models import Production
from theater_site.core.fields import MarkdownField
from theater_site.core.models import ContentModel


class Collection(ContentModel):
    """A titled list of pictures. A public collection shows only its public pictures."""

    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="collections"
    )
    title = models.CharField(max_length=300, help_text="The title of the collection. Example: Press kit")
    description = MarkdownField(
        blank=True,
        default="",
        max_length=5_000,
        help_text="A description in Markdown. Example: Free for the press, with the credit line.",
    )
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.title


class CollectionItem(ContentModel):
    """A picture in a collection. Pictures with equal positions are in the order in which they were added."""

    section_lookup: ClassVar[str] = "collection__section_id"
    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(collection__published_at__isnull=False, asset__published_at__isnull=False)

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items", db_index=False)
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="places")
    position = models.PositiveIntegerField(help_text="The position in the collection, the lowest first. Example: 3")

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["collection", "position", "id"], name="collection_in_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "asset"],
                name="asset_once_in_collection",
                violation_error_message="This picture is already in the collection.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}[{self.position}]: {self.asset_id}"

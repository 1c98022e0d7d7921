"""Pictures of the theater: what they show, whom, under which names they are found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models import Section
from directory.models import Person
from directory.models.trigrams import TrigramIndex
from media_library.models.files import StagedFile
from productions.models import Production
from theater_site.core.actors import Actor
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class AssetKind(models.TextChoices):
    IMAGE = "image", "image"


class Asset(ContentModel):
    """A picture with what is said of it. Published ones are for everybody to see, their file too."""

    view_right: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="assets", db_index=False
    )
    file = models.OneToOneField(StagedFile, editable=False, on_delete=models.PROTECT, related_name="asset")
    kind = models.CharField(max_length=10, choices=AssetKind.choices, default=AssetKind.IMAGE, editable=False)
    title = models.CharField(max_length=300)
    alt_text = models.CharField(max_length=1_000, blank=True, default="")
    credit_line = models.CharField(max_length=300, blank=True, default="")
    title_folded = FoldedField(sources=("title", "credit_line"))
    mime_type = models.CharField(max_length=40, editable=False)
    byte_size = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    frames = models.PositiveIntegerField(default=1, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["production", "-id"], name="asset_of_production"),
            models.Index(fields=["title", "id"], name="asset_by_title"),
            TrigramIndex(fields=["title_folded"], name="asset_folded_trigram"),
        ]
        constraints = [
            models.CheckConstraint(
                name="asset_published_with_alt_text",
                condition=Q(published_at=None) | ~Q(alt_text=""),
                violation_error_message="A public picture needs an alternative text for those who cannot see it.",
                violation_error_code="alt_text_needed",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Tag(ContentModel):
    """A word by which pictures are found; made when it is first put on one.

    A word may give away what is not announced yet, so a tag is public once a public picture bears it.
    """

    view_right: ClassVar[str] = "view_media"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    folded = models.CharField(max_length=120, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["name", "id"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        # Here and not in `public_when`: a subquery can be built only once all models are loaded.
        return Q(Exists(AssetTag.objects.filter(tag=OuterRef("pk"), asset__published_at__isnull=False)))


class AssetTag(ContentModel):
    """A tag on a picture."""

    section_lookup: ClassVar[str] = "asset__section_id"
    view_right: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(asset__published_at__isnull=False)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="assets")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "tag"], name="asset_tagged_once", violation_error_message="It bears this tag already."
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.tag_id}"


class Depiction(ContentModel):
    """Who is seen in a picture. Everybody may know it once both the picture and the person are public."""

    section_lookup: ClassVar[str] = "asset__section_id"
    view_right: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(asset__published_at__isnull=False, person__published_at__isnull=False)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="depictions", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="depictions")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "person"],
                name="person_depicted_once",
                violation_error_message="This person is named in this picture already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.asset_id}"

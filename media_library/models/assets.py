"""Pictures, their tags, and the people whom they depict."""

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
    """What kind of file an asset is."""

    IMAGE = "image", "image"


class Asset(ContentModel):
    """A picture with its texts. Everybody can see a published picture and its file."""

    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="assets", db_index=False
    )
    file = models.OneToOneField(StagedFile, editable=False, on_delete=models.PROTECT, related_name="asset")
    kind = models.CharField(
        max_length=10,
        choices=AssetKind.choices,
        default=AssetKind.IMAGE,
        editable=False,
        help_text="What kind of file it is. Example: image",
    )
    title = models.CharField(
        max_length=300, help_text="The title, for lists and captions. Example: Nina and Trigorin, Act 2"
    )
    alt_text = models.CharField(
        max_length=1_000,
        blank=True,
        default="",
        help_text="The alternative text: what the picture shows, for people who cannot see it. Example: A young woman hands a "
        "book to a man.",
    )
    credit_line = models.CharField(
        max_length=300, blank=True, default="", help_text="The credit to print with it. Example: Photo: Ann Lee"
    )
    title_folded = FoldedField(sources=("title", "credit_line"))
    mime_type = models.CharField(
        max_length=40, editable=False, help_text="The media type of the stored picture. Example: image/jpeg"
    )
    byte_size = models.PositiveIntegerField(
        editable=False, help_text="The size of the stored picture in bytes. Example: 248113"
    )
    sha256 = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the stored picture, in hexadecimal digits."
    )
    width = models.PositiveIntegerField(editable=False, help_text="The width in pixels. Example: 2400")
    height = models.PositiveIntegerField(editable=False, help_text="The height in pixels. Example: 1600")
    frames = models.PositiveIntegerField(
        default=1, editable=False, help_text="The number of frames; more than 1 for an animation. Example: 1"
    )
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
                violation_error_message="A public picture needs an alternative text. Describe in a sentence what it shows.",
                violation_error_code="alt_text_needed",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Tag(ContentModel):
    """A word by which pictures are found. It is created when the first picture gets it.

    A tag is public only if a public picture has it, since a word may reveal something that is not announced yet.
    """

    view_permission: ClassVar[str] = "view_media"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60, help_text="The word, as it was first written. Example: rehearsal")
    folded = models.CharField(max_length=120, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["name", "id"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        # Not in `public_when`: the subquery needs a model that is not loaded when this class is created.
        return Q(Exists(AssetTag.objects.filter(tag=OuterRef("pk"), asset__published_at__isnull=False)))


class AssetTag(ContentModel):
    """A tag on a picture."""

    section_lookup: ClassVar[str] = "asset__section_id"
    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(asset__published_at__isnull=False)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="assets")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "tag"], name="asset_tagged_once", violation_error_message="The picture has this tag."
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.tag_id}"


class Depiction(ContentModel):
    """A person who is seen in a picture. Public if both the picture and the person are public."""

    section_lookup: ClassVar[str] = "asset__section_id"
    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(asset__published_at__isnull=False, person__published_at__isnull=False)

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="depictions", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="depictions")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "person"],
                name="person_depicted_once",
                violation_error_message="It is already recorded that this picture shows this person.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.asset_id}"

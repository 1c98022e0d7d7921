"""Files in the storage, one row each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Section
from theater_site.core.actors import Actor
from theater_site.core.models import ContentModel


class StagedFile(ContentModel):
    """An uploaded picture, checked and made safe, until and while an asset uses it.

    The row is committed before the file is written, and deleted after the file. So every file has a row by which the sweep
    finds it, also after a crash. The name and the claimed type of the upload are not stored.
    """

    view_permission: ClassVar[str] = "view_media"

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    key = models.CharField(max_length=100, unique=True, editable=False)
    mime_type = models.CharField(
        max_length=40,
        editable=False,
        help_text="The media type of the stored file, which may differ from the uploaded one. Example: image/jpeg",
    )
    byte_size = models.PositiveIntegerField(
        editable=False, help_text="The size of the stored file in bytes. Example: 248113"
    )
    sha256 = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the stored file, in hexadecimal digits."
    )
    width = models.PositiveIntegerField(editable=False, help_text="The width in pixels. Example: 2400")
    height = models.PositiveIntegerField(editable=False, help_text="The height in pixels. Example: 1600")
    frames = models.PositiveIntegerField(
        default=1, editable=False, help_text="The number of frames; more than 1 for an animation. Example: 1"
    )

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["created_at"], name="staged_file_by_age")]

    def __str__(self) -> str:
        return self.key

    @property
    def display_name(self) -> str:
        """Empty: an upload has no name, only a random key in the storage."""
        return ""

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(uploaded_by_id=actor.user_id) if actor.user_id is not None else None


def facts(file: StagedFile) -> dict[str, Any]:
    """The values that an asset copies from its file, so that a list of assets needs no join."""
    return {name: getattr(file, name) for name in ("mime_type", "byte_size", "sha256", "width", "height", "frames")}

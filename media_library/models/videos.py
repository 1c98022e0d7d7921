"""Videos that others host, linked from here."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models import Production
from theater_site.core.models import ContentModel


class VideoProvider(models.TextChoices):
    YOUTUBE = "youtube", "YouTube"
    VIMEO = "vimeo", "Vimeo"


class VideoLink(ContentModel):
    """One video on YouTube or Vimeo: nothing of the address that was given survives but what names the video."""

    view_right: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", db_index=False)
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="video_links"
    )
    provider = models.CharField(max_length=10, choices=VideoProvider.choices, editable=False)
    video_id = models.CharField(max_length=20, editable=False)
    page_url = models.CharField(max_length=200, editable=False)
    embed_url = models.CharField(max_length=200, editable=False)
    title = models.CharField(max_length=300)
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["section", "provider", "video_id"],
                name="video_linked_once",
                violation_error_message="This video is linked here already.",
            )
        ]

    def __str__(self) -> str:
        return self.title

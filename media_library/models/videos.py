"""Links to videos on YouTube and Vimeo."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from productions.models import Production
from theater_site.core.models import ContentModel


class VideoProvider(models.TextChoices):
    """The host of a video."""

    YOUTUBE = "youtube", "YouTube"
    VIMEO = "vimeo", "Vimeo"


class VideoLink(ContentModel):
    """A video on YouTube or Vimeo. Of the address that was entered, only the id of the video is stored."""

    view_permission: ClassVar[str] = "view_media"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+", db_index=False)
    production = models.ForeignKey(
        Production, null=True, blank=True, on_delete=models.PROTECT, related_name="video_links"
    )
    provider = models.CharField(
        max_length=10,
        choices=VideoProvider.choices,
        editable=False,
        help_text="The host of the video. Example: youtube",
    )
    video_id = models.CharField(
        max_length=20, editable=False, help_text="The provider's id of the video. Example: dQw4w9WgXcQ"
    )
    page_url = models.CharField(
        max_length=200,
        editable=False,
        help_text="The address of its page. Example: https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    )
    embed_url = models.CharField(
        max_length=200,
        editable=False,
        help_text="The address to embed, which sets no cookies before it plays. Example: "
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    )
    title = models.CharField(max_length=300, help_text="The title of the video. Example: Trailer")
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["section", "provider", "video_id"],
                name="video_linked_once",
                violation_error_message="The section already has a link to this video.",
            )
        ]

    def __str__(self) -> str:
        return self.title

"""Link videos on YouTube and Vimeo; describe, publish and unpublish them."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from media_library.models import VideoLink
from media_library.rules import video_links
from media_library.services.publishing import check_home, make_public, make_unpublic, refuse_if_public
from productions.models import Production
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc


class VideoFields(TypedDict, total=False):
    """The texts of a video link: absent means unchanged."""

    title: str


@action("video_link.create", needs=Needs("edit_media", on="section"), submittable=True)
def link_video(
    *,
    section: Section,
    production: Annotated[
        Production | None, Doc("Id of the production that it shows; null if it shows the organization. Example: 12")
    ],
    url: Annotated[
        str,
        Doc("The address of a video on YouTube or Vimeo, in any of their forms. Example: https://youtu.be/dQw4w9WgXcQ"),
    ],
    fields: VideoFields,
) -> VideoLink:
    """Link a video on YouTube or Vimeo. It is not public yet. The provider is not asked whether the video exists.

    Errors: `video_url_malformed`, `video_host_unsupported`, `video_id_missing`, `video_is_playlist`; `video_linked_once` if
    the section has a link to the video; `wrong_section` for a production of another section; the codes of the fields.
    """
    check_home(section, production)
    parsed = video_links.parse(url)
    video = VideoLink(
        section=section,
        production=production,
        provider=parsed.provider,
        video_id=parsed.video_id,
        page_url=parsed.canonical_url,
        embed_url=parsed.embed_url,
        **fields,
    )
    video.save()
    return video


@action("video_link.update", needs=Needs("edit_media", on="video"), subject="video", submittable=True)
def update_video(*, video: VideoLink, changes: VideoFields) -> VideoLink:
    """Update the title of a video."""
    for name, value in changes.items():
        setattr(video, name, value)
    video.save()
    return video


@action("video_link.publish", needs=Needs("publish_media", on="video"), subject="video", submittable=True, exposes=True)
def publish_video(*, video: VideoLink) -> VideoLink:
    """Publish a video. Errors: `already_published`."""
    make_public(video, "video")
    return video


@action("video_link.unpublish", needs=Needs("publish_media", on="video"), subject="video", submittable=True)
def unpublish_video(*, video: VideoLink) -> VideoLink:
    """Unpublish a video. Errors: `not_published`."""
    make_unpublic(video, "video")
    return video


@action("video_link.delete", needs=Needs("edit_media", on="video"), subject="video", submittable=True)
def delete_video(*, video: VideoLink) -> None:
    """Delete the link to a video. Errors: `published` if it is public."""
    refuse_if_public(video, "video")
    video.delete()

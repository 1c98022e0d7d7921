"""Links to videos on YouTube and Vimeo.

`parse` takes an address as people paste it and returns the video, with an address to visit and one to embed. Only the id of
the video is kept, and Vimeo's key of an unlisted video. So a stored address cannot contain another host, a script or a
tracking parameter. The provider is not asked whether the video exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from theater_site.core.errors import Invalid

Provider = Literal["youtube", "vimeo"]


@dataclass(frozen=True)
class VideoLink:
    """One video. `canonical_url` parses to an equal VideoLink. `embed_url` sets no cookies before the video plays."""

    provider: Provider
    video_id: str
    canonical_url: str
    embed_url: str


def parse(url: str) -> VideoLink:
    """The video at the address `url`, whose scheme is http, https or left out (`youtu.be/...`).

    Raises Invalid (field `url`):

    - `video_url_malformed`: not an address, or one with a user name or a port.
    - `video_host_unsupported`: another host.
    - `video_id_missing`: an address of the host without a video.
    - `video_is_playlist`: a list, channel or showcase instead of one video.
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if host in _YOUTUBE_HOSTS:
        return _youtube(parts, host)
    if host in _VIMEO_HOSTS:
        return _vimeo(parts, host)
    raise _invalid("video_host_unsupported", "Only videos on YouTube and Vimeo can be linked. Paste such an address.")


_YOUTUBE_HOSTS = {
    "youtube.com",
    "www.youtube.com",
    "m.youtube.com",
    "music.youtube.com",
    "youtube-nocookie.com",
    "www.youtube-nocookie.com",
    "youtu.be",
    "www.youtu.be",
}
_VIMEO_HOSTS = {"vimeo.com", "www.vimeo.com", "player.vimeo.com"}
_YOUTUBE_LISTS = (["playlist"], ["channel"], ["c"], ["user"])
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_VIMEO_ID = re.compile(r"[1-9][0-9]{0,11}")
_VIMEO_KEY = re.compile(r"[0-9a-f]{6,32}")
_MAX_LENGTH = 2048


def _invalid(code: str, message: str) -> Invalid:
    return Invalid(message, code=code, field="url")


def _split(url: str) -> SplitResult:
    malformed = _invalid(
        "video_url_malformed",
        "This is not the address of a web page. Copy the video's address from the browser, such as "
        "https://www.youtube.com/watch?v=..., without user name or port.",
    )
    url = url.strip(" ")
    # Browsers and urlsplit interpret control characters, backslashes and non-ASCII hosts differently. Real links to videos
    # contain none.
    if not url or len(url) > _MAX_LENGTH or re.search(r"[^!-~]|\\", url):
        raise malformed
    if re.match(r"(?:[a-z0-9-]+\.)+[a-z]+/", url, re.IGNORECASE):
        url = "https://" + url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise malformed from None
    standard = {"http": 80, "https": 443}.get(parts.scheme)
    if standard is None or not parts.hostname or "@" in parts.netloc or port not in {None, standard}:
        raise malformed
    return parts


def _youtube(parts: SplitResult, host: str) -> VideoLink:
    path = [step for step in parts.path.split("/") if step]
    query = parse_qs(parts.query)
    video_id = ""
    if host.endswith("youtu.be"):
        video_id = path[0] if len(path) == 1 else ""
    elif path == ["watch"]:
        video_id = query["v"][0] if len(query.get("v", ())) == 1 else ""
    elif len(path) == 2 and path[0] in {"shorts", "live", "embed", "v"}:
        video_id = path[1]
    if not video_id or video_id == "videoseries":
        if "list" in query or path[:1] in _YOUTUBE_LISTS or parts.path.startswith("/@"):
            raise _is_playlist("YouTube")
        raise _id_missing("YouTube", "https://www.youtube.com/watch?v=... or https://youtu.be/...")
    if not _YOUTUBE_ID.fullmatch(video_id):
        raise _id_missing("YouTube", "https://www.youtube.com/watch?v=... (11 characters)")
    return VideoLink(
        provider="youtube",
        video_id=video_id,
        canonical_url=f"https://www.youtube.com/watch?v={video_id}",
        embed_url=f"https://www.youtube-nocookie.com/embed/{video_id}",
    )


def _vimeo(parts: SplitResult, host: str) -> VideoLink:
    path = [step for step in parts.path.split("/") if step]
    query = parse_qs(parts.query)
    # An unlisted video needs its key: in the path of the page, in the query of the player.
    keys = query.get("h", [])
    match path:
        case ["video", video_id] if host == "player.vimeo.com":
            pass
        case _ if host == "player.vimeo.com":
            video_id = ""
        case [video_id]:
            pass
        case [video_id, key] if _VIMEO_ID.fullmatch(video_id):
            keys = [key]
        case ["channels" | "ondemand", _, video_id]:
            pass
        case ["groups", _, "videos", video_id] | ["showcase" | "album", _, "video", video_id]:
            pass
        case _:
            video_id = ""
    if not _VIMEO_ID.fullmatch(video_id):
        if path and path[0] in {"channels", "groups", "showcase", "album", "ondemand", "user"}:
            raise _is_playlist("Vimeo")
        raise _id_missing("Vimeo", "https://vimeo.com/ and the video's number")
    if len(keys) > 1 or (keys and not _VIMEO_KEY.fullmatch(keys[0])):
        raise _id_missing("Vimeo", "https://vimeo.com/number, or https://vimeo.com/number/key if unlisted")
    page, player = (f"/{keys[0]}", f"h={keys[0]}&") if keys else ("", "")
    return VideoLink(
        provider="vimeo",
        video_id=video_id,
        canonical_url=f"https://vimeo.com/{video_id}{page}",
        embed_url=f"https://player.vimeo.com/video/{video_id}?{player}dnt=1",
    )


def _is_playlist(provider: str) -> Invalid:
    return _invalid(
        "video_is_playlist",
        f"This is the address of a list or channel on {provider}. Copy the address of a single video.",
    )


def _id_missing(provider: str, example: str) -> Invalid:
    return _invalid("video_id_missing", f"This {provider} address has no id of a video. Paste one such as {example}.")

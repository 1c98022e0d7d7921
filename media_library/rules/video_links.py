"""Links to videos that others host: YouTube and Vimeo, told from everything that only looks like them.

`parse` takes an address as people paste it and returns the video it names, with the two addresses that may
be shown: one to visit and one to embed. Nothing of the given address survives but the video's id (and
Vimeo's key of an unlisted video), so neither a foreign host nor a script nor a tracking parameter can ride
along. It asks nobody whether the video exists.
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
    """One video. `canonical_url` parses to an equal VideoLink; `embed_url` sets no cookies before the video
    plays."""

    provider: Provider
    video_id: str
    canonical_url: str
    embed_url: str


def parse(url: str) -> VideoLink:
    """Return the video that `url` names, or raise Invalid on the field `url`.

    The scheme is http or https, or absent where the host follows at once (`youtu.be/...`). Codes:
    video_url_malformed (no address, user name or port in it), video_host_unsupported, video_id_missing (the
    host is right, no video is named), video_is_playlist (a list, channel or showcase instead of one video).
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".")
    if host in _YOUTUBE_HOSTS:
        return _youtube(parts, host)
    if host in _VIMEO_HOSTS:
        return _vimeo(parts, host)
    raise _refusal("video_host_unsupported", "Only videos on YouTube and Vimeo can be linked. Paste an address there.")


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
_LONGEST = 2048


def _refusal(code: str, message: str) -> Invalid:
    return Invalid(message, code=code, field="url")


def _split(url: str) -> SplitResult:
    malformed = _refusal(
        "video_url_malformed",
        "This is not a plain web address. Copy the video's address from the browser, such as "
        "https://www.youtube.com/watch?v=..., without user name or port.",
    )
    url = url.strip(" ")
    # Browsers and urlsplit disagree on control characters, backslashes and non-ASCII hosts: no real link
    # has any.
    if not url or len(url) > _LONGEST or re.search(r"[^!-~]|\\", url):
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
    named = ""
    if host.endswith("youtu.be"):
        named = path[0] if len(path) == 1 else ""
    elif path == ["watch"]:
        named = query["v"][0] if len(query.get("v", ())) == 1 else ""
    elif len(path) == 2 and path[0] in {"shorts", "live", "embed", "v"}:
        named = path[1]
    if not named or named == "videoseries":
        if "list" in query or path[:1] in _YOUTUBE_LISTS or parts.path.startswith("/@"):
            raise _list_refused("YouTube")
        raise _id_missing("YouTube", "https://www.youtube.com/watch?v=... or https://youtu.be/...")
    if not _YOUTUBE_ID.fullmatch(named):
        raise _id_missing("YouTube", "https://www.youtube.com/watch?v=... (11 characters)")
    return VideoLink(
        provider="youtube",
        video_id=named,
        canonical_url=f"https://www.youtube.com/watch?v={named}",
        embed_url=f"https://www.youtube-nocookie.com/embed/{named}",
    )


def _vimeo(parts: SplitResult, host: str) -> VideoLink:
    path = [step for step in parts.path.split("/") if step]
    query = parse_qs(parts.query)
    # An unlisted video opens only with its key: in the path of the page, in the query of the player.
    keys = query.get("h", [])
    match path:
        case ["video", named] if host == "player.vimeo.com":
            pass
        case _ if host == "player.vimeo.com":
            named = ""
        case [named]:
            pass
        case [named, key] if _VIMEO_ID.fullmatch(named):
            keys = [key]
        case ["channels" | "ondemand", _, named]:
            pass
        case ["groups", _, "videos", named] | ["showcase" | "album", _, "video", named]:
            pass
        case _:
            named = ""
    if not _VIMEO_ID.fullmatch(named):
        if path and path[0] in {"channels", "groups", "showcase", "album", "ondemand", "user"}:
            raise _list_refused("Vimeo")
        raise _id_missing("Vimeo", "https://vimeo.com/ and the video's number")
    if len(keys) > 1 or (keys and not _VIMEO_KEY.fullmatch(keys[0])):
        raise _id_missing("Vimeo", "https://vimeo.com/number, or https://vimeo.com/number/key if unlisted")
    page, player = (f"/{keys[0]}", f"h={keys[0]}&") if keys else ("", "")
    return VideoLink(
        provider="vimeo",
        video_id=named,
        canonical_url=f"https://vimeo.com/{named}{page}",
        embed_url=f"https://player.vimeo.com/video/{named}?{player}dnt=1",
    )


def _list_refused(provider: str) -> Invalid:
    return _refusal(
        "video_is_playlist",
        f"This address names a list or channel on {provider}, not one video. Copy the address of one video.",
    )


def _id_missing(provider: str, shape: str) -> Invalid:
    return _refusal("video_id_missing", f"This {provider} address names no video. Paste one like {shape}.")

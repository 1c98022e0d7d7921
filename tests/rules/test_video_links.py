"""Video links: what names one video on YouTube or Vimeo, and everything that only looks like it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_library.rules.video_links import parse
from theater_site.core.errors import Invalid

ID = "dQw4w9WgXcQ"
YOUTUBE = (
    "youtube",
    ID,
    f"https://www.youtube.com/watch?v={ID}",
    f"https://www.youtube-nocookie.com/embed/{ID}",
)
VIMEO = ("vimeo", "76979871", "https://vimeo.com/76979871", "https://player.vimeo.com/video/76979871?dnt=1")
UNLISTED = (
    "vimeo",
    "76979871",
    "https://vimeo.com/76979871/0a1b2c3d4e",
    "https://player.vimeo.com/video/76979871?h=0a1b2c3d4e&dnt=1",
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://www.youtube.com/watch?v={ID}", YOUTUBE),
        (f"http://youtube.com/watch?v={ID}&t=42s", YOUTUBE),
        (f"https://m.youtube.com/watch?feature=share&v={ID}#top", YOUTUBE),
        (f"https://www.youtube.com/watch?v={ID}&list=PL0123456789&index=2", YOUTUBE),
        (f"https://youtu.be/{ID}?si=tracking", YOUTUBE),
        (f"https://youtu.be/{ID}/", YOUTUBE),
        (f"youtu.be/{ID}", YOUTUBE),
        (f"www.youtube.com/watch?v={ID}", YOUTUBE),
        (f"https://www.youtube.com/shorts/{ID}", YOUTUBE),
        (f"https://www.youtube.com/live/{ID}?feature=share", YOUTUBE),
        (f"https://www.youtube.com/embed/{ID}", YOUTUBE),
        (f"https://www.youtube-nocookie.com/embed/{ID}?rel=0", YOUTUBE),
        (f"HTTPS://WWW.YouTube.COM:443/watch?v={ID}", YOUTUBE),
        (f"  https://youtu.be/{ID} ", YOUTUBE),
        ("https://vimeo.com/76979871", VIMEO),
        ("https://www.vimeo.com/76979871?share=copy#t=1", VIMEO),
        ("vimeo.com/76979871", VIMEO),
        ("https://player.vimeo.com/video/76979871", VIMEO),
        ("https://vimeo.com/channels/staffpicks/76979871", VIMEO),
        ("https://vimeo.com/groups/shortfilms/videos/76979871", VIMEO),
        ("https://vimeo.com/showcase/1234567/video/76979871", VIMEO),
        ("https://vimeo.com/76979871/0a1b2c3d4e", UNLISTED),
        ("https://vimeo.com/76979871?h=0a1b2c3d4e", UNLISTED),
        ("https://player.vimeo.com/video/76979871?h=0a1b2c3d4e&app_id=1", UNLISTED),
    ],
)
def test_a_link_is_parsed_to_its_video(url: str, expected: tuple[str, str, str, str]) -> None:
    link = parse(url)
    assert (link.provider, link.video_id, link.canonical_url, link.embed_url) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "video_url_malformed"),
        ("the trailer", "video_url_malformed"),
        (ID, "video_url_malformed"),
        (f"javascript:alert('https://youtu.be/{ID}')", "video_url_malformed"),
        (f"ftp://youtube.com/watch?v={ID}", "video_url_malformed"),
        (f"//youtube.com/watch?v={ID}", "video_url_malformed"),
        (f"https://user:secret@youtube.com/watch?v={ID}", "video_url_malformed"),
        (f"https://youtube.com@evil.example/watch?v={ID}", "video_url_malformed"),
        (f"https://@youtube.com/watch?v={ID}", "video_url_malformed"),
        (f"https://youtube.com:8443/watch?v={ID}", "video_url_malformed"),
        (f"https://youtube.com:80/watch?v={ID}", "video_url_malformed"),
        (f"https://youtube.com:x/watch?v={ID}", "video_url_malformed"),
        (f"https://evil.example\\@youtube.com/watch?v={ID}", "video_url_malformed"),
        (f"https://youtube.com\t/watch?v={ID}", "video_url_malformed"),
        (f"https://youtu.be/{ID}\n", "video_url_malformed"),
        (f"https://y\u043eutube.com/watch?v={ID}", "video_url_malformed"),
        (f"https://[::1/watch?v={ID}", "video_url_malformed"),
        ("https://youtu.be/" + "a" * 5000, "video_url_malformed"),
        (f"https://youtube.com.evil.example/watch?v={ID}", "video_host_unsupported"),
        (f"https://evilyoutube.com/watch?v={ID}", "video_host_unsupported"),
        (f"https://evil.youtube.com/watch?v={ID}", "video_host_unsupported"),
        (f"https://xn--yutube-vqf.com/watch?v={ID}", "video_host_unsupported"),
        (f"https://evil.example/?u=https://youtu.be/{ID}", "video_host_unsupported"),
        ("https://vimeo.com.evil.example/76979871", "video_host_unsupported"),
        ("https://127.0.0.1/76979871", "video_host_unsupported"),
        ("https://www.dailymotion.com/video/x7tgad0", "video_host_unsupported"),
        ("https://www.youtube.com/", "video_id_missing"),
        ("https://www.youtube.com/watch", "video_id_missing"),
        ("https://www.youtube.com/watch?v=", "video_id_missing"),
        ("https://www.youtube.com/watch?v=short", "video_id_missing"),
        (f"https://www.youtube.com/watch?v={ID}x", "video_id_missing"),
        (f"https://www.youtube.com/watch?v={ID}&v=aaaaaaaaaaa", "video_id_missing"),
        ('https://www.youtube.com/watch?v="><script>', "video_id_missing"),
        (f"https://www.youtube.com/watch?v={ID[:-1]}%0A", "video_id_missing"),
        ("https://youtu.be/", "video_id_missing"),
        (f"https://youtu.be/x/{ID}", "video_id_missing"),
        ("https://www.youtube.com/playlist?list=PL0123456789", "video_is_playlist"),
        ("https://www.youtube.com/watch?list=PL0123456789", "video_is_playlist"),
        ("https://www.youtube.com/embed/videoseries?list=PL0123456789", "video_is_playlist"),
        ("https://www.youtube.com/@somebody", "video_is_playlist"),
        ("https://www.youtube.com/@somebody/videos", "video_is_playlist"),
        ("https://www.youtube.com/channel/UC0123456789", "video_is_playlist"),
        ("https://vimeo.com/", "video_id_missing"),
        ("https://vimeo.com/somebody", "video_id_missing"),
        ("https://vimeo.com/0", "video_id_missing"),
        ("https://vimeo.com/76979871/settings", "video_id_missing"),
        ("https://vimeo.com/76979871?h=%22onload", "video_id_missing"),
        ("https://player.vimeo.com/76979871", "video_id_missing"),
        ("https://vimeo.com/channels/staffpicks", "video_is_playlist"),
        ("https://vimeo.com/showcase/1234567", "video_is_playlist"),
    ],
)
def test_other_links_are_refused(url: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(url)
    assert (refused.value.code, refused.value.field) == (code, "url")


YOUTUBE_IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=11, max_size=11)
VIMEO_IDS = st.integers(1, 10**12 - 1).map(str)
KEYS = st.text("0123456789abcdef", min_size=6, max_size=32)


@given(
    st.one_of(
        YOUTUBE_IDS.map("https://youtu.be/{}".format),
        YOUTUBE_IDS.map("https://www.youtube.com/shorts/{}".format),
        VIMEO_IDS.map("https://vimeo.com/{}".format),
        st.builds("https://player.vimeo.com/video/{}?h={}".format, VIMEO_IDS, KEYS),
    )
)
def test_canonical_and_embed_url_are_parsed_to_the_same_link(url: str) -> None:
    link = parse(url)
    assert link.video_id in url
    assert parse(link.canonical_url) == link
    assert parse(link.embed_url) == link


@given(st.one_of(st.text(), st.text().map("https://www.youtube.com/{}".format), st.text().map("vimeo.com/{}".format)))
def test_any_text_is_parsed_or_refused(url: str) -> None:
    try:
        link = parse(url)
    except Invalid as refused:
        assert refused.field == "url"  # noqa: PT017  a link is right as well
    else:
        assert link.video_id in url

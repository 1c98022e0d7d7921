"""Pictures: what goes in, hostile or good, and what is stored of it."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from media_library.rules.pictures import Limits, Picture, make_safe
from media_library.rules.thumbnails import thumbnail
from theater_site.core.errors import Invalid

ROOT = Path(__file__).resolve().parents[2]
BAD_MEDIA = ROOT.parent / "shared" / "data" / "badmedia"
SECRET = b"PLANTED-SECRET"

# What each file of the collection must end in: a code, or the format, width and height of what is stored.
BAD = {
    "filetype_sample.docx": "not_a_picture",
    "filetype_sample.mp4": "not_a_picture",
    "filetype_sample.zip": "not_a_picture",
    "pillow_apng_chunk_no_actl.png": ("PNG", 128, 64),
    "pillow_apng_syntax_num_frames_zero.png": "picture_unreadable",
    "pillow_avif_hopper-missing-pixi.avif": ("JPEG", 128, 128),
    "pillow_avif_hopper.heif": "picture_format",
    "pillow_avif_xmp_tags_orientation.avif": ("JPEG", 326, 268),
    "pillow_bmp_b_badwidth.bmp": "picture_too_large",
    "pillow_broken.png": "picture_unreadable",
    "pillow_broken_data_stream.png": "picture_unreadable",
    "pillow_broken_exif_dpi.jpg": ("JPEG", 100, 100),
    "pillow_crash-2020-10-test.tif": "picture_unreadable",
    "pillow_crash-754d9c7ec485ffb76a90eeaab191ef69a2a3a3cd.sgi": "picture_format",
    "pillow_crash-7d4c83eb92150fb8f1653a697703ae06ae7c4998.j2k": "picture_format",
    "pillow_decompression_bomb.gif": "picture_too_large",
    "pillow_decompression_bomb.ico": "picture_format",
    "pillow_decompression_bomb_extents.gif": "picture_too_large",
    "pillow_exif_gps.jpg": ("JPEG", 8, 8),
    "pillow_exif_gps_typeerror.jpg": ("JPEG", 800, 531),
    "pillow_exif_imagemagick_orientation.png": ("PNG", 512, 512),
    "pillow_frame_size.mpo": ("JPEG", 56, 70),
    "pillow_hopper_bad_exif.jpg": ("JPEG", 500, 500),
    "pillow_hopper_orientation_6.jpg": ("JPEG", 128, 128),
    "pillow_hopper_orientation_8.webp": ("WEBP", 128, 128),
    "pillow_hopper_unexpected.ico": "picture_format",
    "pillow_icc-after-SOF.jpg": ("JPEG", 10, 10),
    "pillow_invalid-exif.jpg": ("JPEG", 200, 200),
    "pillow_iptc.jpg": ("JPEG", 640, 480),
    "pillow_libtiff_segfault.tif": "picture_unreadable",
    "pillow_multiple_exif.jpg": ("JPEG", 1, 1),
    "pillow_negative_layer_count.psd": "picture_format",
    "pillow_negative_size.ppm": "picture_format",
    "pillow_oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif": "picture_unreadable",
    "pillow_pil_sample_cmyk.jpg": ("JPEG", 100, 100),
    "pillow_truncated_image.png": "picture_truncated",
    "pillow_truncated_jpeg.jpg": "picture_truncated",
    "pillow_xmp_tags_orientation.png": ("PNG", 326, 268),
}
# A small process of its own: the peak of a child is told permission only where the parent itself is small.
MEASURE = """
import json, pathlib, re, resource, sys, time
from media_library.rules.pictures import Invalid, make_safe
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    began = time.monotonic()
    try:
        with path.open("rb") as file:
            picture = make_safe(file)
        end = [picture.format, picture.width, picture.height]
    except Invalid as refused:
        end = [refused.code, refused.field, refused.message]
    # Not RUSAGE_SELF, which on Linux begins with the peak of everybody who started this process.
    own = int(re.search(r"VmHWM:\\s+([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1])
    peak = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(json.dumps([path.name, end, time.monotonic() - began, peak]))
"""


@pytest.fixture(scope="module")
def bad_ends() -> dict[str, tuple[list[Any], float, int]]:
    """How each file of the collection ended, after how many seconds, with what peak (KiB) so far."""
    if not BAD_MEDIA.is_dir():
        pytest.skip("../shared/data is absent")
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(BAD_MEDIA)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    return {name: (end, seconds, peak) for name, end, seconds, peak in rows}


def test_every_sample_file_is_tested(bad_ends: dict[str, Any]) -> None:
    assert sorted(bad_ends) == sorted(BAD)


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_file_is_refused_or_stored_safely(
    name: str, bad_ends: dict[str, tuple[list[Any], float, int]]
) -> None:
    end, seconds, peak = bad_ends[name]
    expected = BAD[name]
    if isinstance(expected, str):
        assert end[:2] == [expected, "file"]
    else:
        assert end == list(expected)
    assert seconds < 10
    assert peak < 1024 * 1024


def drawn(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """A picture whose top left corner is red, everything else blue."""
    image = Image.new("RGB", size, "blue")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 3, size[1] // 3), fill="red")
    return image.convert(mode)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def opened(picture: Picture) -> Image.Image:
    image = Image.open(BytesIO(picture.content), formats=[picture.format])
    image.load()
    return image


def is_red(image: Image.Image, x: int, y: int) -> bool:
    red, _, blue = image.convert("RGB").getpixel((x, y))  # type: ignore[misc]
    return bool(red > 150 and blue < 100)


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x010E] = SECRET.decode()
    made.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return made


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
RAINBOW = [Image.new("RGB", (30, 20), color) for color in ("red", "green", "blue")]


@pytest.mark.parametrize(
    ("content", "stored", "extension", "mime_type"),
    [
        (saved(drawn(), "JPEG"), "JPEG", "jpg", "image/jpeg"),
        (saved(drawn("L"), "JPEG"), "JPEG", "jpg", "image/jpeg"),
        (saved(drawn("CMYK"), "JPEG"), "JPEG", "jpg", "image/jpeg"),
        (saved(drawn(), "AVIF"), "JPEG", "jpg", "image/jpeg"),
        (saved(drawn(), "TIFF", compression="jpeg"), "JPEG", "jpg", "image/jpeg"),
        (saved(drawn("RGBA"), "PNG"), "PNG", "png", "image/png"),
        (saved(drawn("P"), "PNG"), "PNG", "png", "image/png"),
        (saved(drawn("1"), "PNG"), "PNG", "png", "image/png"),
        (saved(drawn("I;16"), "PNG"), "PNG", "png", "image/png"),
        (saved(drawn(), "BMP"), "PNG", "png", "image/png"),
        (saved(drawn("P"), "GIF"), "PNG", "png", "image/png"),
        (saved(drawn(), "TIFF", compression="tiff_lzw"), "PNG", "png", "image/png"),
        (saved(drawn("CMYK"), "TIFF"), "PNG", "png", "image/png"),
        (saved(drawn(), "WEBP", lossless=True), "PNG", "png", "image/png"),
        (saved(drawn(), "WEBP"), "WEBP", "webp", "image/webp"),
    ],
)
def test_a_good_picture_is_stored(content: bytes, stored: str, extension: str, mime_type: str) -> None:
    picture = make_safe(BytesIO(content), isolated=False)
    assert (picture.format, picture.extension, picture.mime_type) == (stored, extension, mime_type)
    assert (picture.width, picture.height, picture.frames) == (60, 40, 1)
    assert opened(picture).size == (60, 40)
    assert picture.byte_size == len(picture.content)
    assert picture.sha256 == hashlib.sha256(picture.content).hexdigest()
    assert picture.source_sha256 == hashlib.sha256(content).hexdigest()
    assert opened(picture).mode != "CMYK"


def test_the_separate_process_returns_the_same_result() -> None:
    content = saved(drawn(), "JPEG", exif=exif(6))
    assert make_safe(content) == make_safe(content, isolated=False)


@pytest.mark.parametrize(
    "content",
    [
        saved(drawn(), "JPEG", exif=exif(), comment=SECRET, xmp=XMP),
        saved(drawn(), "WEBP", exif=exif(), xmp=XMP),
        saved(drawn(), "AVIF", exif=exif(), xmp=XMP),
        saved(drawn(), "TIFF", exif=exif(), description=SECRET.decode()),
        saved(drawn("P"), "GIF", comment=SECRET),
        saved(RAINBOW[0], "GIF", save_all=True, append_images=RAINBOW[1:], comment=SECRET),
        saved(RAINBOW[0], "WEBP", save_all=True, append_images=RAINBOW[1:], exif=exif(), xmp=XMP),
    ],
    ids=["jpeg", "webp", "avif", "tiff", "gif", "moving gif", "moving webp"],
)
def test_metadata_is_removed(content: bytes) -> None:
    assert SECRET in content
    picture = make_safe(content + b"<html><script>" + SECRET + b"</script>", isolated=False)
    image = opened(picture)
    assert SECRET not in picture.content
    assert b"<script" not in picture.content
    assert not dict(image.getexif())
    assert not dict(image.getexif().get_ifd(0x8825))
    assert not {"comment", "exif", "xmp", "photoshop"} & set(image.info)


def test_text_chunks_of_a_png_are_removed() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    content = saved(drawn(), "PNG", pnginfo=text, exif=exif(), dpi=(300, 300)) + SECRET
    picture = make_safe(content, isolated=False)
    assert SECRET in content
    assert SECRET not in picture.content
    assert [chunk for chunk in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"pHYs") if chunk in picture.content] == []


# EXIF 2.32, tag 0x0112: where the stored top left corner is seen.
CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", CORNERS)
def test_orientation_is_applied(orientation: int, form: str) -> None:
    picture = make_safe(saved(drawn(), form, exif=exif(orientation)), isolated=False)
    image = opened(picture)
    assert image.size == (picture.width, picture.height) == ((60, 40) if orientation < 5 else (40, 60))
    seen = [
        (permission, bottom)
        for permission in (0, 1)
        for bottom in (0, 1)
        if is_red(image, 4 + permission * (image.width - 9), 4 + bottom * (image.height - 9))
    ]
    assert seen == [CORNERS[orientation]]


def test_a_valid_color_profile_is_kept_and_any_other_removed() -> None:
    sound = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept = make_safe(saved(drawn(), "JPEG", icc_profile=sound + SECRET), isolated=False)
    assert opened(kept).info["icc_profile"] == sound
    for unsound in (b"\0" * 400, sound[:200]):
        assert "icc_profile" not in opened(make_safe(saved(drawn(), "PNG", icc_profile=unsound), isolated=False)).info
    gray = make_safe(saved(drawn("L"), "PNG", icc_profile=sound), isolated=False)
    assert "icc_profile" not in opened(gray).info


def test_transparency_is_kept() -> None:
    image = drawn("P")
    content = saved(image, "GIF", transparency=image.getpixel((0, 0)))
    stored = opened(make_safe(content, isolated=False))
    assert stored.mode == "RGBA"
    assert stored.getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_an_animation_keeps_its_frames_and_durations(form: str) -> None:
    content = saved(RAINBOW[0], form, save_all=True, append_images=RAINBOW[1:], duration=[100, 200, 300], loop=0)
    picture = make_safe(content)
    image = opened(picture)
    assert (picture.format, picture.frames, picture.width, picture.height) == ("WEBP", 3, 30, 20)
    durations = []
    for frame in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(frame)
        image.load()
        durations.append(image.info["duration"])
    assert durations == [100, 200, 300]
    assert image.info["loop"] == 0


SMALL = Limits(bytes=20_000, pixels=10_000, frames=3, animation_pixels=1_500, side=400)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_empty"),
        (b"\0" * 20_001, "picture_too_large"),
        (saved(drawn(size=(101, 100)), "PNG"), "picture_too_large"),
        (saved(drawn(size=(401, 2)), "PNG"), "picture_too_large"),
        (saved(RAINBOW[0], "GIF", save_all=True, append_images=RAINBOW[1:]), "picture_too_large"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "picture_format"),
        (b"<html><body>photo.jpg</body></html>", "not_a_picture"),
        (b"%PDF-1.7", "not_a_picture"),
        (saved(drawn(), "ICO"), "picture_format"),
        (saved(drawn(), "JPEG2000"), "picture_format"),
        (saved(drawn(), "WEBP")[:-20], "picture_truncated"),
        (saved(drawn(), "PNG")[:-40], "picture_truncated"),
        (b"\xff\xd8\xff\xe0", "picture_unreadable"),
    ],
)
def test_unsupported_files_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_safe(content, limits=SMALL, isolated=False)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_a_file_that_takes_too_long_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        make_safe(saved(drawn(), "PNG"), limits=Limits(seconds=0.001))
    assert refused.value.code == "picture_too_large"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    content = saved(Image.new("RGB", (6000, 6000)), "PNG")
    assert make_safe(content, limits=Limits()).width == 6000
    with pytest.raises(Invalid) as refused:
        make_safe(content, limits=Limits(memory=120 * 1024 * 1024))
    assert refused.value.code == "picture_too_large"


GRAIN = Image.frombytes("RGB", (24, 24), random.Random(1).randbytes(24 * 24 * 3))
GOOD = [saved(GRAIN, form) for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]


CODES = {"not_a_picture"} | {f"picture_{why}" for why in ("empty", "format", "too_large", "truncated", "unreadable")}


def judged(content: bytes) -> None:
    try:
        picture = make_safe(content, limits=Limits(pixels=200_000), isolated=False)
    except Invalid as refused:
        assert (refused.field, refused.code in CODES) == ("file", True)  # noqa: PT017  a picture is right as well
    else:
        assert opened(picture).size == (picture.width, picture.height)


@settings(deadline=None)
@given(st.sampled_from([good[:12] for good in GOOD] + [b""]), st.binary(max_size=400))
def test_random_bytes_are_stored_as_a_picture_or_refused(head: bytes, rest: bytes) -> None:
    judged(head + rest)


@settings(deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_a_damaged_picture_is_stored_or_refused(good: bytes, data: st.DataObject) -> None:
    damaged = bytearray(good[: data.draw(st.integers(1, len(good)), label="kept")])
    for bit in data.draw(st.lists(st.integers(0, len(damaged) * 8 - 1), max_size=8), label="flipped bits"):
        damaged[bit // 8] ^= 1 << bit % 8
    judged(bytes(damaged))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_thumbnail_is_small_and_never_enlarged(form: str) -> None:
    picture = make_safe(saved(drawn(size=(900, 600)), form), isolated=False)
    small = Image.open(BytesIO(thumbnail(picture.content, 300)))
    assert (small.format, small.size) == ("WEBP", (300, 200))
    assert is_red(small, 20, 20)
    assert not is_red(small, 200, 150)
    assert Image.open(BytesIO(thumbnail(picture.content, 2000))).size == (900, 600)


def test_a_thumbnail_keeps_transparency() -> None:
    picture = make_safe(saved(Image.new("RGBA", (90, 60), (255, 0, 0, 0)), "PNG"), isolated=False)
    assert Image.open(BytesIO(thumbnail(picture.content, 30))).mode == "RGBA"

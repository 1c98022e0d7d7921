"""An uploaded picture, judged by its content and made safe to store and to serve.

`make_safe` believes neither the file's name nor its claimed type. It decodes the whole picture and writes
it again, so what is stored holds the picture and nothing else: no EXIF (no place, no camera), no XMP, IPTC
or comment, nothing hidden behind the end. The orientation that EXIF or XMP asked for is applied, CMYK
becomes RGB, 16 bits a channel become 8, and a color profile is kept where it is sound. Everything else is
refused with an `Invalid` on the field `file`.

| uploaded | stored |
|---|---|
| JPEG, multi-picture JPEG (its first picture), TIFF with JPEG inside, AVIF without transparency | JPEG |
| PNG, BMP, GIF, TIFF (its first page), WebP without loss | PNG |
| WebP with loss, AVIF with transparency | WebP |
| any animation (GIF, PNG, WebP, AVIF) | animated WebP, all its frames |

Codes: picture_empty, not_a_picture, picture_format (a picture, of a kind not taken here), picture_too_large
(bytes, pixels, frames, or the memory or time that it would take), picture_truncated, picture_unreadable.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, ImageCms, JpegImagePlugin

from theater_site.core.errors import Invalid, Unavailable

MEBIBYTE = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Limits:
    """What one picture may cost. `pixels` counts one still picture; `animation_pixels` all frames together.

    `memory` (bytes) and `seconds` bind the process that decodes. Formats differ in what a pixel costs
    there, so a WebP or AVIF may be refused for its memory well below `pixels`. `stored_bytes` bounds what
    is written: a format with loss may grow when it is stored without.
    """

    bytes: int = 25 * MEBIBYTE
    stored_bytes: int = 50 * MEBIBYTE
    pixels: int = 80 * MEGAPIXEL
    side: int = 16_383  # the longest side that WebP can hold
    frames: int = 300
    animation_pixels: int = 40 * MEGAPIXEL
    memory: int = 1024 * MEBIBYTE
    seconds: float = 9.0


@dataclass(frozen=True)
class Picture:
    """A picture that is safe to store; every field describes `content`, save `source_*`, which tell what
    came in.

    `width` and `height` are pixels as seen, with the orientation applied; `frames` is 1 unless the picture
    moves.
    """

    format: str
    mime_type: str
    extension: str
    width: int
    height: int
    frames: int
    byte_size: int
    sha256: str
    source_format: str
    source_sha256: str
    content: bytes


def make_safe(file: bytes | BinaryIO, *, limits: Limits | None = None, isolated: bool = True) -> Picture:
    """Return the safe picture that `file` holds; raise Invalid on the field `file` where it holds none.

    The decoding runs in a process of its own, which has none of this their secrets, at most
    `limits.memory`, and `limits.seconds` to live: a decoder that crashes, hangs or swallows memory takes no
    worker along. At most two run at a time. Where no process can be started at all, Unavailable is raised.
    `isolated=False` decodes here, some 0.1 s sooner and without those two limits: for content that this
    program made itself.
    """
    limits = limits or Limits()
    content = file if isinstance(file, bytes) else file.read(limits.bytes + 1)
    if len(content) > limits.bytes:
        raise _too_large(
            f"The file is larger than {limits.bytes // MEBIBYTE} MiB. Save it smaller and upload that.",
            limit=limits.bytes,
        )
    source_format = _sniff(content)
    facts, safe = (_clean_apart if isolated else _clean)(content, source_format, limits)
    mime_type, extension = _SERVED_AS[facts["format"]]
    return Picture(
        **facts,
        mime_type=mime_type,
        extension=extension,
        byte_size=len(safe),
        sha256=hashlib.sha256(safe).hexdigest(),
        source_format=source_format,
        source_sha256=hashlib.sha256(content).hexdigest(),
        content=safe,
    )


_Cleaned = tuple[dict[str, Any], bytes]
_SERVED_AS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}
_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
}
_NOT_TAKEN = {
    b"8BPS": "Photoshop document",
    b"\0\0\1\0": "icon",
    b"\0\0\2\0": "cursor",
    b"\x01\xda": "SGI picture",
    b"\0\0\0\x0cjP  ": "JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "JPEG 2000 picture",
    b"\0\0\0\x0cJXL ": "JPEG XL picture",
    b"\xff\x0a": "JPEG XL picture",
    b"II+\0": "BigTIFF picture",
    b"MM\0+": "BigTIFF picture",
    **{b"P%d" % kind: "PNM picture" for kind in range(1, 7)},
}
_HINT = "Save it as JPEG, PNG or WebP and upload that."


def _refusal(code: str, message: str, **data: Any) -> Invalid:
    return Invalid(message, code=code, field="file", data=data)


def _too_large(message: str, **data: Any) -> Invalid:
    return _refusal("picture_too_large", message, **data)


def _too_costly() -> Invalid:
    return _too_large("The picture takes too much memory or time to open. Save it smaller, as JPEG.")


def _sniff(content: bytes) -> str:
    """Name the format by the file's first bytes, or refuse it by what it is."""
    if not content:
        raise _refusal("picture_empty", "The file is empty. Check it on your side and upload it again.")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        if int.from_bytes(content[4:8], "little") + 8 > len(content):
            raise _truncated()
        return "WEBP"
    if content[4:8] == b"ftyp":
        brands = content[8:12], *(content[at : at + 4] for at in range(16, min(content[3], 64), 4))
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if brands[0] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}:
            raise _refusal("picture_format", f"HEIC pictures are not taken. {_HINT}", found="HEIC")
    for signature, name in _SIGNATURES.items():
        if content.startswith(signature):
            return name
    for signature, found in _NOT_TAKEN.items():
        if content.startswith(signature):
            raise _refusal("picture_format", f"Files of this kind ({found}) are not taken. {_HINT}", found=found)
    if b"<svg" in content[:4096].lower():
        # An SVG is a program for the browser: it can run scripts and fetch what it likes.
        raise _refusal("picture_format", f"Files of this kind (SVG) are not taken. {_HINT}", found="SVG")
    raise _refusal("not_a_picture", f"The file is not a picture, whatever its name says. {_HINT}")


def _truncated() -> Invalid:
    return _refusal("picture_truncated", "The end of the picture is missing. Upload the whole file again.")


def _unreadable() -> Invalid:
    return _refusal(
        "picture_unreadable",
        "The picture is damaged and cannot be opened. Save it again as JPEG or PNG in a picture program.",
    )


def _clean(content: bytes, source_format: str, limits: Limits) -> _Cleaned:
    """Decode `content` in full and write it again: the facts about the result, and its bytes."""
    try:
        # Parsers of hostile input raise anything: SyntaxError, struct.error, TypeError, MemoryError...
        with Image.open(BytesIO(content), formats=[source_format]) as image:
            _check_size(image, limits)
            durations = _durations(image, limits) if source_format in _ANIMATED else []
            if len(durations) > 1:
                return _write_animation(image, durations, limits)
            return _write_still(image, source_format, content, limits)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(
            f"The picture has more than {limits.pixels // MEGAPIXEL} million pixels. Save it smaller.",
            limit=limits.pixels,
        ) from error
    except MemoryError as error:
        raise _too_costly() from error
    except Exception as error:
        if "truncated" in str(error).lower():
            raise _truncated() from error
        raise _unreadable() from error


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise _too_large(
            f"The picture has {width} x {height} pixels; the most is "
            f"{limits.pixels // MEGAPIXEL} million pixels and {limits.side} on a side. Save it smaller.",
            width=width,
            height=height,
            limit=limits.pixels,
        )


def _durations(image: Image.Image, limits: Limits) -> list[int]:
    """Decode every frame once and return how long each is shown, in milliseconds."""
    size, frames = image.size, getattr(image, "n_frames", 1)
    if frames == 1:
        return [0]
    if frames > limits.frames or frames * size[0] * size[1] > limits.animation_pixels:
        raise _too_large(
            f"The animation has {frames} frames of {size[0]} x {size[1]} pixels; the most is "
            f"{limits.frames} frames and {limits.animation_pixels // MEGAPIXEL} million pixels over all. "
            "Save it smaller, or link a video.",
            frames=frames,
            width=size[0],
            height=size[1],
        )
    durations = []
    for frame in range(frames):
        image.seek(frame)
        if image.size != size:  # A GIF may hide a giant behind a small first frame.
            _check_size(image, limits)
            raise _refusal("picture_unreadable", f"The frames of the animation differ in size. {_HINT}")
        image.load()
        durations.append(max(0, round(image.info.get("duration") or 0)))
    image.seek(0)
    return durations


def _write_animation(image: Image.Image, durations: list[int], limits: Limits) -> _Cleaned:
    loop = image.info.get("loop", 1 if image.format == "GIF" else 0)
    if image.format == "GIF" and "loop" in image.info and loop:
        loop += 1  # GIF counts the repeats after the first run, WebP the runs.
    content = _written(
        image,
        "WEBP",
        limits,
        save_all=True,
        duration=durations,
        loop=min(loop, 65_535),
        background=(0, 0, 0, 0),
        quality=85,
        method=2,
    )
    facts = {"format": "WEBP", "width": image.width, "height": image.height, "frames": len(durations)}
    return facts, content


def _write_still(image: Image.Image, source: str, content: bytes, limits: Limits) -> _Cleaned:
    image.load()
    # Read only now: in a PNG the orientation may be behind the pixels, and a TIFF turns itself while
    # loading.
    orientation = _orientation(image)
    sampling = JpegImagePlugin.get_sampling(image) if source == "JPEG" else -1
    jpeg_inside = source == "JPEG" or image.info.get("compression") == "jpeg"
    image, profile = _plain(image)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    image.info = {}  # What is left here (comment, XMP, dpi) would be written again.
    transparent = image.mode == "RGBA"
    if not transparent and (jpeg_inside or source == "AVIF"):
        form, options = "JPEG", {"quality": 92, "subsampling": 0 if sampling == 0 else 2}
    elif source == "AVIF" or (source == "WEBP" and b"VP8L" not in content[:64]):
        form, options = "WEBP", {"quality": 90, "method": 2}
    else:
        form, options = "PNG", {"compress_level": 6}
    facts = {"format": form, "width": image.width, "height": image.height, "frames": 1}
    return facts, _written(image, form, limits, icc_profile=profile, **options)


def _written(image: Image.Image, form: str, limits: Limits, **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, form, **options)
    if written.tell() > limits.stored_bytes:
        raise _too_large(
            f"Stored as {form} the picture takes more than {limits.stored_bytes // MEBIBYTE} MiB. "
            "Save it as JPEG and upload that.",
            limit=limits.stored_bytes,
        )
    return written.getvalue()


_UPRIGHT = {  # EXIF 2.32, tag 0x0112
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image: Image.Image) -> int:
    # Good pictures come with broken EXIF: then they are as they are.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(0x0112, 1))
    return 1


def _plain(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """Return the picture in a mode of 8 bits that every stored format knows, and the profile that fits it."""
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK":
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            return to_srgb(image, profile or b""), None
        return image.convert("RGB"), None
    if image.mode.startswith("I;16"):
        image = image.convert("I")
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"I", "F"}:
        raise _refusal("picture_format", f"The picture has 32 bits a channel, which cannot be taken. {_HINT}")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in {"1", "L", "P", "RGB"}:
        image = image.convert("RGB")
    return image, _sound_profile(profile, image.mode)


def _sound_profile(profile: bytes | None, mode: str) -> bytes | None:
    """Return `profile` cut to its own length (ICC.1, 7.2.2) if it opens and fits `mode`, else None."""
    if not profile or len(profile) < 128 or len(profile) > MEBIBYTE:
        return None
    profile = profile[: int.from_bytes(profile[:4], "big")]
    space = "GRAY" if mode in {"1", "L"} else "RGB "
    with contextlib.suppress(Exception):
        if ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space == space:
            return profile
    return None


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return `image` with its colors converted from `profile` to sRGB."""
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, BytesIO(profile), srgb, outputMode=target)
    if converted is None:  # the answer to inPlace only
        raise ValueError("no converted picture")
    return converted


_PLACES = threading.BoundedSemaphore(2)
_ROOT = str(Path(__file__).resolve().parents[2])
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


def _clean_apart(content: bytes, source_format: str, limits: Limits) -> _Cleaned:
    """`_clean` in a process of its own; whatever ends that process early is a refusal here."""
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, sys.path)])
    environment["MALLOC_ARENA_MAX"] = "1"  # each further arena reserves memory that counts and is never used
    order = json.dumps({"source_format": source_format, "limits": asdict(limits)}).encode()
    with _PLACES:
        try:
            done = subprocess.run(  # noqa: S603  nothing of the command is input
                [sys.executable, "-P", "-m", __name__],
                input=order + b"\n" + content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds,
                env=environment,
                check=False,
            )
        except OSError as error:
            raise _not_now() from error
        except subprocess.TimeoutExpired as error:
            raise _too_costly() from error
    head, _, safe = done.stdout.partition(b"\n")
    if done.returncode in {-signal.SIGSEGV, -getattr(signal, "SIGBUS", 7)}:
        raise _unreadable()
    if done.returncode < 0:
        raise _too_costly()
    if done.returncode or not head:
        raise _not_now()
    answer = json.loads(head)
    if "refused" in answer:
        raise Invalid(field="file", **answer["refused"])
    return answer["facts"], safe


def _not_now() -> Unavailable:
    return Unavailable("Pictures cannot be opened now: the process for it does not start. Try again later.")


def _answer() -> Iterator[bytes]:
    """What the process apart says: one line of JSON, then the picture's bytes. Its settings may be global:
    it is alone."""
    order = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**order["limits"])
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        # The starter kills this process when its time is over; this ends it too where the starter itself
        # has died.
        resource.setrlimit(resource.RLIMIT_CPU, (int(limits.seconds) + 1,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = limits.pixels // 2  # Pillow refuses twice this much, also in later frames.
    try:
        facts, safe = _clean(sys.stdin.buffer.read(), order["source_format"], limits)
    except Invalid as refused:
        reason = {"message": refused.message, "code": refused.code, "data": refused.data}
        yield json.dumps({"refused": reason}).encode() + b"\n"
    else:
        yield json.dumps({"facts": facts}).encode() + b"\n"
        yield safe


if __name__ == "__main__":
    for part in _answer():
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()

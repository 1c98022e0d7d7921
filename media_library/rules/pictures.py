"""Makes an uploaded picture safe to store and to serve.

`make_safe` ignores the file's name and its claimed type. It decodes the whole picture and encodes it again, so the result
contains nothing but the picture: no EXIF (location, camera), XMP, IPTC or comments, and no data after its end. The
orientation in EXIF or XMP is applied, CMYK becomes RGB, 16 bits per channel become 8, and a valid color profile is kept.
Anything else is refused with an `Invalid` (field `file`).

| uploaded | stored |
|---|---|
| JPEG, multi-picture JPEG (its first picture), TIFF with JPEG inside, AVIF without transparency | JPEG |
| PNG, BMP, GIF, TIFF (its first page), WebP without loss | PNG |
| WebP with loss, AVIF with transparency | WebP |
| any animation (GIF, PNG, WebP, AVIF) | animated WebP, all its frames |

Codes: picture_empty, not_a_picture, picture_format (an unsupported kind of picture), picture_too_large (in bytes, pixels,
frames, memory or time), picture_truncated, picture_unreadable.
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

from media_library.rules.picture_formats import HINT, invalid, sniff, too_large, truncated
from theater_site.core.errors import Invalid, Unavailable

MEBIBYTE = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of one picture. `pixels` is for a still picture, `animation_pixels` for all frames together.

    `memory` (bytes) and `seconds` limit the process that decodes. Formats need different memory per pixel, so a WebP or AVIF
    may be refused for its memory although it has fewer than `pixels`. `stored_bytes` limits the result, which may be larger
    than the upload if a lossy picture is stored without loss.
    """

    bytes: int = 25 * MEBIBYTE
    stored_bytes: int = 50 * MEBIBYTE
    pixels: int = 80 * MEGAPIXEL
    side: int = 16_383  # the longest side of a WebP
    frames: int = 300
    animation_pixels: int = 40 * MEGAPIXEL
    memory: int = 1024 * MEBIBYTE
    seconds: float = 9.0


@dataclass(frozen=True)
class Picture:
    """A picture that is safe to store. The fields describe `content`, except `source_*`, which describe the upload.

    `width` and `height` are in pixels, with the orientation applied. `frames` is 1 unless it is an animation.
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
    """The picture in `file`, safe to store. Raises Invalid (field `file`) with the codes of this module.

    A separate process decodes it, without this process's secrets, and with at most `limits.memory` and `limits.seconds`. So
    a decoder that crashes, hangs or needs too much memory does not affect the server. At most two of them run at a time.
    Raises Unavailable if no process can be started.

    `isolated=False` decodes in this process, about 0.1 s faster and without these limits. Use it only for content that this
    program generated.
    """
    limits = limits or Limits()
    content = file if isinstance(file, bytes) else file.read(limits.bytes + 1)
    if len(content) > limits.bytes:
        raise too_large(
            f"The file is larger than {limits.bytes // MEBIBYTE} MiB. Save it smaller and upload that.",
            limit=limits.bytes,
        )
    source_format = sniff(content)
    facts, safe = (_reencode_isolated if isolated else _reencode)(content, source_format, limits)
    mime_type, extension = _STORED_FORMATS[facts["format"]]
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


# The facts about a picture (format, width, height, frames), and its bytes.
_Reencoded = tuple[dict[str, Any], bytes]
_STORED_FORMATS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}


def _too_costly() -> Invalid:
    return too_large("The picture takes too much memory or time to open. Save it smaller, as JPEG.")


def _unreadable() -> Invalid:
    return invalid(
        "picture_unreadable",
        "The picture is damaged and cannot be opened. Save it again as JPEG or PNG in a picture program.",
    )


def _reencode(content: bytes, source_format: str, limits: Limits) -> _Reencoded:
    """Decode `content` completely and encode it again. Raises Invalid."""
    try:
        # Given malformed input, decoders raise anything: SyntaxError, struct.error, TypeError, MemoryError...
        with Image.open(BytesIO(content), formats=[source_format]) as image:
            _check_size(image, limits)
            durations = _durations(image, limits) if source_format in _ANIMATED else []
            if len(durations) > 1:
                return _write_animation(image, durations, limits)
            return _write_still(image, source_format, content, limits)
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large(
            f"The picture has more than {limits.pixels // MEGAPIXEL} million pixels. Save it smaller.",
            limit=limits.pixels,
        ) from error
    except MemoryError as error:
        raise _too_costly() from error
    except Exception as error:
        if "truncated" in str(error).lower():
            raise truncated() from error
        raise _unreadable() from error


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise too_large(
            f"The picture has {width} x {height} pixels. The limit is {limits.pixels // MEGAPIXEL} million pixels and "
            f"{limits.side} pixels per side. Save it smaller.",
            width=width,
            height=height,
            limit=limits.pixels,
        )


def _durations(image: Image.Image, limits: Limits) -> list[int]:
    """How long each frame is shown, in milliseconds. Decodes every frame and checks its size. Raises Invalid."""
    size, frames = image.size, getattr(image, "n_frames", 1)
    if frames == 1:
        return [0]
    if frames > limits.frames or frames * size[0] * size[1] > limits.animation_pixels:
        raise too_large(
            f"The animation has {frames} frames of {size[0]} x {size[1]} pixels. The limit is {limits.frames} frames and "
            f"{limits.animation_pixels // MEGAPIXEL} million pixels in all frames. Save it smaller, or link a video.",
            frames=frames,
            width=size[0],
            height=size[1],
        )
    durations = []
    for frame in range(frames):
        image.seek(frame)
        if image.size != size:  # a GIF may have a huge frame after a small first one
            _check_size(image, limits)
            raise invalid("picture_unreadable", f"The frames of the animation differ in size. {HINT}")
        image.load()
        durations.append(max(0, round(image.info.get("duration") or 0)))
    image.seek(0)
    return durations


def _write_animation(image: Image.Image, durations: list[int], limits: Limits) -> _Reencoded:
    loop = image.info.get("loop", 1 if image.format == "GIF" else 0)
    if image.format == "GIF" and "loop" in image.info and loop:
        loop += 1  # GIF counts the repetitions after the first run, WebP counts the runs
    content = _encoded(
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


def _write_still(image: Image.Image, source: str, content: bytes, limits: Limits) -> _Reencoded:
    image.load()
    # After loading: in a PNG, the orientation may follow the pixels, and a TIFF is rotated while it is loaded.
    orientation = _orientation(image)
    sampling = JpegImagePlugin.get_sampling(image) if source == "JPEG" else -1
    jpeg_inside = source == "JPEG" or image.info.get("compression") == "jpeg"
    image, profile = _normalized(image)
    if orientation in _TRANSPOSITIONS:
        image = image.transpose(_TRANSPOSITIONS[orientation])
    image.info = {}  # otherwise comments, XMP and dpi would be saved
    transparent = image.mode == "RGBA"
    if not transparent and (jpeg_inside or source == "AVIF"):
        format_, options = "JPEG", {"quality": 92, "subsampling": 0 if sampling == 0 else 2}
    elif source == "AVIF" or (source == "WEBP" and b"VP8L" not in content[:64]):
        format_, options = "WEBP", {"quality": 90, "method": 2}
    else:
        format_, options = "PNG", {"compress_level": 6}
    facts = {"format": format_, "width": image.width, "height": image.height, "frames": 1}
    return facts, _encoded(image, format_, limits, icc_profile=profile, **options)


def _encoded(image: Image.Image, format_: str, limits: Limits, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    if buffer.tell() > limits.stored_bytes:
        raise too_large(
            f"As {format_}, the picture takes more than {limits.stored_bytes // MEBIBYTE} MiB. "
            "Save it as JPEG and upload that.",
            limit=limits.stored_bytes,
        )
    return buffer.getvalue()


# By the value of the EXIF tag Orientation (EXIF 2.32, 0x0112).
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image: Image.Image) -> int:
    # A picture with broken EXIF is not rotated.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(0x0112, 1))
    return 1


def _normalized(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """The picture in a mode of 8 bits that all stored formats support, and its color profile."""
    profile = image.info.get("icc_profile")
    if image.mode == "CMYK":
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            return to_srgb(image, profile or b""), None
        return image.convert("RGB"), None
    if image.mode.startswith("I;16"):
        image = image.convert("I")
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"I", "F"}:
        raise invalid("picture_format", f"Pictures with 32 bits per channel are not supported. {HINT}")
    elif image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in {"1", "L", "P", "RGB"}:
        image = image.convert("RGB")
    return image, _valid_profile(profile, image.mode)


def _valid_profile(profile: bytes | None, mode: str) -> bytes | None:
    """`profile` cut to its own length (ICC.1, 7.2.2) if it is valid and fits `mode`, else None."""
    if not profile or len(profile) < 128 or len(profile) > MEBIBYTE:
        return None
    profile = profile[: int.from_bytes(profile[:4], "big")]
    space = "GRAY" if mode in {"1", "L"} else "RGB "
    with contextlib.suppress(Exception):
        if ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space == space:
            return profile
    return None


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """`image` with its colors converted from `profile` to sRGB."""
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, BytesIO(profile), srgb, outputMode=target)
    if converted is None:  # returned only with inPlace=True
        raise ValueError("no converted picture")
    return converted


_PROCESSES = threading.BoundedSemaphore(2)
_ROOT = str(Path(__file__).resolve().parents[2])
_PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


def _reencode_isolated(content: bytes, source_format: str, limits: Limits) -> _Reencoded:
    """`_reencode` in a separate process. A process that is killed or crashes means that the picture is refused."""
    environment = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([_ROOT, *filter(None, sys.path)])
    environment["MALLOC_ARENA_MAX"] = "1"  # further arenas reserve memory, which counts although it is not used
    parameters = json.dumps({"source_format": source_format, "limits": asdict(limits)}).encode()
    with _PROCESSES:
        try:
            process = subprocess.run(  # noqa: S603  the command contains no input
                [sys.executable, "-P", "-m", __name__],
                input=parameters + b"\n" + content,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=limits.seconds,
                env=environment,
                check=False,
            )
        except OSError as error:
            raise _unavailable() from error
        except subprocess.TimeoutExpired as error:
            raise _too_costly() from error
    head, _, safe = process.stdout.partition(b"\n")
    if process.returncode in {-signal.SIGSEGV, -getattr(signal, "SIGBUS", 7)}:
        raise _unreadable()
    if process.returncode < 0:
        raise _too_costly()
    if process.returncode or not head:
        raise _unavailable()
    output = json.loads(head)
    if "refused" in output:
        raise Invalid(field="file", **output["refused"])
    return output["facts"], safe


def _unavailable() -> Unavailable:
    return Unavailable("Pictures cannot be opened at the moment. Try again later.")


def _isolated_output() -> Iterator[bytes]:
    """The output of the separate process: a line of JSON with the facts or the error, then the bytes of the picture."""
    parameters = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**parameters["limits"])
    with contextlib.suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        # The server kills this process at the time limit. This limit ends it if the server has died.
        resource.setrlimit(resource.RLIMIT_CPU, (int(limits.seconds) + 1,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = limits.pixels // 2  # Pillow refuses twice this number, also in later frames
    try:
        facts, safe = _reencode(sys.stdin.buffer.read(), parameters["source_format"], limits)
    except Invalid as error:
        refused = {"message": error.message, "code": error.code, "data": error.data}
        yield json.dumps({"refused": refused}).encode() + b"\n"
    else:
        yield json.dumps({"facts": facts}).encode() + b"\n"
        yield safe


if __name__ == "__main__":
    for part in _isolated_output():
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()

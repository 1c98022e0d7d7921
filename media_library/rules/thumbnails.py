"""Smaller copies of safe pictures."""

from __future__ import annotations

import contextlib
from io import BytesIO

from PIL import Image, ImageCms

from media_library.rules.pictures import to_srgb


def thumbnail(content: bytes, width: int) -> bytes:
    """The picture `content`, which `make_safe` wrote, as a still WebP in sRGB of at most `width` pixels.

    It is never enlarged. A JPEG is decoded at a fraction of its size if that is enough, about six times as fast.
    """
    with Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as image:
        profile = image.info.get("icc_profile")
        height = max(1, round(image.height * width / image.width))
        if width < image.width:
            image.draft("RGB", (width * 2, height * 2))
        small: Image.Image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if width < small.width:
        small = small.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if profile:
        # A gray profile does not fit RGB. Without it, the picture is treated as sRGB, which is right.
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            small = to_srgb(small, profile)
    small.info = {}
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=80, method=4)
    return buffer.getvalue()

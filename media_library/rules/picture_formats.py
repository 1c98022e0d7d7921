"""Recognizes the format of a picture by its first bytes."""

from __future__ import annotations

from typing import Any

from theater_site.core.errors import Invalid

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
}
_UNSUPPORTED = {
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
HINT = "Save it as JPEG, PNG or WebP and upload that."


def sniff(content: bytes) -> str:
    """The format, by the first bytes of the file. Raises Invalid for an unsupported one."""
    if not content:
        raise invalid("picture_empty", "The file is empty. Check it and upload it again.")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        if int.from_bytes(content[4:8], "little") + 8 > len(content):
            raise truncated()
        return "WEBP"
    if content[4:8] == b"ftyp":
        brands = content[8:12], *(content[at : at + 4] for at in range(16, min(content[3], 64), 4))
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if brands[0] in {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}:
            raise invalid("picture_format", f"HEIC pictures are not supported. {HINT}", found="HEIC")
    for signature, name in _SIGNATURES.items():
        if content.startswith(signature):
            return name
    for signature, found in _UNSUPPORTED.items():
        if content.startswith(signature):
            raise invalid("picture_format", f"Files of this kind ({found}) are not supported. {HINT}", found=found)
    if b"<svg" in content[:4096].lower():
        # In a browser, an SVG can run scripts and load other files.
        raise invalid("picture_format", f"Files of this kind (SVG) are not supported. {HINT}", found="SVG")
    raise invalid("not_a_picture", f"The content of the file is not a picture. {HINT}")


def truncated() -> Invalid:
    """The error for a picture whose end is missing."""
    return invalid("picture_truncated", "The end of the picture is missing. Upload the whole file again.")


def invalid(code: str, message: str, **data: Any) -> Invalid:
    """The error for a picture that cannot be stored (field `file`)."""
    return Invalid(message, code=code, field="file", data=data)


def too_large(message: str, **data: Any) -> Invalid:
    """The error for a picture that is too large."""
    return invalid("picture_too_large", message, **data)

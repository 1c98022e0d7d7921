"""A picture's file, and smaller ones of it that are made once and kept."""

from __future__ import annotations

from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from media_library.models import StagedFile
from media_library.rules.thumbnails import thumbnail
from theater_site.core.errors import Unavailable

WIDTHS = (160, 320, 640, 1280)


def rendition_key(key: str, width: int) -> str:
    return f"{key}.{width}.webp"


def opened(file: StagedFile) -> BinaryIO:
    """The picture, open for reading. Unavailable where the storage does not have it."""
    return _open(file.key)


def rendition(file: StagedFile, width: int) -> bytes:
    """The picture as a still WebP at most `width` pixels wide, one of WIDTHS: made once, then kept in the storage."""
    key = rendition_key(file.key, width)
    if default_storage.exists(key):
        with _open(key) as kept:
            return kept.read()
    with opened(file) as original:
        made = thumbnail(original.read(), width)
    stored = default_storage.save(key, ContentFile(made))
    if stored != key:
        # Somebody made the same one meanwhile, and the storage chose another name for this.
        default_storage.delete(stored)
    return made


def _open(key: str) -> BinaryIO:
    try:
        return default_storage.open(key)  # type: ignore[return-value]
    except FileNotFoundError as error:
        raise Unavailable(
            "The file of this picture cannot be read now. Try again later.", code="file_missing"
        ) from error

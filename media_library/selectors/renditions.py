"""The file of a picture and its renditions, which are made once and stored."""

from __future__ import annotations

from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from media_library.models import StagedFile
from media_library.rules.thumbnails import thumbnail
from theater_site.core.errors import Unavailable

WIDTHS = (160, 320, 640, 1280)


def rendition_key(key: str, width: int) -> str:
    """The name of a rendition in the storage."""
    return f"{key}.{width}.webp"


def opened(file: StagedFile) -> BinaryIO:
    """The picture, open for reading. Raises Unavailable `file_missing`."""
    return _open(file.key)


def rendition(file: StagedFile, width: int) -> bytes:
    """The picture as a still WebP of at most `width` pixels, one of WIDTHS. It is made once and stored.

    Raises: Unavailable `file_missing`.
    """
    key = rendition_key(file.key, width)
    if default_storage.exists(key):
        with _open(key) as stored:
            return stored.read()
    with opened(file) as original:
        content = thumbnail(original.read(), width)
    name = default_storage.save(key, ContentFile(content))
    if name != key:
        # Another request stored the same rendition first, so the storage chose another name.
        default_storage.delete(name)
    return content


def _open(key: str) -> BinaryIO:
    try:
        return default_storage.open(key)  # type: ignore[return-value]
    except FileNotFoundError as error:
        raise Unavailable(
            "The file of this picture cannot be read now. Try again later.", code="file_missing"
        ) from error

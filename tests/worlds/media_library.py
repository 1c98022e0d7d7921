"""Scenes of the media library: pictures made on the spot, uploads, assets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.utils import timezone
from PIL import Image, TiffImagePlugin

from accounts.models import User
from accounts.permissions.selectors.sections import area, organization
from directory.models import Person
from media_library.models import Asset, AssetTag, Depiction, StagedFile, Tag
from media_library.models.files import facts
from media_library.services.assets import create_asset, publish_asset
from media_library.services.files import upload_picture
from productions.models import Production
from tests import world


@lru_cache(maxsize=32)
def jpeg(width: int = 64, height: int = 36, *, gps: bool = False, color: str = "teal") -> bytes:
    """A JPEG; with `gps` it tells in EXIF where it was taken, and with which camera."""
    image = Image.new("RGB", (width, height), color)
    exif = Image.Exif()
    if gps:
        exif[0x010F] = "Lantern Cameras"
        degrees = tuple(TiffImagePlugin.IFDRational(value) for value in (51, 30, 26))
        exif.get_ifd(0x8825).update({1: "N", 2: degrees, 3: "W", 4: degrees})
    written = BytesIO()
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()


@contextmanager
def committed() -> Iterator[None]:
    """Runs what is pending for the commit, which never comes in a test that is rolled back."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        yield


def staged(*, by: User, content: bytes | None = None) -> StagedFile:
    with committed():
        return upload_picture(actor=world.acting(by), file=content or jpeg(), isolated=False)


def asset(
    of: Production | None = None, *, by: User, content: bytes | None = None, published: bool = False, **fields: Any
) -> Asset:
    """A picture of a production, or of the organization itself."""
    given = {"title": f"Picture {world.number()}", "alt_text": "Two people on a stage.", **fields}
    made: Asset = create_asset(
        actor=world.acting(by),
        section=of.section if of is not None else organization(),
        file=staged(by=by, content=content),
        production=of,
        fields=given,
    )
    return publish_asset(actor=world.acting(by), asset=made) if published else made


def as_file(content: bytes, name: str = "picture.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def upload(browser: Client, content: bytes, name: str = "picture.jpg", **headers: str) -> Any:
    """POST as a browser sends a file."""
    with committed():
        return browser.post("/api/v1/files/", {"file": as_file(content, name)}, headers=headers)


def shelf(production: Production, count: int, *, by: User) -> list[Asset]:
    """`count` public pictures of `production`, each with two tags of twenty and one person of forty.

    Written by the hundred and without files, since only the reading of lists is judged with them.
    """
    stem = f"pictures/00/{world.number()}"
    files = StagedFile.objects.bulk_create(
        StagedFile(
            section=production.section,
            uploaded_by=by,
            key=f"{stem}-{n}.jpg",
            mime_type="image/jpeg",
            byte_size=2_000_000,
            sha256=f"{n:064x}",
            width=4000,
            height=2250,
        )
        for n in range(count)
    )
    assets = Asset.objects.bulk_create(
        Asset(
            section=production.section,
            production=production,
            file=file,
            title=f"Act {n % 5 + 1}, scene {n % 9}, picture {n}",
            alt_text="Two people in period costume stand by a window; one holds a letter.",
            credit_line="Photo: A. Lens",
            published_at=timezone.now(),
            **facts(file),
        )
        for n, file in enumerate(files)
    )
    tags = Tag.objects.bulk_create(
        Tag(section=production.section, name=f"Tag {stem} {n}", folded=f"tag {stem} {n}") for n in range(20)
    )
    people = Person.objects.bulk_create(
        Person(section=area("Directory"), name=f"Actor {n}", published_at=timezone.now()) for n in range(40)
    )
    AssetTag.objects.bulk_create(
        AssetTag(asset=asset, tag=tags[(n * 7 + k) % 20]) for n, asset in enumerate(assets) for k in (0, 1)
    )
    Depiction.objects.bulk_create(Depiction(asset=asset, person=people[n % 40]) for n, asset in enumerate(assets))
    return assets

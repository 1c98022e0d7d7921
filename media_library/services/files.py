"""Uploads: judged at once, stored when their row is committed, swept when nobody takes them."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from typing import Annotated, Any, BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.permissions.selectors.sections import organization
from directory.selectors.people import own_person
from media_library.models import StagedFile
from media_library.rules.pictures import Picture, make_safe
from media_library.selectors.files import forgotten
from media_library.selectors.renditions import WIDTHS, rendition_key
from theater_site.core import runs
from theater_site.core.actions import OpenTo, action, current
from theater_site.core.actors import EVERYWHERE, Actor, ActorKind, System
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Unavailable

log = logging.getLogger(__name__)

_SWEPT_AT_ONCE = 500
# Of those who may upload headshots of themselves and nothing else.
MOST_WAITING = 10


def upload_picture(*, actor: Actor, file: bytes | BinaryIO, isolated: bool = True) -> StagedFile:
    """Judge `file` by its content, make it safe and stage it; `isolated=False` is for pictures made by this program.

    Raises: what `refuse_unless_uploader` does, before a byte is read; Invalid on `file` with the codes of
    `rules.pictures`.
    """
    refuse_unless_uploader(actor)
    picture = make_safe(file, isolated=isolated)
    staged: StagedFile = stage_file(actor=actor, **facts_of(picture))
    store_on_commit(staged, picture.content)
    return staged


def refuse_unless_uploader(actor: Actor) -> None:
    """Refuse those who may not upload a picture. Where it goes is judged when an asset takes it.

    Who may edit or submit media on any section may upload, and so may who has a record in the directory: a headshot of
    themselves, with a limit on the files that no asset has taken. Raises: NotSignedIn, NotAllowed, and Conflict
    `too_many_uploads`.
    """
    if actor.kind is ActorKind.PUBLIC:
        raise NotSignedIn("Sign in to upload.")
    at = runs.instant()
    for permission in ("edit_media", "submit_media"):
        held = actor.sections_held(permission, at)
        if held is EVERYWHERE or held:
            return
    if own_person(actor) is None:
        raise NotAllowed(
            "You may not upload. It needs the permission edit_media or submit_media on a section, or a record of your own"
            " in the directory. Ask those who manage the members.",
            data={"needs": ["edit_media", "submit_media"]},
        )
    if StagedFile.objects.filter(uploaded_by=actor.user_id, asset=None).count() >= MOST_WAITING:
        raise Conflict(
            f"{MOST_WAITING} files that you uploaded are not used yet. Use one of them, or wait a day.",
            code="too_many_uploads",
        )


def facts_of(picture: Picture) -> dict[str, Any]:
    """The inputs of `stage_file` for a picture that `make_safe` returned, with a new key that nobody can guess."""
    name = secrets.token_hex(16)
    return {
        "key": f"pictures/{name[:2]}/{name}.{picture.extension}",
        "mime_type": picture.mime_type,
        "byte_size": picture.byte_size,
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "frames": picture.frames,
    }


@action("file.stage", open_to=OpenTo.SIGNED_IN)
def stage_file(
    *,
    key: Annotated[str, Doc("Under which name the storage keeps the file.")],
    mime_type: str,
    byte_size: int,
    sha256: str,
    width: int,
    height: int,
    frames: int,
) -> StagedFile:
    """The row of a judged picture, for those who may add pictures somewhere. `store_on_commit` writes its content.

    Errors: `not_a_picture`, `picture_empty`, `picture_format`, `picture_too_large`, `picture_truncated`,
    `picture_unreadable`, `too_many_uploads`.
    """
    refuse_unless_uploader(current().actor)
    staged = StagedFile(
        section=organization(),
        uploaded_by=current().actor.user,
        key=key,
        mime_type=mime_type,
        byte_size=byte_size,
        sha256=sha256,
        width=width,
        height=height,
        frames=frames,
    )
    staged.save()
    return staged


def store_on_commit(staged: StagedFile, content: bytes) -> None:
    """Write the content once the row is committed: what is rolled back leaves no file. Where that fails the row goes too, and
    Unavailable tells so."""

    def store() -> None:
        try:
            default_storage.save(staged.key, ContentFile(content))
        except Exception as error:  # each storage has its own
            log.exception("an upload could not be stored")
            with suppress(Exception):  # a row that cannot be removed now is swept tomorrow
                discard_file(actor=System("failed upload"), file=staged)
            raise Unavailable(
                "The file could not be stored. Upload it again in a moment.", code="not_stored"
            ) from error

    transaction.on_commit(store)


@action("file.discard", open_to=OpenTo.SYSTEM, subject="file")
def discard_file(*, file: StagedFile) -> None:
    """Remove a file that no asset took, and its renditions. Refused where one took it.

    The content goes first: a crash in between leaves a row that the next sweep finds, never a file without a row.
    """
    if hasattr(file, "asset"):
        raise Conflict("A picture uses this file.", code="file_taken")
    for key in (file.key, *(rendition_key(file.key, width) for width in WIDTHS)):
        default_storage.delete(key)
    file.delete()


def sweep() -> int:
    """A periodic job: remove what was uploaded more than a day ago and nobody took; answers how many."""
    swept = 0
    for file in forgotten(_SWEPT_AT_ONCE):
        try:
            discard_file(actor=System("sweep of uploads"), file=file)
            swept += 1
        except (Conflict, NotFound):
            continue  # taken meanwhile, or swept by another worker
    return swept

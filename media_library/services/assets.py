"""Pictures are taken from uploads, described, tagged, published and unpublished."""

from __future__ import annotations

from typing import Annotated, TypedDict

from django.core.files.storage import default_storage

from accounts.models import Section
from accounts.permissions.selectors.sections import organization
from directory.models import Person
from media_library.models import Asset, AssetTag, Depiction, StagedFile, Tag
from media_library.models.files import facts
from media_library.services.publishing import check_home, make_public, make_unpublic, refuse_if_public
from productions.models import Production
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid
from theater_site.core.text import fold

MOST_TAGS = 50


class AssetFields(TypedDict, total=False):
    """What can be said of a picture: absent means unchanged, "" means empty. `alt_text` is what those are told who
    cannot see the picture, `credit_line` who made it."""

    title: str
    alt_text: str
    credit_line: str


@action("asset.create", needs=Needs("edit_media", on="section"), subject="file", submittable=True)
def create_asset(
    *,
    section: Section,
    file: Annotated[StagedFile, Doc("Id of the uploaded file, from `POST /api/v1/files/`. Example: 9")],  # type: ignore[valid-type]
    production: Annotated[
        Production | None, Doc("Id of the production that it shows; null where it shows the organization. Example: 12")
    ],
    fields: AssetFields,
) -> Asset:
    """Create an asset of an uploaded picture; it is not public yet.

    Refused: a file that another picture took (`file_taken`) or that never reached the storage (`file_missing`), a
    production of another section, no title, texts that are too long.
    """
    check_home(section, production)
    # The row is locked by now: the sweep and a second taker wait.
    if Asset.objects.filter(file=file).exists():
        raise Conflict("Another picture has taken this file. Upload it again.", code="file_taken", field="file")
    if not default_storage.exists(file.key):
        raise Conflict("This upload did not reach the storage. Upload it again.", code="file_missing", field="file")
    asset = Asset(section=section, production=production, file=file, **facts(file), **fields)
    asset.save()
    return asset


@action("asset.update", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def update_asset(*, asset: Asset, changes: AssetFields) -> Asset:
    """Update what is said of a picture. Raises the errors of creating it, and where a public picture would lose its alternative
    text. Also `alt_text_needed`.
    """
    for name, value in changes.items():
        setattr(asset, name, value)
    if asset.published_at is not None:
        _check_alt_text(asset)
    asset.save()
    return asset


@action("asset.publish", needs=Needs("publish_media", on="asset"), subject="asset", submittable=True, exposes=True)
def publish_asset(*, asset: Asset) -> Asset:
    """Publish a picture and its file. Refused where it is public (`already_published`), without an alternative text
    (`alt_text_needed`), and where somebody in it withdrew the consent to pictures (`photo_consent_withdrawn`)."""
    _check_alt_text(asset)
    make_public(asset, "picture")
    return asset


@action("asset.unpublish", needs=Needs("publish_media", on="asset"), subject="asset", submittable=True)
def unpublish_asset(*, asset: Asset) -> Asset:
    """Unpublish a picture. Refused where it is not public."""
    make_unpublic(asset, "picture")
    return asset


@action("asset.delete", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def delete_asset(*, asset: Asset) -> None:
    """Delete a picture and its file for good. Refused where it is public. Also `published`."""
    refuse_if_public(asset, "picture")
    asset.delete()


@action("asset.set_tags", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def set_asset_tags(
    *,
    asset: Asset,
    tags: Annotated[
        list[str], Doc('All tags of the picture; an empty list takes all away. Example: ["rehearsal", "act 2"]')
    ],
) -> Asset:
    """Set all tags of a picture.

    Refused: an empty word, one of more than 60 characters, more than 50 of them. Also `bad_tag`.
    """
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A picture bears at most {MOST_TAGS} tags.", code="too_many_tags", field="tags")
    wanted = {_folded_tag(name): " ".join(name.split()) for name in tags}
    known = {tag.folded: tag for tag in Tag.objects.filter(folded__in=wanted)}
    for folded in sorted(wanted.keys() - known.keys()):
        tag = Tag(section=organization(), name=wanted[folded], folded=folded)
        tag.save()
        known[folded] = tag
    borne = {placed.tag_id: placed for placed in AssetTag.objects.filter(asset=asset)}
    kept = {tag.pk for tag in known.values()}
    for tag_id in sorted(borne.keys() - kept):
        borne[tag_id].delete()
    for tag_id in sorted(kept - borne.keys()):
        AssetTag(asset=asset, tag_id=tag_id).save()
    return asset


@action("asset.depict", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def depict(*, asset: Asset, person: Annotated[Person, Doc("Id of the person who is seen in it. Example: 12")]) -> Asset:  # type: ignore[valid-type]
    """Record that a person is seen in a picture. Refused where they are named already, and where they withdrew the
    consent to pictures (`photo_consent_withdrawn`). Also `person_depicted_once`.
    """
    Depiction(asset=asset, person=person).save()
    return asset


@action("asset.undepict", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def undepict(
    *,
    asset: Asset,
    person: Annotated[Person, Doc("Id of the person who is not seen in it. Example: 12")],  # type: ignore[valid-type]
) -> Asset:
    """Record that a person is not seen in a picture. Refused where nobody said so."""
    named = Depiction.objects.filter(asset=asset, person=person).first()
    if named is None:
        raise Conflict("This person is not named in this picture.", code="not_depicted", field="person")
    named.delete()
    return asset


def _check_alt_text(asset: Asset) -> None:
    if not asset.alt_text.strip():
        raise Invalid(
            "A public picture needs an alternative text: say in a sentence what it shows, for those who cannot see it.",
            code="alt_text_needed",
            field="alt_text",
        )


def _folded_tag(name: str) -> str:
    folded = fold(name)
    if not folded or len(name) > 60 or "\x00" in name:
        raise Invalid("A tag is a word or a few, at most 60 characters.", code="bad_tag", field="tags")
    return folded

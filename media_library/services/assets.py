"""Create assets from uploaded files; describe, tag, publish and unpublish them."""

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
    """The texts of a picture: absent means unchanged, "" means empty."""

    title: str
    alt_text: str
    credit_line: str


@action("asset.create", needs=Needs("edit_media", on="section"), subject="file", submittable=True)
def create_asset(
    *,
    section: Section,
    file: Annotated[StagedFile, Doc("Id of the uploaded file, from `POST /api/v1/files/`. Example: 9")],  # type: ignore[valid-type]
    production: Annotated[
        Production | None, Doc("Id of the production that it shows; null if it shows the organization. Example: 12")
    ],
    fields: AssetFields,
) -> Asset:
    """Create an asset from an uploaded picture. It is not public yet.

    Errors: `file_taken` if another picture uses the file, `file_missing` if the file is not in the storage,
    `wrong_section` for a production of another section, and the codes of the fields.
    """
    check_home(section, production)
    # The runner has locked the row of the file: the sweep and another `create_asset` wait.
    if Asset.objects.filter(file=file).exists():
        raise Conflict("Another picture uses this file. Upload it again.", code="file_taken", field="file")
    if not default_storage.exists(file.key):
        raise Conflict("This upload is not in the storage. Upload it again.", code="file_missing", field="file")
    asset = Asset(section=section, production=production, file=file, **facts(file), **fields)
    asset.save()
    return asset


@action("asset.update", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def update_asset(*, asset: Asset, changes: AssetFields) -> Asset:
    """Update the texts of a picture.

    Errors: `alt_text_needed` if a public picture would lose its alternative text, and the codes of the fields.
    """
    for name, value in changes.items():
        setattr(asset, name, value)
    if asset.published_at is not None:
        _check_alt_text(asset)
    asset.save()
    return asset


@action("asset.publish", needs=Needs("publish_media", on="asset"), subject="asset", submittable=True, exposes=True)
def publish_asset(*, asset: Asset) -> Asset:
    """Publish a picture and its file.

    Errors: `already_published`; `alt_text_needed` without an alternative text; `photo_consent_withdrawn` if somebody in the
    picture withdrew the consent to pictures.
    """
    _check_alt_text(asset)
    make_public(asset, "picture")
    return asset


@action("asset.unpublish", needs=Needs("publish_media", on="asset"), subject="asset", submittable=True)
def unpublish_asset(*, asset: Asset) -> Asset:
    """Unpublish a picture. Errors: `not_published`."""
    make_unpublic(asset, "picture")
    return asset


@action("asset.delete", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def delete_asset(*, asset: Asset) -> None:
    """Delete a picture. Its file is removed by the next sweep of uploads. Errors: `published` if it is public."""
    refuse_if_public(asset, "picture")
    asset.delete()


@action("asset.set_tags", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def set_asset_tags(
    *,
    asset: Asset,
    tags: Annotated[
        list[str], Doc('All tags of the picture; an empty list removes all. Example: ["rehearsal", "act 2"]')
    ],
) -> Asset:
    """Replace the tags of a picture. New tags are created.

    Errors: `bad_tag` for an empty tag or one of more than 60 characters, `too_many_tags` for more than 50.
    """
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A picture has at most {MOST_TAGS} tags.", code="too_many_tags", field="tags")
    wanted = {_folded_tag(name): " ".join(name.split()) for name in tags}
    known = {tag.folded: tag for tag in Tag.objects.filter(folded__in=wanted)}
    for folded in sorted(wanted.keys() - known.keys()):
        tag = Tag(section=organization(), name=wanted[folded], folded=folded)
        tag.save()
        known[folded] = tag
    current = {asset_tag.tag_id: asset_tag for asset_tag in AssetTag.objects.filter(asset=asset)}
    wanted_ids = {tag.pk for tag in known.values()}
    for tag_id in sorted(current.keys() - wanted_ids):
        current[tag_id].delete()
    for tag_id in sorted(wanted_ids - current.keys()):
        AssetTag(asset=asset, tag_id=tag_id).save()
    return asset


@action("asset.depict", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def depict(*, asset: Asset, person: Annotated[Person, Doc("Id of the person who is seen in it. Example: 12")]) -> Asset:  # type: ignore[valid-type]
    """Record that a person is seen in a picture.

    Errors: `person_depicted_once` if it is recorded already; `photo_consent_withdrawn` if the person withdrew the consent to
    pictures.
    """
    Depiction(asset=asset, person=person).save()
    return asset


@action("asset.undepict", needs=Needs("edit_media", on="asset"), subject="asset", submittable=True)
def undepict(
    *,
    asset: Asset,
    person: Annotated[Person, Doc("Id of the person who is not seen in it. Example: 12")],  # type: ignore[valid-type]
) -> Asset:
    """Remove the record that a person is seen in a picture. Errors: `not_depicted`."""
    depiction = Depiction.objects.filter(asset=asset, person=person).first()
    if depiction is None:
        raise Conflict(
            "This picture does not show this person. Choose one of its depicted people.",
            code="not_depicted",
            field="person",
        )
    depiction.delete()
    return asset


def _check_alt_text(asset: Asset) -> None:
    if not asset.alt_text.strip():
        raise Invalid(
            "A public picture needs an alternative text. Describe in a sentence what it shows.",
            code="alt_text_needed",
            field="alt_text",
        )


def _folded_tag(name: str) -> str:
    folded = fold(name)
    if not folded or len(name) > 60 or "\x00" in name:
        raise Invalid("A tag is a text of 1 to 60 characters.", code="bad_tag", field="tags")
    return folded

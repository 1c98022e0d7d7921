"""Headshots: people add a picture of themselves, directly or through approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from directory.models import Person
from directory.services.own_records import OnOwnRecord, is_own
from media_library.models import Asset, StagedFile
from media_library.services.assets import AssetFields, create_asset, depict, set_asset_tags
from theater_site.core.actions import Action, Needs, OpenTo, Submitted, action, current
from theater_site.core.actors import Actor
from theater_site.core.docs import Doc
from theater_site.core.errors import NotAllowed

TAG = "headshot"


@action("headshot.add", needs=Needs("edit_media", on="person"), subject="file", submittable=True)
def add_headshot(
    *,
    file: Annotated[StagedFile, Doc("Id of the uploaded file, from `POST /api/v1/files/`. Example: 9")],  # type: ignore[valid-type]
    person: Annotated[Person, Doc("Id of the person who is seen in it. Example: 12")],  # type: ignore[valid-type]
    fields: AssetFields,
) -> Asset:
    """Create an asset that depicts a person, in the person's section and with the tag `headshot`. It is not public yet.

    Errors: those of `asset.create`, and `photo_consent_withdrawn` if the person withdrew the consent to pictures.
    """
    asset = create_asset.as_consequence(section=person.section, file=file, production=None, fields=fields)
    set_asset_tags.as_consequence(asset=asset, tags=[TAG])
    return depict.as_consequence(asset=asset, person=person)


@action("headshot.give", open_to=OpenTo.SIGNED_IN)
def give_headshot(
    *,
    file: Annotated[StagedFile, Doc("Id of the uploaded file, from `POST /api/v1/files/`. Example: 9")],  # type: ignore[valid-type]
    person: Annotated[Person, Doc("Id of your own record, from `GET /api/v1/people/me/`. Example: 12")],  # type: ignore[valid-type]
    fields: AssetFields,
) -> Asset | Submitted:
    """Add a picture of yourself, or submit it for approval unless you may edit media on your record.

    The submission contains a `headshot.add`, decided by those who may approve media. The picture is not public until it is
    published.

    Errors: `not_own_record`, and those of `headshot.add`.
    """
    run = current()
    if not is_own(person):
        raise NotAllowed(
            "This is another person's record. To add their picture, create an asset and depict the person.",
            code="not_own_record",
        )
    if run.actor.holds("edit_media", person, run.instant):
        return add_headshot.as_consequence(file=file, person=person, fields=fields)
    actor = OnOwnRecord(run.actor, person, permission="submit_media")
    return add_headshot.submit(actor=actor, file=file, person=person, fields=fields)


def gives_headshot(actor: Actor, action: Action[Any, Any], given: Mapping[str, Any]) -> bool:
    """Whether the action adds the actor's own headshot, which needs no permission to submit. Answers `submittable_besides`."""
    return (
        action is add_headshot
        and actor.user_id is not None
        and given["person"].user_id == actor.user_id
        and given["file"].uploaded_by_id == actor.user_id
    )

"""Collections are made, filled, put in order, published and unpublished."""

from __future__ import annotations

from typing import Annotated, TypedDict

from django.db.models import Max

from accounts.models import Section
from media_library.models import Asset, Collection, CollectionItem
from media_library.services.publishing import check_home, make_public, make_unpublic, refuse_if_public
from productions.models import Production
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid


class CollectionFields(TypedDict, total=False):
    """What can be said of a collection: absent means unchanged, "" means empty. The description is Markdown."""

    title: str
    description: str


@action("collection.create", needs=Needs("edit_media", on="section"), submittable=True)
def create_collection(
    *,
    section: Section,
    production: Annotated[
        Production | None,
        Doc("Id of the production that it is about; null where it is about the organization. Example: 12"),
    ],
    fields: CollectionFields,
) -> Collection:
    """Create an empty collection; it is not public yet. Refused: a production of another section, no title, texts too
    long."""
    check_home(section, production)
    collection = Collection(section=section, production=production)
    _describe(collection, fields)
    return collection


@action("collection.update", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def update_collection(*, collection: Collection, changes: CollectionFields) -> Collection:
    """Update the title or description of a collection. Raises the errors of creating it."""
    _describe(collection, changes)
    return collection


@action(
    "collection.publish",
    needs=Needs("publish_media", on="collection"),
    subject="collection",
    submittable=True,
    exposes=True,
)
def publish_collection(*, collection: Collection) -> Collection:
    """Publish a collection. It shows only those of its pictures that are public themselves. Refused where it is public."""
    make_public(collection, "collection")
    return collection


@action("collection.unpublish", needs=Needs("publish_media", on="collection"), subject="collection", submittable=True)
def unpublish_collection(*, collection: Collection) -> Collection:
    """Unpublish a collection; its pictures stay as they are. Refused where it is not public."""
    make_unpublic(collection, "collection")
    return collection


@action("collection.delete", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def delete_collection(*, collection: Collection) -> None:
    """Delete a collection; its pictures stay. Refused where it is public."""
    refuse_if_public(collection, "collection")
    collection.delete()


@action("collection.add_asset", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def add_asset(
    *,
    collection: Collection,
    asset: Annotated[Asset, Doc("Id of the picture, which is added at the end. Example: 9")],  # type: ignore[valid-type]
) -> Collection:
    """Add a picture at the end of a collection. Refused where it is in the collection already. Also
    `asset_once_in_collection`.
    """
    last = CollectionItem.objects.filter(collection=collection).aggregate(last=Max("position"))["last"]
    CollectionItem(collection=collection, asset=asset, position=0 if last is None else last + 1).save()
    return collection


@action("collection.remove_asset", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def remove_asset(
    *,
    collection: Collection,
    asset: Annotated[Asset, Doc("Id of the picture to take out. Example: 9")],  # type: ignore[valid-type]
) -> Collection:
    """Take a picture out of a collection. Refused where it is not in the collection."""
    item = CollectionItem.objects.filter(collection=collection, asset=asset).first()
    if item is None:
        raise Conflict("This picture is not in the collection.", code="not_in_collection", field="asset")
    item.delete()
    return collection


@action("collection.arrange", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def arrange(
    *,
    collection: Collection,
    assets: Annotated[
        list[int], Doc("The ids of all pictures of the collection, each once, in their new order. Example: [9, 4, 7]")
    ],
) -> Collection:
    """Put the pictures of a collection in a new order. Refused unless they are the collection's pictures, each once. Also
    `not_its_pictures`.
    """
    items = {item.asset_id: item for item in CollectionItem.objects.filter(collection=collection)}
    if len(assets) != len(items) or set(assets) != items.keys():
        raise Invalid(
            "Name every picture of the collection once. Load the collection again and repeat.",
            code="not_its_pictures",
            field="assets",
        )
    moved = [items[asset_id] for place, asset_id in enumerate(assets) if items[asset_id].position != place]
    for place, asset_id in enumerate(assets):
        items[asset_id].position = place
    if moved:
        CollectionItem.objects.bulk_update(moved, ["position"])
    return collection


def _describe(collection: Collection, fields: CollectionFields) -> None:
    collection.assign(fields)
    collection.save()

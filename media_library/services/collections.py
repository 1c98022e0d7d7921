"""Create collections of pictures; fill, arrange, publish and unpublish them."""

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
    """The texts of a collection: absent means unchanged, "" means empty."""

    title: str
    description: str


@action("collection.create", needs=Needs("edit_media", on="section"), submittable=True)
def create_collection(
    *,
    section: Section,
    production: Annotated[
        Production | None,
        Doc("Id of the production that it is about; null if it is about the organization. Example: 12"),
    ],
    fields: CollectionFields,
) -> Collection:
    """Create an empty collection. It is not public yet.

    Errors: `wrong_section` for a production of another section, and the codes of the fields.
    """
    check_home(section, production)
    collection = Collection(section=section, production=production)
    collection.assign(fields)
    collection.save()
    return collection


@action("collection.update", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def update_collection(*, collection: Collection, changes: CollectionFields) -> Collection:
    """Update the title or the description of a collection. Errors: the codes of the fields."""
    collection.assign(changes)
    collection.save()
    return collection


@action(
    "collection.publish",
    needs=Needs("publish_media", on="collection"),
    subject="collection",
    submittable=True,
    exposes=True,
)
def publish_collection(*, collection: Collection) -> Collection:
    """Publish a collection. It shows only its public pictures. Errors: `already_published`."""
    make_public(collection, "collection")
    return collection


@action("collection.unpublish", needs=Needs("publish_media", on="collection"), subject="collection", submittable=True)
def unpublish_collection(*, collection: Collection) -> Collection:
    """Unpublish a collection. Its pictures do not change. Errors: `not_published`."""
    make_unpublic(collection, "collection")
    return collection


@action("collection.delete", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def delete_collection(*, collection: Collection) -> None:
    """Delete a collection. Its pictures are kept. Errors: `published` if it is public."""
    refuse_if_public(collection, "collection")
    collection.delete()


@action("collection.add_asset", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def add_asset(
    *,
    collection: Collection,
    asset: Annotated[Asset, Doc("Id of the picture, which is added at the end. Example: 9")],  # type: ignore[valid-type]
) -> Collection:
    """Add a picture at the end of a collection. Errors: `asset_once_in_collection` if the collection contains it."""
    last = CollectionItem.objects.filter(collection=collection).aggregate(last=Max("position"))["last"]
    CollectionItem(collection=collection, asset=asset, position=0 if last is None else last + 1).save()
    return collection


@action("collection.remove_asset", needs=Needs("edit_media", on="collection"), subject="collection", submittable=True)
def remove_asset(
    *,
    collection: Collection,
    asset: Annotated[Asset, Doc("Id of the picture to remove. Example: 9")],  # type: ignore[valid-type]
) -> Collection:
    """Remove a picture from a collection. Errors: `not_in_collection`."""
    item = CollectionItem.objects.filter(collection=collection, asset=asset).first()
    if item is None:
        raise Conflict(
            "The collection does not contain this picture. Choose one of its pictures.",
            code="not_in_collection",
            field="asset",
        )
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
    """Put the pictures of a collection in a new order.

    Errors: `not_its_pictures` unless `assets` has every picture of the collection exactly once.
    """
    items = {item.asset_id: item for item in CollectionItem.objects.filter(collection=collection)}
    if len(assets) != len(items) or set(assets) != items.keys():
        raise Invalid(
            "Name every picture of the collection once. Load the collection again and repeat.",
            code="not_its_pictures",
            field="assets",
        )
    moved = [items[asset_id] for position, asset_id in enumerate(assets) if items[asset_id].position != position]
    for position, asset_id in enumerate(assets):
        items[asset_id].position = position
    if moved:
        CollectionItem.objects.bulk_update(moved, ["position"])
    return collection

"""Scenes of the media library."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from accounts.models import User
from directory.models import Person
from media_library.models import Asset, Collection, StagedFile, Tag, VideoLink
from media_library.services.assets import depict, set_asset_tags
from media_library.services.collections import add_asset, create_collection, publish_collection
from media_library.services.videos import link_video, publish_video
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import directory
from tests.worlds import media_library as library
from theater_site.core.actors import System


def _file(t: Theater) -> StagedFile:
    return library.staged(by=t.director)


def _asset(t: Theater, **fields: Any) -> Asset:
    return library.asset(t.production, by=t.director, **fields)


def _public(t: Theater) -> Asset:
    return _asset(t, published=True)


def _person(t: Theater) -> Person:
    return directory.person(by=t.director, published=True)


def _labelled(t: Theater) -> tuple[Asset, Person]:
    """A public picture with a tag of its own, showing somebody public."""
    asset, person = _public(t), _person(t)
    set_asset_tags(actor=t.acting(), asset=asset, tags=[f"Tag {world.number()}"])
    return depict(actor=t.acting(), asset=asset, person=person), person


def _tag(t: Theater) -> Tag:
    asset, _ = _labelled(t)
    return Tag.objects.get(assets__asset=asset)


def _collection(t: Theater, *, published: bool = False, title: str = "") -> Collection:
    """With two public pictures in it."""
    made: Collection = create_collection(
        actor=t.acting(),
        section=t.production.section,
        production=t.production,
        fields={"title": title or f"Gallery {world.number()}"},
    )
    for _ in range(2):
        made = add_asset(actor=t.acting(), collection=made, asset=_public(t))
    return publish_collection(actor=t.acting(), collection=made) if published else made


def _shown(t: Theater) -> Collection:
    return _collection(t, published=True)


def _inside(t: Theater) -> tuple[Collection, list[int]]:
    collection = _shown(t)
    return collection, list(collection.items.order_by("position").values_list("asset", flat=True))


def _video(t: Theater, *, published: bool = False, title: str = "Trailer") -> VideoLink:
    made: VideoLink = link_video(
        actor=t.acting(),
        section=t.production.section,
        production=t.production,
        url=f"https://youtu.be/{world.number():011}",
        fields={"title": title},
    )
    return publish_video(actor=t.acting(), video=made) if published else made


def _facts(t: Theater) -> dict[str, Any]:
    n = world.number()
    return {
        "key": f"pictures/00/{n}.jpg", "mime_type": "image/jpeg", "byte_size": 100, "sha256": f"{n:064x}", "width": 4,
        "height": 3, "frames": 1,
    }  # fmt: skip


def _headshot(t: Theater) -> tuple[dict[str, Any], User]:
    """What somebody without a role gives as a picture of themselves, but for its texts."""
    who = world.user()
    person = directory.person(by=t.director, published=True, user=who)
    return {"file": library.staged(by=who), "person": person}, who


def _gives_headshot(t: Theater) -> Scene:
    given, who = _headshot(t)
    return Scene({**given, "fields": {"title": "Me"}}, who=who)


def _adds_headshot(t: Theater) -> Scene:
    return Scene({**_headshot(t)[0], "fields": {"title": "Me"}})


def _home(t: Theater) -> dict[str, Any]:
    return {"section": t.production.section, "production": t.production}


def _no_longer_depicts(t: Theater) -> Scene:
    asset, person = _labelled(t)
    return Scene({"asset": asset, "person": person})


def _takes_out(t: Theater) -> Scene:
    collection, inside = _inside(t)
    return Scene({"collection": collection, "asset": Asset.objects.get(pk=inside[0])})


def _arranges(t: Theater) -> Scene:
    collection, inside = _inside(t)
    return Scene({"collection": collection, "assets": inside[::-1]})


def _discards(t: Theater) -> Scene:
    return Scene({"file": _file(t)}, actor=System("test"))


ACTIONS = {
    "file.stage": lambda t: Scene(_facts(t)),
    "file.discard": _discards,
    "asset.create": lambda t: Scene({**_home(t), "file": _file(t), "fields": {"title": "Act one"}}),
    "asset.update": lambda t: Scene({"asset": _asset(t), "changes": {"title": "Act two"}}),
    "asset.publish": lambda t: Scene({"asset": _asset(t)}),
    "asset.unpublish": lambda t: Scene({"asset": _public(t)}),
    "asset.delete": lambda t: Scene({"asset": _asset(t)}),
    "asset.set_tags": lambda t: Scene({"asset": _labelled(t)[0], "tags": ["Costume", "Rehearsal"]}),
    "asset.depict": lambda t: Scene({"asset": _asset(t), "person": _person(t)}),
    "asset.undepict": _no_longer_depicts,
    "headshot.add": _adds_headshot,
    "headshot.give": _gives_headshot,
    "collection.create": lambda t: Scene({**_home(t), "fields": {"title": "Gallery"}}),
    "collection.update": lambda t: Scene({"collection": _collection(t), "changes": {"description": "*All* of it."}}),
    "collection.publish": lambda t: Scene({"collection": _collection(t)}),
    "collection.unpublish": lambda t: Scene({"collection": _shown(t)}),
    "collection.delete": lambda t: Scene({"collection": _collection(t)}),
    "collection.add_asset": lambda t: Scene({"collection": _collection(t), "asset": _public(t)}),
    "collection.remove_asset": _takes_out,
    "collection.arrange": _arranges,
    "video_link.create": lambda t: Scene(
        {**_home(t), "url": "https://vimeo.com/76979871", "fields": {"title": "Trailer"}}
    ),
    "video_link.update": lambda t: Scene({"video": _video(t), "changes": {"title": "Interview"}}),
    "video_link.publish": lambda t: Scene({"video": _video(t)}),
    "video_link.unpublish": lambda t: Scene({"video": _video(t, published=True)}),
    "video_link.delete": lambda t: Scene({"video": _video(t)}),
}


def _patch(row: Any, body: dict[str, Any]) -> Call:
    return Call({"pk": row.pk}, body, version=row.version)


def _delete(row: Any) -> Call:
    return Call({"pk": row.pk}, version=row.version, status=204)


def _upload(t: Theater) -> Call:
    form = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("picture.jpg", library.jpeg())})
    return Call(body=form, content_type=MULTIPART_CONTENT, status=201)


def _gave_headshot(t: Theater) -> Call:
    given, who = _headshot(t)
    body = {"file": given["file"].pk, "person": given["person"].pk, "title": "Me"}
    return Call(body=body, who=who, status=202, stranger={400})


def _undepicted(t: Theater) -> Call:
    asset, person = _labelled(t)
    return Call({"pk": asset.pk}, {"person": person.pk})


def _taken_out(t: Theater) -> Call:
    collection, inside = _inside(t)
    return Call({"pk": collection.pk}, {"asset": inside[0]})


def _arranged(t: Theater) -> Call:
    collection, inside = _inside(t)
    return Call({"pk": collection.pk}, {"assets": inside[::-1]})


ROUTES = {
    "POST file-list": _upload,
    "GET file-detail": lambda t: Call({"pk": _file(t).pk}),
    "GET file-file": lambda t: Call({"pk": _file(t).pk}),
    "GET asset-list": lambda t: open_read(),
    # A file that they may not see does not exist for them.
    "POST asset-list": lambda t: Call(
        body={"production": t.production.pk, "file": _file(t).pk, "title": "Act one"}, status=201, stranger={400}
    ),
    "GET asset-detail": lambda t: open_read(kwargs={"pk": _public(t).pk}),
    "PATCH asset-detail": lambda t: _patch(_public(t), {"title": "Act two"}),
    "DELETE asset-detail": lambda t: _delete(_asset(t)),
    "GET asset-internal": lambda t: Call({"pk": _public(t).pk}),
    "GET asset-file": lambda t: open_read(kwargs={"pk": _public(t).pk}),
    "POST asset-publish": lambda t: Call({"pk": _asset(t).pk}, {}),
    "POST asset-unpublish": lambda t: Call({"pk": _public(t).pk}, {}),
    "POST asset-set-tags": lambda t: Call({"pk": _labelled(t)[0].pk}, {"tags": ["Costume", "Rehearsal"]}),
    "POST asset-depict": lambda t: Call({"pk": _public(t).pk}, {"person": _person(t).pk}),
    "POST asset-undepict": _undepicted,
    "POST asset-headshot": _gave_headshot,
    "GET tag-list": lambda t: open_read(),
    "GET tag-detail": lambda t: open_read(kwargs={"pk": _tag(t).pk}),
    "GET collection-list": lambda t: open_read(),
    "POST collection-list": lambda t: Call(body={"production": t.production.pk, "title": "Gallery"}, status=201),
    "GET collection-detail": lambda t: open_read(kwargs={"pk": _shown(t).pk}),
    "PATCH collection-detail": lambda t: _patch(_shown(t), {"title": "Press"}),
    "DELETE collection-detail": lambda t: _delete(_collection(t)),
    "GET collection-internal": lambda t: Call({"pk": _shown(t).pk}),
    "GET collection-items": lambda t: open_read(kwargs={"pk": _shown(t).pk}),
    "POST collection-publish": lambda t: Call({"pk": _collection(t).pk}, {}),
    "POST collection-unpublish": lambda t: Call({"pk": _shown(t).pk}, {}),
    "POST collection-add-asset": lambda t: Call({"pk": _shown(t).pk}, {"asset": _public(t).pk}),
    "POST collection-remove-asset": _taken_out,
    "POST collection-arrange": _arranged,
    "GET video-link-list": lambda t: open_read(),
    "POST video-link-list": lambda t: Call(
        body={"production": t.production.pk, "url": "https://vimeo.com/76979871", "title": "Trailer"}, status=201
    ),
    "GET video-link-detail": lambda t: open_read(kwargs={"pk": _video(t, published=True).pk}),
    "PATCH video-link-detail": lambda t: _patch(_video(t, published=True), {"title": "Interview"}),
    "DELETE video-link-detail": lambda t: _delete(_video(t)),
    "GET video-link-internal": lambda t: Call({"pk": _video(t, published=True).pk}),
    "POST video-link-publish": lambda t: Call({"pk": _video(t).pk}, {}),
    "POST video-link-unpublish": lambda t: Call({"pk": _video(t, published=True).pk}, {}),
}

ANOTHER = {
    "asset-list": _labelled,
    "tag-list": _labelled,
    "collection-list": _shown,
    "video-link-list": lambda t: _video(t, published=True),
}


def _tag_of_a_draft(t: Theater) -> Tag:
    set_asset_tags(actor=t.acting(), asset=_asset(t), tags=["A word nobody knows"])
    return Tag.objects.get(folded="a word nobody knows")


DRAFTS = {
    "asset": lambda t: _asset(t, title="A picture nobody knows"),
    "tag": _tag_of_a_draft,
    "collection": lambda t: _collection(t, title="A gallery nobody knows"),
    "video-link": lambda t: _video(t, title="A trailer nobody knows"),
}

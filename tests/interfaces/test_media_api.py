"""Hostile files over HTTP, and lists whose cost does not grow."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.permissions.selectors.sections import organization
from media_library.models import StagedFile
from media_library.services.assets import depict, set_asset_tags
from media_library.services.collections import add_asset, create_collection, publish_collection
from tests import world
from tests.conftest import ROOT
from tests.worlds import directory
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db

_BAD = ROOT.parent / "shared" / "data" / "badmedia"
BAD_FILES = sorted(path.name for path in _BAD.iterdir()) if _BAD.is_dir() else ["absent"]


@pytest.fixture
def editor(db):
    root, director = world.found()
    return world.give("media_editor", root, by=director)


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_hostile_file_is_refused_with_a_code_or_stored_safely(editor, name, shared_data):
    content = (shared_data / "badmedia" / name).read_bytes()
    answer = media.upload(world.client(editor), content, name)
    if answer.status_code == 201:
        kept = StagedFile.objects.get(pk=answer.json()["id"])
        assert kept.mime_type in {"image/jpeg", "image/png", "image/webp"}
        with default_storage.open(kept.key) as stored:
            assert len(stored.read()) == kept.byte_size
        made = world.post(world.client(editor), "/api/v1/assets/", {"file": kept.pk, "title": name})
        assert made.status_code == 201, made.json()
        small = world.client(editor).get(f"/api/v1/assets/{made.json()['id']}/file/?width=320")
        assert (small.status_code, small["Content-Type"]) == (200, "image/webp")
    else:
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["errors"][0]["code"].startswith(("picture_", "not_a_picture"))
        assert not StagedFile.objects.exists()


@pytest.mark.parametrize("accept", ["image/avif,image/webp,*/*;q=0.8", "image/jpeg", "*/*", "application/json"])
def test_a_file_is_served_with_any_accept_header(editor, accept):
    asset = media.asset(by=editor, published=True)
    served = world.client(Accept=accept).get(f"/api/v1/assets/{asset.pk}/file/")
    assert (served.status_code, len(b"".join(served.streaming_content))) == (200, asset.byte_size)
    gone = world.client(Accept=accept).get("/api/v1/assets/999999/file/")
    assert (gone.status_code, gone["Content-Type"]) == (404, "application/problem+json")


def test_a_file_missing_in_the_storage_is_unavailable(editor):
    asset = media.asset(by=editor, published=True)
    default_storage.delete(asset.file.key)
    answer = world.client().get(f"/api/v1/assets/{asset.pk}/file/")
    assert (answer.status_code, answer.json()["code"]) == (503, "file_missing")


def test_a_list_of_twenty_costs_the_queries_of_a_list_of_one(editor):
    collection = create_collection(
        actor=world.acting(editor), section=organization(), production=None, fields={"title": "All"}
    )
    publish_collection(actor=world.acting(editor), collection=collection)
    director = User.objects.get(name="Dora Director")

    def grow(by: int) -> None:
        for _ in range(by):
            asset = media.asset(by=editor, published=True)
            set_asset_tags(actor=world.acting(editor), asset=asset, tags=[f"tag {world.number()}", "poster"])
            person = directory.person(by=director, published=True)
            depict(actor=world.acting(editor), asset=asset, person=person)
            add_asset(actor=world.acting(editor), collection=collection, asset=asset)

    def cost(path: str) -> int:
        world.client().get(path)
        with CaptureQueriesContext(connection) as queries:
            assert world.client().get(path).status_code == 200
        return len(queries)

    paths = ["/api/v1/assets/", "/api/v1/tags/", "/api/v1/collections/", f"/api/v1/collections/{collection.pk}/items/"]
    grow(1)
    one = [cost(path) for path in paths]
    grow(19)
    assert [cost(path) for path in paths] == one


@pytest.mark.django_db(transaction=True)
def test_an_upload_is_in_the_storage_before_the_response():
    root, director = world.found()
    editor = world.give("media_editor", root, by=director)
    picture = SimpleUploadedFile("a.jpg", media.jpeg())
    answer = world.client(editor).post("/api/v1/files/", {"file": picture}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201
    assert default_storage.exists(StagedFile.objects.get(pk=answer.json()["id"]).key)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("person=1e30", 400),
        ("person=1.5", 400),
        ("person=x", 400),
        ("collection=-1", 400),
        ("production=99999999999999999999", 400),
        ("tag=%00", 400),
        ("title=%00", 400),
        ("cursor=x", 400),
        ("ordering=alt_text", 400),
        ("taggs=x", 400),
        ("tag=none", 200),
        ("ordering=title", 200),
    ],
)
def test_invalid_filters_are_refused(query, status):
    assert world.client().get(f"/api/v1/assets/?{query}").status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"file": None, "title": "x"},
        {"file": "x", "title": "x"},
        {"file": 10**30, "title": "x"},
        {"file": 1, "title": "x", "section": 1},
        {"file": 1, "title": ["x"]},
    ],
)
def test_invalid_bodies_are_refused(editor, body):
    answer = world.post(world.client(editor), "/api/v1/assets/", body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_previewed_upload_stores_nothing(editor):
    before = StagedFile.objects.count()
    with media.committed():
        answer = world.client(editor).post(
            "/api/v1/files/?preview=true", {"file": SimpleUploadedFile("a.jpg", media.jpeg())}
        )
    assert answer.status_code == 200
    assert answer.json()["changes"][0]["object_type"] == "media_library.stagedfile"
    assert StagedFile.objects.count() == before


def test_a_file_of_an_unpublished_asset_is_not_found_by_strangers(editor):
    asset = media.asset(by=editor)
    for path in (f"/api/v1/assets/{asset.pk}/file/", f"/api/v1/assets/{asset.pk}/file/?width=320"):
        assert world.client().get(path).status_code == 404
        assert world.client().get(path, headers={"If-None-Match": f'"{asset.sha256}"'}).status_code == 404

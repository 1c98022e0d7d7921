"""A media editor brings pictures and videos to the website."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts.models import Role
from media_library.models import Asset, StagedFile
from media_library.services import files
from tests import world
from tests.worlds import directory
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db


class Scene:
    def __init__(self) -> None:
        self.root, self.director = world.found()
        season = world.season(self.root, by=self.director)
        self.production = world.production(season, by=self.director, published=True)
        self.editor = world.give("media_editor", self.production.section, by=self.director)
        self.browser = world.client(self.editor)
        self.public = world.client()

    def asset(self, content: bytes, **fields: object) -> dict:
        file = media.upload(self.browser, content).json()["id"]
        body = {"file": file, "production": self.production.pk, "title": "Opening night", **fields}
        answer = world.post(self.browser, "/api/v1/assets/", body)
        assert answer.status_code == 201, answer.json()
        return answer.json()

    def verb(self, path: str, body: object = None) -> tuple[int, dict]:
        answer = world.post(self.browser, path, body)
        return answer.status_code, answer.json()


@pytest.fixture
def scene(db):
    return Scene()


def names(browser, path="/api/v1/assets/"):
    return [entry["title"] for entry in browser.get(path).json()["results"]]


def test_a_picture_is_cleaned_and_published(scene):
    content = media.jpeg(gps=True)
    assert Image.open(BytesIO(content)).getexif().get_ifd(0x8825)
    made = scene.asset(content, credit_line="Photo: A. Lens")
    file = f"/api/v1/assets/{made['id']}/file/"
    assert names(scene.public) == []
    assert scene.public.get(file).status_code == 404

    status, told = scene.verb(f"/api/v1/assets/{made['id']}/publish/")
    assert (status, told["code"], told["errors"][0]["field"]) == (400, "alt_text_needed", "alt_text")
    described = world.patch(scene.browser, f"/api/v1/assets/{made['id']}/", {"alt_text": "The cast bows."}, 1)
    assert described.status_code == 200
    assert scene.verb(f"/api/v1/assets/{made['id']}/publish/")[0] == 200

    shown = scene.public.get(f"/api/v1/assets/{made['id']}/").json()
    assert shown["alt_text"] == "The cast bows."
    answer = scene.public.get(file)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("public")
    body = b"".join(answer.streaming_content)
    image = Image.open(BytesIO(body))
    assert image.size == (64, 36)
    assert dict(image.getexif()) == {}
    assert b"Lantern Cameras" not in body
    assert scene.public.get(file, headers={"If-None-Match": answer["ETag"]}).status_code == 304

    small = scene.public.get(f"{file}?width=160")
    assert small["Content-Type"] == "image/webp"
    assert Image.open(BytesIO(small.content)).width == 64
    assert small["ETag"] != answer["ETag"]
    assert scene.public.get(f"{file}?width=160").content == small.content
    assert scene.public.get(f"{file}?width=161").json()["code"] == "unknown_width"

    assert scene.verb(f"/api/v1/assets/{made['id']}/unpublish/")[0] == 200
    assert scene.public.get(file).status_code == 404
    draft = scene.browser.get(file)
    assert draft["Cache-Control"].startswith("private")
    assert b"".join(draft.streaming_content) == body


def test_a_public_picture_needs_its_alternative_text(scene):
    asset = media.asset(scene.production, by=scene.editor, published=True)
    answer = world.patch(scene.browser, f"/api/v1/assets/{asset.pk}/", {"alt_text": ""}, asset.version)
    assert (answer.status_code, answer.json()["code"]) == (400, "alt_text_needed")
    assert scene.browser.delete(f"/api/v1/assets/{asset.pk}/", headers={"If-Match": "*"}).json()["code"] == "published"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_empty"),
        (b"%PDF-1.7 not a picture", "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_format"),
        (media.jpeg(400, 300)[:800], "picture_truncated"),
    ],
)
def test_other_files_are_refused_with_a_readable_message(scene, content, code):
    answer = media.upload(scene.browser, content)
    assert answer.status_code == 400
    told = answer.json()["errors"][0]
    assert (told["field"], told["code"]) == ("file", code)
    assert len(told["message"].split()) > 5
    assert not StagedFile.objects.exists()


def test_uploading_needs_permission(scene):
    assert media.upload(scene.public, media.jpeg()).status_code == 401
    seller = world.client(world.give("box_office", scene.root, by=scene.director))
    assert media.upload(seller, media.jpeg()).json()["code"] == "not_allowed"
    assert world.post(scene.browser, "/api/v1/files/").status_code == 415
    assert scene.browser.post("/api/v1/files/", {"file": "text"}).json()["code"] == "required"
    assert not StagedFile.objects.exists()


def test_an_upload_is_used_once_and_only_by_its_owner(scene):
    file = media.staged(by=scene.editor)
    body = {"file": file.pk, "production": scene.production.pk, "title": "One"}
    other = world.client(world.give("media_editor", scene.production.section, by=scene.director))
    assert world.post(other, "/api/v1/assets/", body).status_code == 400
    assert world.post(scene.browser, "/api/v1/assets/", body).status_code == 201
    again = world.post(scene.browser, "/api/v1/assets/", body)
    assert (again.status_code, again.json()["code"]) == (409, "file_taken")
    assert world.post(scene.browser, "/api/v1/assets/", {"file": file.pk, "title": "Ours"}).status_code == 403


def test_a_repeated_upload_is_stored_once(scene):
    first = media.upload(scene.browser, media.jpeg(), **{"Idempotency-Key": "k"})
    second = media.upload(scene.browser, media.jpeg(), **{"Idempotency-Key": "k"})
    assert first.json() == second.json()
    assert StagedFile.objects.count() == 1
    assert media.upload(scene.browser, media.jpeg(color="red"), **{"Idempotency-Key": "k"}).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_a_storage_failure_is_reported_and_the_upload_can_be_repeated(scene, monkeypatch):
    def broken(*_: object, **__: object) -> str:
        raise OSError("disk full")

    key = {"Idempotency-Key": "k"}
    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", broken)
        failed = scene.browser.post("/api/v1/files/", {"file": media.as_file(media.jpeg())}, headers=key)
        assert (failed.status_code, failed.json()["code"]) == (503, "not_stored")
    assert not StagedFile.objects.exists()
    again = scene.browser.post("/api/v1/files/", {"file": media.as_file(media.jpeg())}, headers=key)
    assert (again.status_code, again.get("Idempotent-Replay")) == (201, None)
    assert default_storage.exists(StagedFile.objects.get(pk=again.json()["id"]).key)


def stored() -> set[str]:
    folders, kept = [""], set()
    while folders:
        folder = folders.pop()
        below, here = default_storage.listdir(folder) if not folder or default_storage.exists(folder) else ([], [])
        folders += [f"{folder}/{name}".lstrip("/") for name in below]
        kept |= {f"{folder}/{name}" for name in here}
    return kept


def test_a_rolled_back_upload_leaves_no_file(scene):
    before = stored()

    def upload_and_fail() -> None:
        with media.committed(), transaction.atomic():
            files.upload_picture(actor=world.acting(scene.editor), file=media.jpeg(), isolated=False)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        upload_and_fail()
    assert stored() == before
    assert not StagedFile.objects.exists()


def test_unused_uploads_are_deleted_after_a_day(scene):
    forgotten, waiting = media.staged(by=scene.editor), media.staged(by=scene.editor)
    asset = media.asset(scene.production, by=scene.editor)
    deleted = media.asset(scene.production, by=scene.editor)
    deleted_key = deleted.file.key
    scene.browser.get(f"/api/v1/assets/{deleted.pk}/file/?width=320")
    assert sum(name.startswith(deleted_key) for name in stored()) == 2
    assert scene.browser.delete(f"/api/v1/assets/{deleted.pk}/", headers={"If-Match": '"1"'}).status_code == 204
    proposer = world.give("production_manager", scene.root, by=scene.director)
    assert files.sweep() == 0

    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        late = media.staged(by=proposer)
        assert files.sweep() == 3
    left = {name for name in stored() if name.startswith("pictures/")}
    assert {asset.file.key, late.key} <= left
    assert not {forgotten.key, waiting.key, deleted_key} & left
    assert not any(name.startswith(deleted_key) for name in left)
    assert set(StagedFile.objects.values_list("pk", flat=True)) == {asset.file_id, late.pk}


def test_a_file_of_a_pending_submission_is_not_deleted(scene):
    # Roles are data, and no preset may only submit pictures.
    role = Role(section=scene.root, name="apprentice", title="Apprentice", permissions=["submit_media", "view_media"])
    role.save()
    apprentice = world.give("apprentice", scene.production.section, by=scene.director)
    file = media.upload(world.client(apprentice), media.jpeg()).json()["id"]
    body = {"file": file, "production": scene.production.pk, "title": "Submitted"}
    answer = world.post(world.client(apprentice), "/api/v1/assets/", body)
    assert answer.status_code == 202
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assert files.sweep() == 0
    approved = world.post(
        world.client(scene.director),
        f"/api/v1/submissions/{answer.json()['id']}/approve/",
        {"comment": "Fine.", "digest": world.seen(answer.json())},
    )
    assert approved.status_code == 200, approved.json()
    assert Asset.objects.get(file_id=file).title == "Submitted"


def test_a_picture_missing_in_the_storage_is_refused(scene):
    file = files.upload_picture(actor=world.acting(scene.editor), file=media.jpeg(), isolated=False)  # no commit
    body = {"file": file.pk, "production": scene.production.pk, "title": "Lost"}
    answer = world.post(scene.browser, "/api/v1/assets/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "file_missing")


def test_tags_ignore_case(scene):
    asset = media.asset(scene.production, by=scene.editor, title="Poster")
    media.asset(scene.production, by=scene.editor, published=True, title="Other")
    status, told = scene.verb(f"/api/v1/assets/{asset.pk}/set-tags/", {"tags": ["Première", "poster", "PREMIERE"]})
    assert (status, sorted(told["tags"])) == (200, ["PREMIERE", "poster"])
    assert names(scene.browser, "/api/v1/assets/?tag=premiere") == ["Poster"]
    # Nobody learns from a tag what is not announced yet.
    assert scene.public.get("/api/v1/tags/").json()["results"] == []
    assert scene.verb(f"/api/v1/assets/{asset.pk}/publish/")[0] == 200
    assert [tag["name"] for tag in scene.public.get("/api/v1/tags/").json()["results"]] == ["PREMIERE", "poster"]
    assert scene.verb(f"/api/v1/assets/{asset.pk}/set-tags/", {"tags": ["poster"]})[1]["tags"] == ["poster"]
    assert scene.verb(f"/api/v1/assets/{asset.pk}/set-tags/", {"tags": [" "]})[1]["code"] == "bad_tag"


def test_a_depicted_person_is_shown_only_if_published(scene):
    asset = media.asset(scene.production, by=scene.editor, published=True)
    known = directory.person(by=scene.director, published=True, name="Pia Public")
    shy = directory.person(by=scene.director, name="Sam Shy")
    director = world.client(scene.director)
    for person in (known, shy):
        answer = world.post(director, f"/api/v1/assets/{asset.pk}/depict/", {"person": person.pk})
        assert answer.status_code == 200
    assert [seen["name"] for seen in answer.json()["depicts"]] == ["Pia Public", "Sam Shy"]
    again = world.post(director, f"/api/v1/assets/{asset.pk}/depict/", {"person": shy.pk})
    assert (again.status_code, again.json()["code"]) == (409, "person_depicted_once")

    # The editor sees drafts of pictures, not of people; they may not even try whether there is such a person.
    for browser in (scene.public, scene.browser):
        assert [seen["name"] for seen in browser.get(f"/api/v1/assets/{asset.pk}/").json()["depicts"]] == ["Pia Public"]
        assert len(names(browser, f"/api/v1/assets/?person={known.pk}")) == 1
        assert names(browser, f"/api/v1/assets/?person={shy.pk}") == []
    assert scene.verb(f"/api/v1/assets/{asset.pk}/depict/", {"person": shy.pk})[0] == 400
    assert world.post(director, f"/api/v1/assets/{asset.pk}/undepict/", {"person": shy.pk}).status_code == 200


def test_a_collection_lists_its_public_pictures_in_order(scene):
    pictures = [
        media.asset(scene.production, by=scene.editor, published=title != "draft", title=title)
        for title in ("first", "draft", "last")
    ]
    made = world.post(
        scene.browser, "/api/v1/collections/", {"production": scene.production.pk, "title": "Press kit"}
    ).json()
    path = f"/api/v1/collections/{made['id']}/"
    for picture in pictures:
        assert scene.verb(f"{path}add-asset/", {"asset": picture.pk})[0] == 200
    assert scene.verb(f"{path}add-asset/", {"asset": pictures[0].pk})[1]["code"] == "asset_once_in_collection"
    assert scene.public.get(f"{path}items/").status_code == 404
    assert scene.verb(f"{path}publish/")[0] == 200

    order = [pictures[2].pk, pictures[1].pk, pictures[0].pk]
    assert scene.verb(f"{path}arrange/", {"assets": order[:2]})[1]["code"] == "not_its_pictures"
    assert scene.verb(f"{path}arrange/", {"assets": order})[0] == 200

    def titles(browser):
        return [item["asset"]["title"] for item in browser.get(f"{path}items/").json()["results"]]

    assert titles(scene.browser) == ["last", "draft", "first"]
    assert titles(scene.public) == ["last", "first"]
    assert sorted(names(scene.public, f"/api/v1/assets/?collection={made['id']}")) == ["first", "last"]
    first = scene.public.get(f"{path}items/?page_size=1").json()
    assert [item["asset"]["title"] for item in scene.public.get(first["next"]).json()["results"]] == ["first"]
    assert scene.verb(f"{path}remove-asset/", {"asset": pictures[2].pk})[0] == 200
    assert titles(scene.public) == ["first"]


def test_a_video_link_is_stored_without_tracking_parameters(scene):
    body = {
        "production": scene.production.pk,
        "title": "Trailer",
        "url": "https://youtu.be/dQw4w9WgXcQ?si=tracking",
    }
    made = world.post(scene.browser, "/api/v1/video-links/", body).json()
    assert (made["provider"], made["video_id"]) == ("youtube", "dQw4w9WgXcQ")
    assert "tracking" not in str(made)
    again = world.post(scene.browser, "/api/v1/video-links/", {**body, "url": made["page_url"]})
    assert (again.status_code, again.json()["code"]) == (409, "video_linked_once")
    wrong = world.post(scene.browser, "/api/v1/video-links/", {**body, "url": "https://youtube.com.evil.example/x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "url")
    assert names(scene.public, "/api/v1/video-links/") == []
    assert scene.verb(f"/api/v1/video-links/{made['id']}/publish/")[0] == 200
    assert names(scene.public, "/api/v1/video-links/") == ["Trailer"]

"""An actor gives a headshot of themselves, over HTTP from the upload to the website."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry, Submission
from directory.services.consents import give_consent, withdraw_consent
from media_library.models import Asset, StagedFile
from media_library.services import files
from tests import world
from tests.worlds import directory
from tests.worlds import media_library as media

pytestmark = pytest.mark.django_db

HEADSHOTS = "/api/v1/assets/headshot/"


class Scene:
    """Ann plays in a production, and has no permission on media anywhere."""

    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.production = world.production(world.season(self.root, by=self.director), by=self.director, published=True)
        self.user = world.give("company_member", self.production.section, by=self.director)
        self.ann = directory.person(by=self.director, published=True, user=self.user, name="Ann Actor")
        self.browser = world.client(self.user)

    def uploaded(self) -> int:
        answer = media.upload(self.browser, media.jpeg())
        assert answer.status_code == 201, answer.json()
        file: int = answer.json()["id"]
        return file

    def body(self, **changed: Any) -> dict[str, Any]:
        given = {"person": self.ann.pk, "title": "Ann Actor", "alt_text": "A woman smiles.", **changed}
        return given if "file" in given else {"file": self.uploaded(), **given}


@pytest.fixture
def scene(db: Any) -> Scene:
    return Scene()


def test_a_headshot_waits_for_approval_and_is_published_by_the_staff(scene: Scene) -> None:
    given = world.post(scene.browser, HEADSHOTS, scene.body())
    assert given.status_code == 202, given.json()
    waiting, boss = given.json()["id"], world.client(scene.director)
    told = scene.browser.get(f"/api/v1/submissions/{waiting}/").json()
    assert (told["state"], told["area"]) == ("submitted", "media")
    assert not Asset.objects.exists()

    # Anybody who decides looks at the picture before.
    file = Submission.objects.get(pk=waiting).items[0]["inputs"]["file"]
    for browser in (boss, scene.browser):
        picture = browser.get(f"/api/v1/files/{file}/file/")
        assert (picture.status_code, picture["Cache-Control"]) == (200, "private, no-cache")
        assert b"".join(picture.streaming_content)
        assert browser.get(f"/api/v1/files/{file}/file/?width=160")["Content-Type"] == "image/webp"
    assert world.client().get(f"/api/v1/files/{file}/file/").status_code == 404
    assert world.client(world.user()).get(f"/api/v1/files/{file}/file/").status_code == 404

    path, seen = f"/api/v1/submissions/{waiting}/approve/", {"digest": world.seen(given.json())}
    assert world.post(scene.browser, path, seen).status_code == 403
    approved = world.post(boss, path, seen)
    assert (approved.status_code, approved.json()["state"]) == (200, "applied"), approved.json()
    entry = AuditEntry.objects.get(action="headshot.add")
    assert (entry.actor_id, entry.on_behalf_of_id) == (scene.director.pk, scene.user.pk)
    asset = Asset.objects.get()
    assert world.client().get(f"/api/v1/assets/{asset.pk}/").status_code == 404
    assert world.post(boss, f"/api/v1/assets/{asset.pk}/publish/").status_code == 200
    (shown,) = world.client().get("/api/v1/assets/", {"person": scene.ann.pk, "tag": "headshot"}).json()["results"]
    assert shown["depicts"] == [{"id": scene.ann.pk, "name": "Ann Actor"}]


def test_an_editor_of_media_adds_a_headshot_at_once(scene: Scene) -> None:
    world.give("media_editor", scene.root, by=scene.director, to=scene.user)
    given = world.post(world.client(scene.user), HEADSHOTS, scene.body())
    assert given.status_code == 201, given.json()
    assert given.json()["tags"] == ["headshot"]
    assert given.json()["depicts"] == [{"id": scene.ann.pk, "name": "Ann Actor"}]
    assert not Submission.objects.exists()


def test_a_headshot_is_submitted_together_with_other_changes(scene: Scene) -> None:
    """In one draft with a new biography, which people submit without a permission as well."""
    items = [
        {
            "action": "headshot.add",
            "inputs": {
                "file": scene.uploaded(),
                "person": scene.ann.pk,
                "fields": {"title": "Ann Actor"},
            },
        },
        {"action": "person.update", "inputs": {"person": scene.ann.pk, "changes": {"bio": "Plays."}}},
    ]
    draft = world.post(scene.browser, "/api/v1/submissions/", {"title": "My page", "items": items})
    assert draft.status_code == 201, draft.json()
    path = f"/api/v1/submissions/{draft.json()['id']}/submit/"
    assert world.post(scene.browser, path).json()["state"] == "submitted"
    # Somebody else, by the same way, is refused.
    ben = directory.person(by=scene.director, published=True)
    items[0]["inputs"] |= {"person": ben.pk, "file": scene.uploaded()}
    refused = world.post(scene.browser, "/api/v1/submissions/", {"title": "His page", "items": items[:1]})
    assert refused.status_code == 403, refused.json()


def test_a_headshot_can_be_submitted_only_of_oneself(scene: Scene) -> None:
    ben = directory.person(by=scene.director, published=True, user=world.user("Ben"))
    file = scene.uploaded()
    other = world.post(scene.browser, HEADSHOTS, scene.body(person=ben.pk, file=file))
    assert (other.status_code, other.json()["code"]) == (403, "not_own_record")
    theirs = media.staged(by=scene.director)
    assert world.post(scene.browser, HEADSHOTS, scene.body(file=theirs.pk)).status_code == 400
    picture = {"file": file, "title": "Us", "production": scene.production.pk}
    assert world.post(scene.browser, "/api/v1/assets/", picture).status_code == 403
    assert world.post(world.client(), HEADSHOTS, scene.body(file=file)).status_code == 401
    stranger = world.client(world.user())
    assert media.upload(stranger, media.jpeg()).json()["code"] == "not_allowed"
    assert not Asset.objects.exists()
    assert not Submission.objects.exists()


def test_a_headshot_needs_consent_like_every_picture(scene: Scene) -> None:
    consent = give_consent(actor=world.acting(scene.user), person=scene.ann, purpose="photo", note=None)
    withdraw_consent(actor=world.acting(scene.user), consent=consent)
    refused = world.post(scene.browser, HEADSHOTS, scene.body())
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["code"] == "photo_consent_withdrawn"


def test_uploads_of_one_person_are_limited(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_WAITING", 2)
    first = scene.uploaded()
    scene.uploaded()
    refused = media.upload(scene.browser, media.jpeg())
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_uploads")
    StagedFile.objects.get(pk=first).delete()
    scene.uploaded()

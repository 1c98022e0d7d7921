"""A withdrawn consent to pictures takes them down at once, and keeps them down."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connections

from accounts.models import AuditEntry, Notification
from directory.models import Consent
from directory.services.consents import give_consent, withdraw_consent
from media_library.models import Asset
from media_library.services.assets import depict, publish_asset
from media_library.services.collections import add_asset, create_collection, publish_collection
from tests import world
from tests.worlds import directory
from tests.worlds import media_library as media
from theater_site.core.errors import Invalid
from theater_site.core.signals import action_done

pytestmark = pytest.mark.django_db


class Scene:
    """A production with a public picture of Ann, who consented; a media editor of that production."""

    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.production = world.production(world.season(self.root, by=self.director), by=self.director, published=True)
        self.editor = world.give("media_editor", self.production.section, by=self.director)
        self.user = world.user("Ann")
        self.ann = directory.person(by=self.director, published=True, user=self.user, name="Ann Actor")
        self.consent = self.consented()
        self.picture = self.depicted(published=True)

    def consented(self) -> Consent:
        given: Consent = give_consent(actor=world.acting(self.user), person=self.ann, purpose="photo", note=None)
        return given

    def depicted(self, **fields: Any) -> Asset:
        asset = media.asset(self.production, by=self.editor, **fields)
        shown: Asset = depict(actor=world.acting(self.editor), asset=asset, person=self.ann)
        return shown

    def withdraw(self) -> None:
        answer = world.post(world.client(self.user), f"/api/v1/consents/{self.consent.pk}/withdraw/")
        assert answer.status_code == 200, answer.json()


@pytest.fixture
def scene(db: Any) -> Scene:
    return Scene()


def test_withdrawing_a_consent_unpublishes_pictures_everywhere(scene: Scene) -> None:
    visitor, acting = world.client(), world.acting(scene.editor)
    other = media.asset(scene.production, by=scene.editor, published=True)
    draft = scene.depicted()
    gallery = create_collection(
        actor=acting, section=scene.production.section, production=scene.production, fields={"title": "Gallery"}
    )
    for asset in (scene.picture, other):
        add_asset(actor=acting, collection=gallery, asset=asset)
    publish_collection(actor=acting, collection=gallery)
    page = f"/api/v1/assets/{scene.picture.pk}/"
    shown = visitor.get(f"{page}file/?width=320")
    assert (shown.status_code, shown["Cache-Control"]) == (200, "public, no-cache")
    kept = {"If-None-Match": shown["ETag"]}
    assert visitor.get(f"{page}file/?width=320", headers=kept).status_code == 304

    scene.withdraw()
    for path in (page, f"{page}file/", f"{page}file/?width=320"):
        assert visitor.get(path).status_code == 404
        assert visitor.get(path, headers=kept).status_code == 404
    assert [row["id"] for row in visitor.get("/api/v1/assets/").json()["results"]] == [other.pk]
    items = visitor.get(f"/api/v1/collections/{gallery.pk}/items/").json()["results"]
    assert [row["asset"]["id"] for row in items] == [other.pk]

    withdrawn = AuditEntry.objects.get(action="consent.withdraw")
    entry = AuditEntry.objects.get(action="asset.unpublish")
    assert (entry.actor_id, entry.cause) == (scene.user.pk, withdrawn.pk)
    told = Notification.objects.filter(kind="pictures_withdrawn")
    assert sorted(told.values_list("recipient", flat=True)) == sorted([scene.director.pk, scene.editor.pk])
    for notification in told:
        assert "Ann Actor" in notification.subject
        assert scene.picture.title in notification.body
        assert draft.title not in notification.body


def test_consent_is_checked_at_depicting_and_at_publishing(scene: Scene) -> None:
    browser, path = world.client(scene.editor), f"/api/v1/assets/{scene.picture.pk}/publish/"
    new = media.asset(scene.production, by=scene.editor)
    public = media.asset(scene.production, by=scene.editor, published=True)
    scene.withdraw()
    refused = [
        world.post(browser, path),
        *(world.post(browser, f"/api/v1/assets/{one.pk}/depict/", {"person": scene.ann.pk}) for one in (new, public)),
    ]
    for answer in refused:
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "photo_consent_withdrawn"
        assert "Ann Actor" in answer.json()["errors"][0]["message"]
    assert refused[1].json()["errors"][0]["field"] == "person"
    preview = world.post(browser, f"{path}?preview=true").json()
    assert [finding["rule"] for finding in preview["findings"]] == ["photo_consent_withdrawn"]
    waived = world.post(browser, path, {"waive": {"photo_consent_withdrawn": "It is good."}})
    assert waived.status_code == 400

    # A consent that is given again publishes nothing, and lets somebody publish.
    scene.consented()
    assert world.client().get(f"/api/v1/assets/{scene.picture.pk}/").status_code == 404
    assert world.post(browser, path).status_code == 200
    assert world.post(browser, f"/api/v1/assets/{new.pk}/depict/", {"person": scene.ann.pk}).status_code == 200


def test_a_submission_from_before_the_withdrawal_is_not_applied(scene: Scene) -> None:
    marketing = world.give("production_manager", scene.production.section, by=scene.director)
    draft = scene.depicted()
    submitted = world.post(world.client(marketing), f"/api/v1/assets/{draft.pk}/publish/")
    assert submitted.status_code == 202, submitted.json()
    scene.withdraw()
    boss, waiting = world.client(scene.director), submitted.json()["id"]
    approved = world.post(boss, f"/api/v1/submissions/{waiting}/approve/", {"digest": world.seen(submitted.json())})
    assert approved.status_code in (400, 409, 412)
    assert world.client().get(f"/api/v1/assets/{draft.pk}/").status_code == 404


def test_other_consents_and_other_people_do_not_affect_a_picture(scene: Scene) -> None:
    """Nobody who was never asked is refused, and a withdrawn newsletter is not a withdrawn picture."""
    acting = world.acting(scene.user)
    letter = give_consent(actor=acting, person=scene.ann, purpose="newsletter", note=None)
    withdraw_consent(actor=acting, consent=letter)
    asset = scene.depicted(published=True)
    ben = directory.person(by=scene.director)
    depict(actor=world.acting(scene.editor), asset=asset, person=ben)
    assert world.client().get(f"/api/v1/assets/{scene.picture.pk}/").status_code == 200
    assert not Notification.objects.filter(kind="pictures_withdrawn").exists()


def test_unpublished_people_are_not_named_to_media_editors(scene: Scene) -> None:
    shy = directory.person(by=scene.director, name="Shy Singer")
    acting = world.acting(scene.director)
    consent = give_consent(actor=acting, person=shy, purpose="photo", note="on paper")
    asset = depict(actor=acting, asset=media.asset(scene.production, by=scene.editor, published=True), person=shy)
    withdraw_consent(actor=acting, consent=consent)
    notifications = Notification.objects.filter(kind="pictures_withdrawn")
    assert notifications.count() == 2
    assert not any("Shy" in f"{notification.subject} {notification.body}" for notification in notifications)
    with pytest.raises(Invalid) as refused:
        publish_asset(actor=world.acting(scene.editor), asset=Asset.objects.get(pk=asset.pk))
    assert f"Person {shy.pk} withdrew" in refused.value.problems[0].message


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["consent.withdraw", "asset.publish"])
def test_a_picture_published_during_a_withdrawal_is_unpublished(real_database: None, first: str) -> None:
    scene = Scene()
    draft = scene.depicted()
    begun, refused = threading.Event(), list[str]()

    def dawdle(run: Any, **_: Any) -> None:
        # At the end of the first transaction, before its commit: the other one comes in the meantime.
        if run.name == first:
            begun.set()
            time.sleep(0.5)

    def work(name: str, call: Any) -> None:
        try:
            if name != first:
                begun.wait(10)
            call()
        except Invalid as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    editor, ann = world.acting(scene.editor), world.acting(scene.user)
    calls = {
        "asset.publish": lambda: publish_asset(actor=editor, asset=draft),
        "consent.withdraw": lambda: withdraw_consent(actor=ann, consent=scene.consent),
    }
    action_done.connect(dawdle)
    try:
        threads = [threading.Thread(target=work, args=item) for item in calls.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        action_done.disconnect(dawdle)
    assert begun.is_set()
    assert refused == (["rules_broken"] if first == "consent.withdraw" else [])
    assert Consent.objects.get(pk=scene.consent.pk).withdrawn_at is not None
    assert not Asset.objects.filter(published_at__isnull=False).exists()

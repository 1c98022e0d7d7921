"""A director hands four areas of one production to four people, and sleeps well: over HTTP from the first call to the last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import delegation, directory

pytestmark = pytest.mark.django_db
API = "/api/v1"

AREAS: dict[str, list[str]] = {
    "details": ["view_details", "edit_details", "publish_details", "view_members", "manage_members"],
    "cast": ["view_cast", "edit_cast", "view_details"],
    "schedule": ["view_schedule", "edit_schedule", "view_details"],
    "media": ["view_media", "edit_media", "view_details"],
}


class Story:
    """The theater with its two productions, and one person an area."""

    def __init__(self) -> None:
        self.theater = Theater()
        self.here = self.theater.draft
        self.other = world.production(self.theater.season, by=self.theater.director, title="Another play")
        self.director = self.theater.director
        self.people = {area: world.user(area.title()) for area in AREAS}
        self.actor = directory.person(by=self.director, published=True)
        self.days = 0
        self.roles: dict[str, int] = {}
        self.assignments: dict[str, int] = {}

    def browser(self, who: User) -> Client:
        return world.client(who)

    def explained(self, who: User, permission: str, section: int) -> Any:
        return self.browser(who).get(f"{API}/sections/{section}/explain/", {"permission": permission}).json()

    def works(self, area: str, who: User, production: Any) -> int:
        """Does the work of an area on a production, and answers the status."""
        browser = self.browser(who)
        if area == "details":
            path = f"{API}/productions/{production.pk}/"
            return int(world.patch(browser, path, {"genre": "play"}, self._version(production)).status_code)
        body: dict[str, Any] = {"production": production.pk}
        if area == "cast":
            return int(
                world.post(browser, f"{API}/credits/", {**body, "person": self.actor.pk, "role": "Hamlet"}).status_code
            )
        if area == "media":
            return int(
                world.post(browser, f"{API}/collections/", {**body, "title": f"Pictures {world.number()}"}).status_code
            )
        self.days += 1
        rehearsal = {
            "date": f"2031-11-{self.days:02}",
            "start_time": "19:00",
            "duration_minutes": 60,
            "timezone": "Europe/London",
        }
        return int(
            world.post(browser, f"{API}/occurrences/", {**body, **rehearsal, "category": "rehearsal"}).status_code
        )

    def _version(self, production: Any) -> int:
        production.refresh_from_db()
        return int(production.version)


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_director_delegates_four_areas_to_four_people(story: Story) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        section = story.here.section_id
        director = story.browser(story.director)

        # --- Four roles, four people, one production -----------------------------------------------------------------
        for area, permissions in AREAS.items():
            body = {
                "section": story.theater.root.pk,
                "name": f"{area}_lead",
                "title": f"{area.title()} lead",
                "permissions": permissions,
            }
            made = world.post(director, f"{API}/roles/", body)
            assert made.status_code == 201, made.content
            story.roles[area] = made.json()["id"]
            ends_at = (now + timedelta(days=30)).isoformat() if area == "media" else None
            given = {
                "user": story.people[area].pk,
                "role": made.json()["id"],
                "section": section,
                "ends_at": ends_at,
                "reason": area,
            }
            answer = world.post(director, f"{API}/role-assignments/", given)
            assert answer.status_code == 201, answer.content
            story.assignments[area] = answer.json()["id"]

        # --- Each may do what is theirs, here, and nothing anywhere else ---------------------------------------------
        for area, who in story.people.items():
            for asked in AREAS:
                permission = f"edit_{asked}"
                told = story.explained(who, permission, section)
                assert told["allowed"] == (permission in AREAS[area]), (area, asked)
                assert not story.explained(who, permission, story.other.section_id)["allowed"]
                assert not story.explained(who, permission, story.theater.root.pk)["allowed"]
            for asked in AREAS:
                status = story.works(asked, who, story.here)
                assert status in ({200, 201} if area == asked else {403}), (area, asked, status)
                assert story.works(asked, who, story.other) in {400, 403, 404}, (area, asked)
            assert story.browser(who).get(f"{API}/productions/{story.here.pk}/internal/").status_code == 200
            assert story.browser(who).get(f"{API}/productions/{story.other.pk}/").status_code == 404
            assert (
                world.post(
                    story.browser(who), f"{API}/productions/", {"season": story.theater.season.pk, "title": "X"}
                ).status_code
                == 403
            )

        # --- One passes a part on, and no more than that -------------------------------------------------------------
        lead, helper = story.people["details"], world.user("Helper")
        role = world.post(
            story.browser(lead), f"{API}/roles/",
            {
                "section": section, "name": "text_helper", "title": "Helps with texts",
                "permissions": ["view_details", "edit_details"],
            },
        )  # fmt: skip
        assert role.status_code == 201, role.content
        body = {"user": helper.pk, "role": role.json()["id"], "section": section, "reason": ""}
        passed = world.post(story.browser(lead), f"{API}/role-assignments/", body)
        assert passed.status_code == 201, passed.content
        assert passed.json()["passed_on_from"] == story.assignments["details"]
        assert story.works("details", helper, story.here) == 200
        more = {**body, "role": story.roles["cast"]}
        assert (
            world.post(story.browser(lead), f"{API}/role-assignments/", more).json()["code"] == "beyond_own_permissions"
        )
        chain = story.explained(helper, "edit_details", section)["grounds"][0]["chain"]
        assert [link["user"]["id"] for link in chain] == [lead.pk, story.director.pk]

        # --- Their time ends, to the second --------------------------------------------------------------------------
        editor = story.people["media"]
        until = story.explained(editor, "edit_media", section)["until"]
        assert until == (now + timedelta(days=30)).isoformat().replace("+00:00", "Z")
        clock.move_to(now + timedelta(days=30) - timedelta(seconds=1))
        assert story.explained(editor, "edit_media", section)["allowed"]
        clock.shift(timedelta(seconds=1))
        told = story.explained(editor, "edit_media", section)
        assert (told["allowed"], told["missing"]) == (False, "over")
        assert story.browser(editor).get(f"{API}/productions/{story.here.pk}/").status_code == 404

        # --- One leaves, and hands over all of it --------------------------------------------------------------------
        director = story.browser(story.director)
        successor = world.user("Successor")
        body = {"leaver": lead.pk, "successor": successor.pk, "reason": "off to another theater"}
        seen = world.post(director, f"{API}/role-assignments/hand-over/?preview=true", body).json()
        assert str(story.assignments["details"]) in {change["object_id"] for change in seen["changes"]}
        assert story.works("details", lead, story.here) == 200
        answer = world.post(director, f"{API}/role-assignments/hand-over/", body)
        assert answer.status_code == 201, answer.content
        assert story.works("details", lead, story.here) in (403, 404)
        assert story.works("details", successor, story.here) == 200
        assert story.works("details", helper, story.here) == 200, "what was passed on stays"

        # --- Who may do what here, and who did what ------------------------------------------------------------------
        members = director.get(f"{API}/sections/{section}/members/").json()["results"]
        here = {member["user"]["id"] for member in members}
        assert here == {
            story.director.pk,
            story.people["cast"].pk,
            story.people["schedule"].pk,
            helper.pk,
            successor.pk,
        }
        [new] = answer.json()
        gone = world.post(director, f"{API}/role-assignments/{new['id']}/end/", {"reason": "the season is over"})
        assert gone.status_code == 200, gone.content
        assert story.works("details", helper, story.here) in (403, 404), "and what was passed on ends with it"
        actions = {entry["action"] for entry in director.get(f"{API}/audit/", {"page_size": "200"}).json()["results"]}
        assert {"role.create", "role.assign", "role.hand_over", "role.end"} <= actions


def test_an_invited_stranger_accepts_and_works(story: Story) -> None:
    director = story.browser(story.director)
    role = director.get(f"{API}/roles/", {"name": "production_manager"}).json()["results"][0]["id"]
    body = {"email": "new@theater.example", "role": role, "section": story.here.section_id, "reason": "Welcome"}
    assert world.post(director, f"{API}/invitations/", body).status_code == 201
    guest = delegation.with_address(User.objects.create_user("new@theater.example", name="New"))
    assert story.works("details", guest, story.here) == 404
    answer = world.post(story.browser(guest), f"{API}/invitations/accept/", {"token": delegation.mailed_secret()})
    assert answer.status_code == 201, answer.content
    assert story.works("details", guest, story.here) == 200
    assert story.works("details", guest, story.other) == 404

"""A director delegates one production for a time; anybody who has it works there, delegates further, and no further than that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, User
from tests import world

pytestmark = pytest.mark.django_db


def _role(browser: Client, name: str) -> int:
    return next(role["id"] for role in browser.get("/api/v1/roles/").json()["results"] if role["name"] == name)


def _give(browser: Client, role: str, section: int, to: User, ends_at: Any = None) -> Any:
    body = {
        "user": to.pk,
        "role": _role(browser, role),
        "section": section,
        "ends_at": ends_at,
        "reason": "for the run",
    }
    return world.post(browser, "/api/v1/role-assignments/", body)


def test_a_production_is_delegated_for_a_time() -> None:
    root, director = world.found()
    season = world.season(root, by=director)
    mine, other = (world.production(season, by=director) for _ in range(2))
    lead, helper = world.user("Lena Lead"), world.user("Hal Helper")
    closing = timezone.now() + timedelta(days=30)

    answer = _give(world.client(director), "director", mine.section_id, lead, closing)
    assert answer.status_code == 201, answer.content
    assert Notification.objects.filter(recipient=lead, kind="role_given").count() == 1

    browser = world.client(lead)
    assert browser.get(f"/api/v1/productions/{mine.pk}/internal/").status_code == 200
    assert browser.get(f"/api/v1/productions/{other.pk}/internal/").status_code == 404
    assert [row["id"] for row in browser.get("/api/v1/productions/").json()["results"]] == [mine.pk]
    changed = world.patch(browser, f"/api/v1/productions/{mine.pk}/", {"genre": "comedy"}, mine.version)
    assert changed.status_code == 200, changed.content
    assert world.patch(browser, f"/api/v1/productions/{other.pk}/", {"genre": "x"}, other.version).status_code == 404

    # She gives what she holds, for no longer than she holds it, and nowhere else.
    assert _give(browser, "viewer", mine.section_id, helper).json()["code"] == "beyond_own_time"
    given = _give(browser, "viewer", mine.section_id, helper, closing)
    assert given.status_code == 201, given.content
    assert _give(browser, "viewer", other.section_id, helper, closing).status_code == 400
    assert _give(browser, "viewer", mine.section_id, lead, closing).json()["code"] == "own_role"
    seen = world.client(helper)
    assert seen.get(f"/api/v1/productions/{mine.pk}/").status_code == 200

    # The director takes the helper's role back at once.
    ended = world.post(
        world.client(director), f"/api/v1/role-assignments/{given.json()['id']}/end/", {"reason": "done"}
    )
    assert ended.status_code == 200, ended.content
    assert seen.get(f"/api/v1/productions/{mine.pk}/").status_code == 404
    assert Notification.objects.filter(recipient=helper, kind="role_ended").count() == 1

    # And at the closing it is over by itself.
    token_life = timedelta(seconds=1)
    with time_machine.travel(closing - token_life, tick=False):
        assert world.client(lead).get(f"/api/v1/productions/{mine.pk}/").status_code == 200
    with time_machine.travel(closing, tick=False):
        assert world.client(lead).get(f"/api/v1/productions/{mine.pk}/").status_code == 404

"""Somebody changed it, and the director finds out who, takes it back, and can prove that the log is what was written."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.audit.services.sealing import seal_waiting
from accounts.models import AuditEntry, AuditValue, Submission, User
from accounts.permissions.services.roles import end_role
from productions.models import Production
from scheduling.models import Booking, Occurrence
from tests import world
from tests.laws.scenes import Theater
from tests.worlds import scheduling as calendar

pytestmark = pytest.mark.django_db
AUDIT = "/api/v1/audit/"


@pytest.fixture
def theater() -> Theater:
    return Theater()


def describe(who: User, production: Production, **changes: Any) -> str:
    """Over HTTP; answers the id of its entry, as anybody who may read the whole log finds it."""
    version = Production.objects.get(pk=production.pk).version
    answer = world.patch(world.client(who), f"/api/v1/productions/{production.pk}/", changes, version)
    assert answer.status_code == 200, answer.content
    return str(AuditEntry.objects.filter(action="production.update").order_by("-id").first().pk)


def revert(who: User, entry: str, body: Any = None, query: str = "", **headers: str) -> Any:
    return world.post(world.client(who), f"{AUDIT}{entry}/revert/{query}", body, **headers)


def genre(production: Production) -> str:
    return Production.objects.get(pk=production.pk).genre


def test_the_director_finds_reverts_and_proves_a_change(theater: Theater, tmp_path: Any) -> None:
    production, director = theater.production, theater.director
    manager = world.give("production_manager", theater.season.section, by=director)
    describe(director, production, genre="Tragedy", running_minutes=90)
    describe(manager, production, genre="Farce", running_minutes=30)
    browser = world.client(director)

    # Who was it?
    asked = {"object_type": "productions.production", "object_id": production.pk, "action": "production.update"}
    found = browser.get(AUDIT, asked).json()["results"][0]
    assert found["actor"] == manager.pk
    assert found["changes"][0]["fields"] == ["genre", "running_minutes"]
    history = browser.get(f"{AUDIT}history/", {name: asked[name] for name in ("object_type", "object_id")}).json()
    assert {one["field"]: (one["before"], one["after"]) for one in history["results"][-1]["differences"]} == {
        "genre": ("Tragedy", "Farce"), "running_minutes": (90, 30)
    }  # fmt: skip

    # What would taking it back do? Then it is done, as an ordinary update by the director.
    seen = revert(director, found["id"], query="?preview=true").json()
    assert [(change["before"]["genre"], change["after"]["genre"]) for change in seen["changes"]] == [
        ("Farce", "Tragedy")
    ]
    assert genre(production) == "Farce"
    answer = revert(director, found["id"])
    assert answer.status_code == 200, answer.content
    after = Production.objects.get(pk=production.pk)
    assert (after.genre, after.running_minutes) == ("Tragedy", 90)
    assert answer.json() == {
        "object_type": "productions.production",
        "object_id": str(production.pk),
        "version": after.version,
    }
    assert browser.get(AUDIT, asked).json()["results"][0]["actor"] == director.pk

    # And the log is what was written, today and against the checkpoint of today.
    seal_waiting()
    kept = tmp_path / "checkpoint.json"
    call_command("verify_audit", "--json", "--export", str(kept), stdout=StringIO())
    out = StringIO()
    call_command("verify_audit", "--json", "--checkpoint", str(kept), stdout=out)
    assert json.loads(out.getvalue())["broken"] is None


def test_users_who_may_only_submit_submit_a_revert(theater: Theater) -> None:
    """Their own earlier change, since they may read no other's."""
    author = world.user("Mara Marketing")
    held = world.assign("production_manager", theater.root, by=theater.director, to=author)
    entry = describe(author, theater.production, genre="Farce")
    end_role(actor=theater.acting(), assignment=held, reason="moves on")
    world.give("marketing_coordinator", theater.root, by=theater.director, to=author)
    answer = revert(author, entry)
    assert answer.status_code == 202, answer.content
    assert genre(theater.production) == "Farce", "nothing is changed yet"
    submission = Submission.objects.get(pk=answer.json()["id"])
    done = world.post(
        world.client(theater.director),
        f"/api/v1/submissions/{submission.pk}/approve/",
        {"comment": "", "digest": world.seen(submission)},
    )
    assert done.status_code == 200, done.content
    assert genre(theater.production) == ""


def test_a_rescheduled_event_is_reverted_with_its_booking(theater: Theater) -> None:
    hall = calendar.space(by=theater.director)
    occurrence = calendar.occurrence(theater.production, by=theater.director, space=hall)
    before = (occurrence.date, occurrence.start_time)
    version = Occurrence.objects.get(pk=occurrence.pk).version
    moved = {"date": "2031-05-06", "start_time": "15:00"}
    answer = world.patch(world.client(theater.director), f"/api/v1/occurrences/{occurrence.pk}/", moved, version)
    assert answer.status_code == 200, answer.content
    entry = AuditEntry.objects.filter(action="event.update").order_by("-id").first()
    change = entry.changes.get(object_type="scheduling.occurrence")
    assert revert(theater.director, str(entry.pk), {"change": str(change.pk)}).status_code == 200
    occurrence = Occurrence.objects.get(pk=occurrence.pk)
    assert (occurrence.date, occurrence.start_time) == before
    assert Booking.objects.get(occurrence=occurrence).starts_at == occurrence.starts_at


def test_a_revert_does_not_overwrite_later_changes(theater: Theater) -> None:
    first = describe(theater.director, theater.production, genre="Farce", running_minutes=30)
    describe(theater.director, theater.production, genre="Opera")
    answer = revert(theater.director, first)
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_since")
    assert answer.json()["data"]["changed"] == ["genre"]
    assert genre(theater.production) == "Opera"
    # Other fields may have changed: they are not concerned.
    second = describe(theater.director, theater.production, genre="Ballet")
    describe(theater.director, theater.production, running_minutes=45)
    assert revert(theater.director, second).status_code == 200
    assert genre(theater.production) == "Opera"


def test_a_repeated_revert_request_runs_once(theater: Theater) -> None:
    entry = describe(theater.director, theater.production, genre="Farce")
    headers = {"Idempotency-Key": "take-it-back"}
    first, again = (revert(theater.director, entry, **headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert again["Idempotent-Replay"] == "true"


def test_a_refused_revert_says_why(theater: Theater) -> None:
    production, director = theater.production, theater.director
    by_action = {entry.action: str(entry.pk) for entry in AuditEntry.objects.all()}

    def refused(entry: str, body: Any = None) -> tuple[int, str, str]:
        answer = revert(director, entry, body)
        return answer.status_code, answer.json()["code"], answer.json()["detail"]

    assert refused(by_action["production.create"])[:2] == (409, "not_revertible")
    status, code, detail = refused(by_action["production.publish"])
    assert (status, code) == (409, "not_revertible")
    assert "published_at" in detail
    assert "status" in detail, "which is changed by steps of its own"
    assert refused(by_action["role.assign"])[1] == "several_changes"
    assert refused(by_action["production.publish"], {"change": "0" * 32})[:2] == (404, "no_such_change")
    assert revert(director, by_action["production.publish"], {"changes": []}).status_code == 400
    entry = describe(director, production, genre="Farce")
    AuditValue.objects.filter(change__entry=entry).delete()
    assert refused(entry)[:2] == (409, "values_erased")
    draft = theater.draft
    entry = describe(director, draft, genre="Farce")
    draft.refresh_from_db()
    draft.delete()
    assert refused(entry)[:2] == (404, "object_gone")
    assert genre(production) == "Farce"


def test_a_revert_is_judged_by_current_rules_and_permissions(theater: Theater) -> None:
    """An old value that would be refused today is refused, and permissions are today's."""
    manager = world.user("Max Manager")
    held = world.assign("production_manager", theater.root, by=theater.director, to=manager)
    entry = describe(manager, theater.production, genre="Farce")
    end_role(actor=theater.acting(), assignment=held, reason="over")
    assert revert(manager, entry).status_code == 403
    describe(theater.director, theater.production, opens_on="2030-01-01", closes_on="2030-02-01")
    moved = describe(theater.director, theater.production, opens_on="2029-01-01")
    later = describe(theater.director, theater.production, closes_on="2029-06-01")
    assert later != moved
    answer = revert(theater.director, moved)
    assert answer.status_code == 400, answer.content
    assert str(Production.objects.get(pk=theater.production.pk).opens_on) == "2029-01-01"


def test_a_past_state_can_be_read(theater: Theater) -> None:
    describe(theater.director, theater.production, genre="Tragedy")
    moment = timezone.now().isoformat()
    describe(theater.director, theater.production, genre="Farce")
    asked = {"object_type": "productions.production", "object_id": theater.production.pk, "at": moment}
    told = world.client(theater.director).get(f"{AUDIT}state/", asked).json()
    assert told["fields"]["genre"] == {"known": "shown", "value": "Tragedy"}

"""What is pending for the director's eye: two agreements, a deputy on holiday, a date, a decision that goes up, an emergency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from productions.models import Production
from tests import world
from tests.worlds import approvals, delegation

pytestmark = pytest.mark.django_db


class House:
    """A director, a marketing coordinator who submits, and a season with one public play and one that is not."""

    def __init__(self) -> None:
        self.root, self.director = world.found()
        self.season = world.season(self.root, by=self.director)
        self.play = world.production(self.season, by=self.director, published=True, title="The Sea Gull")
        self.plan = world.production(self.season, by=self.director, title="Three Sisters")
        self.mara = approvals.author(self.root, by=self.director)

    def submit(self, by: User, **changes: Any) -> int:
        version = Production.objects.get(pk=self.play.pk).version
        answer = world.patch(world.client(by), f"/api/v1/productions/{self.play.pk}/", changes, version)
        assert answer.status_code == 202, answer.content
        made: int = answer.json()["id"]
        return made

    def decide(self, by: User, submission: int, verb: str = "approve", **body: Any) -> Any:
        body = body or {"comment": ""}
        if verb == "approve":
            body = {"digest": world.seen(submission), **body}
        return world.post(world.client(by), f"/api/v1/submissions/{submission}/{verb}/", body)

    def waits_for(self, who: User) -> list[int]:
        return [row["id"] for row in world.client(who).get("/api/v1/submissions/waiting/").json()["results"]]

    def title(self) -> str:
        shown: str = world.client().get(f"/api/v1/productions/{self.play.pk}/").json()["title"]
        return shown


@pytest.fixture
def house() -> House:
    return House()


def work(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("work", once=True)
    return capsys.readouterr().out


def later(days: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def test_two_approvers_decide_one_after_the_other(house: House) -> None:
    dramaturg = delegation.role(["view_details"], house.root, by=house.director)
    rita = world.give(dramaturg.name, house.season.section, by=house.director, to=world.user("Rita Reader"))
    steps = [{"title": "Read", "role": dramaturg.pk}, {"title": "Agreed", "permission": "approve_details"}]
    body = {"section": house.season.section.pk, "area": "details", "steps": steps}
    made = world.post(world.client(house.director), "/api/v1/approval-steps/", body)
    assert made.status_code == 201, made.content
    assert [step["title"] for step in made.json()] == ["Read", "Agreed"]
    submission = house.submit(house.mara, title="The Seagull")
    assert (house.waits_for(rita), house.waits_for(house.director)) == ([submission], [])
    too_soon = house.decide(house.director, submission)
    assert (too_soon.status_code, too_soon.json()["code"]) == (403, "not_your_step")
    first = house.decide(rita, submission)
    assert (first.status_code, first.json()["state"], first.json()["step"]) == (200, "submitted", 1)
    assert house.title() == "The Sea Gull"
    assert (house.waits_for(rita), house.waits_for(house.director)) == ([], [submission])
    assert house.decide(rita, submission).json()["code"] == "already_agreed"
    assert house.decide(house.director, submission).json()["state"] == "applied"
    assert house.title() == "The Seagull"


def test_a_substitute_decides_while_the_director_is_on_holiday(house: House) -> None:
    dan = world.give("viewer", house.root, by=house.director, to=world.user("Dan Deputy"))
    holiday = {
        "person": house.director.pk, "substitute": dan.pk, "section": house.root.pk, "area": "details",
        "starts_at": approvals.in_days(1).isoformat(), "ends_at": approvals.in_days(8).isoformat(), "reason": "Holiday",
    }  # fmt: skip
    assert world.post(world.client(house.director), "/api/v1/substitutes/", holiday).status_code == 201
    submission = house.submit(house.mara, title="The Seagull")
    assert house.waits_for(dan) == []
    with later(2):
        assert house.waits_for(dan) == [submission]
        counts = world.client(dan).get("/api/v1/submissions/waiting/counts/").json()
        assert counts == {"total": 1, "by_area": {"details": 1}}
        looked = world.client(dan).get(f"/api/v1/productions/{house.play.pk}/", {"submission": submission})
        assert looked.json()["title"] == "The Seagull"
        assert house.decide(dan, submission).json()["state"] == "applied"
        assert house.title() == "The Seagull"
    again = house.submit(house.mara, title="The Seagull, again")
    with later(9):
        assert house.waits_for(dan) == []
        assert house.decide(dan, again).status_code == 404


def test_an_approved_change_is_applied_on_its_date(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    premiere = timezone.now() + timedelta(days=30)
    mara = world.client(house.mara)
    item = {"action": "production.publish", "inputs": {"production": house.plan.pk}}
    draft = world.post(mara, "/api/v1/submissions/", {"items": [item], "run_at": premiere.isoformat()}).json()
    assert world.post(mara, f"/api/v1/submissions/{draft['id']}/submit/", {}).json()["state"] == "submitted"
    looked = world.client(house.director).get(f"/api/v1/productions/{house.plan.pk}/", {"submission": draft["id"]})
    assert looked.json()["title"] == "Three Sisters"
    assert house.decide(house.director, draft["id"]).json()["state"] == "approved"
    public = world.client()
    assert public.get(f"/api/v1/productions/{house.plan.pk}/").status_code == 404
    assert "apply scheduled submissions: 0 done" in work(capsys)
    with later(31):
        assert "apply scheduled submissions: 1 done" in work(capsys)
        assert public.get(f"/api/v1/productions/{house.plan.pk}/").json()["title"] == "Three Sisters"
        assert "apply scheduled submissions: 0 done" in work(capsys)


def test_a_submission_without_approver_is_escalated(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    dramaturg = delegation.role(["view_details"], house.root, by=house.director)
    rita = world.assign(dramaturg.name, house.season.section, by=house.director, to=world.user("Rita Reader"))
    steps = [{"title": "Read", "role": dramaturg.pk}, {"title": "Agreed", "permission": "approve_details"}]
    body = {"section": house.season.section.pk, "area": "details", "steps": steps}
    assert world.post(world.client(house.director), "/api/v1/approval-steps/", body).status_code == 201
    submission = house.submit(house.mara, title="The Seagull")
    delegation.end(rita, by=house.director)
    assert house.waits_for(house.director) == []
    assert "send reminders of pending submissions: 1 escalated" in work(capsys)
    assert house.waits_for(house.director) == [submission]
    assert any("It is yours now." in message.body for message in mail.outbox if house.director.email in message.to)
    with later(2.5):
        assert "1 reminded of" in work(capsys)
        assert "0 reminded of" in work(capsys)
        assert house.decide(house.director, submission).json()["step"] == 1


def test_an_emergency_publication_needs_no_approval(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    lena = approvals.holder(
        ["submit_details", "emergency_details", "view_details"],
        house.root, by=house.director, name="Lena Lead",
    )  # fmt: skip
    submission = house.submit(lena, title="The Seagull (canceled tonight)")
    assert house.decide(lena, submission).json()["code"] in ("own_submission", "not_found", "not_allowed")
    assert house.decide(house.mara, submission, "emergency", reason="Me too").status_code == 404
    done = house.decide(lena, submission, "emergency", reason="The lead is in hospital.")
    assert done.json()["state"] == "applied"
    assert house.title() == "The Seagull (canceled tonight)"
    work(capsys)
    (letter,) = [message for message in mail.outbox if "Published without approval" in message.subject]
    assert letter.to == [house.director.email]
    assert "The lead is in hospital." in letter.body
    audit = world.client(house.director).get("/api/v1/audit/", {"action": "submission.publish_in_emergency"}).json()
    assert len(audit["results"]) == 1

"""Scenes of approval: who submits, who decides, in which steps, and in whose place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.approvals.services.approvals import set_approval_steps
from accounts.approvals.services.submissions import approve_submission, draft_submission, submit_submission
from accounts.approvals.services.substitutes import name_substitute
from accounts.approvals.services.waivers import give_waiver
from accounts.models import ApprovalStep, Section, Submission, Substitute, User, Waiver
from productions.models import Production
from productions.services.productions import update_production
from tests import world
from tests.worlds.delegation import end, role
from theater_site.core.actions import Submitted

__all__ = ["end", "role"]


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def holder(permissions: list[str], section: Section, *, by: User, name: str = "Holder", **span: Any) -> User:
    """Somebody who holds exactly these permissions, on `section`."""
    return world.give(role(permissions, section, by=by).name, section, by=by, to=world.user(name), **span)


def approver(section: Section, *, by: User, area: str = "details", name: str = "Approver") -> User:
    return holder([f"approve_{area}", f"view_{area}"], section, by=by, name=name)


def author(section: Section, *, by: User) -> User:
    return world.give("marketing_coordinator", section, by=by, to=world.user("Mara Marketing"))


def submission(of: Production, *, by: User, title: str = "") -> Submission:
    """A better title, by somebody who may only submit."""
    changes = {"title": title or f"A better title {world.number()}"}
    done = update_production.submit(actor=world.acting(by), production=of, changes=changes)
    assert isinstance(done, Submitted)
    made: Submission = done.submission
    return made


def planned(of: Production, run_at: datetime, *, by: User, action: str = "production.publish") -> Submission:
    """Something to be done at a set time, submitted; done by its author's own permission where they hold it."""
    item = {"action": action, "inputs": {"production": of.pk}}
    draft = draft_submission(actor=world.acting(by), fields={"items": [item], "run_at": run_at})
    made: Submission = submit_submission(actor=world.acting(by), submission=draft)
    return made


def approve(submission: Submission, *, by: User, **given: Any) -> Submission:
    made: Submission = approve_submission(
        actor=world.acting(by), submission=submission, comment="", digest=world.seen(submission), **given
    )
    return made


def steps(section: Section, *fields: dict[str, Any], by: User, area: str = "details") -> list[ApprovalStep]:
    made: list[ApprovalStep] = set_approval_steps(
        actor=world.acting(by), section=section, area=area, steps=list(fields)
    )
    return made


def substitute(person: User, substitute: User, section: Section, *, by: User | None = None, **given: Any) -> Substitute:
    fields = {"area": None, "starts_at": None, "ends_at": in_days(14), "reason": "on holiday", **given}
    made: Substitute = name_substitute(
        actor=world.acting(by or person), person=person, substitute=substitute, section=section, **fields
    )
    return made


def waiver(of: Production, rule: str = "word", *, by: User, **given: Any) -> Waiver:
    fields = {"reason": "It is a quotation.", "until": in_days(30), **given}
    made: Waiver = give_waiver(
        actor=world.acting(by),
        section=of.section,
        object_type="productions.production",
        object_id=str(of.pk),
        rule=rule,
        **fields,
    )
    return made

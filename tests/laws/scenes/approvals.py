"""Scenes of approving: steps, substitutes, reminders, set times, emergencies, waivers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from accounts.models import Submission, Substitute, User
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.laws.scenes.accounts import submission
from tests.worlds import approvals
from theater_site.core.actions import OpenTo
from theater_site.core.actors import System

OPEN = {
    OpenTo.SIGNED_IN: {"substitute.name", "substitute.end"},
    OpenTo.SYSTEM: {
        "submission.escalate",
        "submission.remind",
        "submission.run",
        "submission.give_up",
        "submission.close",
    },
}


def _steps(t: Theater) -> dict[str, Any]:
    return {
        "section": t.section,
        "area": "details",
        "steps": [
            {"title": "A look", "permission": "edit_details"},
            {"title": "Agreed", "permission": "approve_details"},
        ],
    }


def _member(t: Theater) -> User:
    return world.give("viewer", t.section, by=t.director)


def _name(t: Theater) -> dict[str, Any]:
    return {
        "person": t.director, "substitute": _member(t), "section": t.section, "area": None, "starts_at": None,
        "ends_at": approvals.in_days(7), "reason": "away",
    }  # fmt: skip


def _substitute(t: Theater) -> Substitute:
    return approvals.substitute(t.director, _member(t), t.section)


def _orphan(t: Theater) -> Submission:
    """One that waits at a step of a role which nobody has any more."""
    if "_orphaned" not in t.__dict__:
        lonely = approvals.role(["view_details"], t.root, by=t.director)
        approvals.steps(
            t.section,
            {"title": "A look", "role": lonely},
            {"title": "Agreed", "permission": "approve_details"},
            by=t.director,
        )
        t.__dict__["_orphaned"] = world.assign(lonely.name, t.section, by=t.director, to=world.user())
    waiting = submission(t)
    approvals.end(t.__dict__["_orphaned"], by=t.director)
    return waiting


def _long_ago(t: Theater) -> Submission:
    assert t.production
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=True):
        return submission(t)


def _due(t: Theater) -> Submission:
    """Agreed to for a time that has come since; with whom it is done for."""
    with time_machine.travel(timezone.now() - timedelta(days=2), tick=True):
        return approvals.planned(t.draft, timezone.now() + timedelta(days=1), by=t.director)


def _emergency(t: Theater) -> Scene:
    return Scene({"submission": submission(t), "reason": "The date on the poster is wrong."})


def _waive(t: Theater) -> dict[str, Any]:
    return {
        "section": t.production.section, "object_type": "productions.production", "object_id": str(t.production.pk),
        "rule": "word", "reason": "It is a quotation.", "until": approvals.in_days(30),
    }  # fmt: skip


ACTIONS = {
    "approval_steps.set": lambda t: Scene(_steps(t)),
    "substitute.name": lambda t: Scene(_name(t)),
    "substitute.end": lambda t: Scene({"substitute": _substitute(t)}),
    "submission.escalate": lambda t: Scene({"submission": _orphan(t)}, actor=System("test")),
    "submission.remind": lambda t: Scene({"submission": _long_ago(t)}, actor=System("test")),
    "submission.run": lambda t: Scene({"submission": _due(t)}, actor=System("test")),
    "submission.close": lambda t: Scene({"submission": _due(t), "reason": "No money."}, actor=System("test")),
    "submission.give_up": lambda t: Scene({"submission": _due(t), "code": "unexpected"}, actor=System("test")),
    "submission.publish_in_emergency": _emergency,
    "waiver.give": lambda t: Scene(_waive(t)),
    "waiver.revoke": lambda t: Scene({"waiver": approvals.waiver(t.production, by=t.director)}),
}


def _steps_call(t: Theater) -> Call:
    body = {**_steps(t), "section": t.section.pk}
    # A section whose members they may not see does not exist for them.
    return Call(body=body, status=201, stranger={400})


def _name_call(t: Theater) -> Call:
    given = _name(t)
    body = {
        "person": given["person"].pk,
        "substitute": given["substitute"].pk,
        "section": given["section"].pk,
        "ends_at": given["ends_at"].isoformat(),
        "reason": "away",
    }
    return Call(body=body, status=201, stranger={400})


def _waive_call(t: Theater) -> Call:
    given = _waive(t)
    return Call(
        body={**given, "section": t.production.section.pk, "until": given["until"].isoformat()},
        status=201,
        stranger={400},
    )


ROUTES = {
    "GET approval-step-list": lambda t: open_read(),
    "POST approval-step-list": _steps_call,
    "GET approval-step-detail": lambda t: Call(
        {"pk": approvals.steps(t.section, {"title": "Agreed", "permission": "approve_details"}, by=t.director)[0].pk},
        public={404},
    ),
    "GET substitute-list": lambda t: open_read(),
    "POST substitute-list": _name_call,
    "GET substitute-detail": lambda t: Call({"pk": _substitute(t).pk}, public={404}),
    "POST substitute-end": lambda t: Call({"pk": _substitute(t).pk}, {}),
    "GET waiver-list": lambda t: open_read(),
    "POST waiver-list": _waive_call,
    "GET waiver-detail": lambda t: Call({"pk": approvals.waiver(t.production, by=t.director).pk}, public={404}),
    "POST waiver-revoke": lambda t: Call({"pk": approvals.waiver(t.production, by=t.director).pk}, {}),
    "GET submission-waiting-list": lambda t: Call(stranger={200}, public={401}),
    "GET submission-waiting-counts": lambda t: Call(stranger={200}, public={401}),
    "POST submission-emergency": lambda t: Call(
        {"pk": submission(t).pk}, {"reason": "The date on the poster is wrong."}
    ),
}

ANOTHER = {
    "approval-step-list": lambda t: approvals.steps(
        world.season(t.root, by=t.director).section, {"title": "Agreed", "permission": "approve_details"}, by=t.director
    ),
    "substitute-list": _substitute,
    "waiver-list": lambda t: approvals.waiver(t.production, by=t.director),
    "submission-waiting-list": submission,
}

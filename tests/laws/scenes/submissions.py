"""Scenes of submissions that take more than one step: drafts, rounds, remarks."""

from __future__ import annotations

from typing import Any

from accounts.approvals.services.submissions import draft_submission, request_changes
from accounts.models import Submission, User
from tests import world
from tests.laws.scenes import Call, Scene, Theater
from tests.laws.scenes.accounts import submission
from theater_site.core.actions import OpenTo


def items(t: Theater, title: str = "Drafted") -> list[dict[str, Any]]:
    """One item that changes the title of the published production."""
    inputs = {"production": t.production.pk, "changes": {"title": f"{title} {world.number()}"}}
    return [{"action": "production.update", "inputs": inputs}]


def author(t: Theater) -> User:
    """Somebody who may submit details and do nothing about them, always the same."""
    if "_drafter" not in t.__dict__:
        t.__dict__["_drafter"] = world.give("marketing_coordinator", t.root, by=t.director)
    drafter: User = t.__dict__["_drafter"]
    return drafter


def draft(t: Theater, **fields: Any) -> Submission:
    """A draft that is complete, by `author`."""
    fields = {"title": "Somebody's plan", "items": items(t), **fields}
    made: Submission = draft_submission(actor=world.acting(author(t)), fields=fields)
    return made


def _asked(t: Theater) -> Submission:
    """One whose author is asked for changes."""
    waiting = submission(t)
    asked: Submission = request_changes(actor=t.acting(), submission=waiting, comment="Shorter, please.", fields=None)
    return asked


def _by_author(t: Theater, made: Submission, **given: Any) -> Scene:
    return Scene({"submission": made, **given}, who=made.author)


def _share(t: Theater) -> dict[str, Any]:
    return {"user": world.user()}


OPEN = {
    OpenTo.SIGNED_IN: {
        "submission.approve",
        "submission.comment",
        "submission.reject",
        "submission.draft",
        "submission.rebase",
        "submission.request_changes",
        "submission.save",
        "submission.share",
        "submission.submit",
    }
}

ACTIONS = {
    "submission.draft": lambda t: Scene({"fields": {"title": "A plan", "items": items(t)}}, who=author(t)),
    "submission.save": lambda t: _by_author(t, draft(t), changes={"items": items(t, "Again")}),
    "submission.submit": lambda t: _by_author(t, draft(t)),
    "submission.share": lambda t: _by_author(t, draft(t), **_share(t)),
    "submission.rebase": lambda t: _by_author(t, submission(t)),
    "submission.request_changes": lambda t: Scene(
        {
            "submission": submission(t),
            "comment": "Nearly.",
            "fields": [{"field": "items.0.inputs.changes.title", "text": "Shorter."}],
        }
    ),
    "submission.comment": lambda t: Scene({"submission": submission(t), "text": "Why not?", "field": None}),
}


def _call(made: Submission, body: Any = None, **options: Any) -> Call:
    return Call({"pk": made.pk}, {} if body is None else body, who=made.author, stranger={404}, **options)


def _save(t: Theater) -> Call:
    made = draft(t)
    return _call(made, {"items": items(t, "Again")}, version=made.version)


ROUTES = {
    "POST submission-list": lambda t: Call(
        body={"title": "A plan", "items": items(t)}, who=author(t), status=201, stranger={403}
    ),
    "PATCH submission-detail": _save,
    "POST submission-submit": lambda t: _call(draft(t)),
    "POST submission-share": lambda t: _call(draft(t), {"user": world.user().pk}),
    "POST submission-rebase": lambda t: _call(submission(t)),
    "POST submission-request-changes": lambda t: Call({"pk": submission(t).pk}, {"comment": "Nearly."}),
    "POST submission-comment": lambda t: Call({"pk": submission(t).pk}, {"text": "Why not?"}),
    "GET submission-comments": lambda t: Call({"pk": _asked(t).pk}, public={404}),
    "GET submission-difference": lambda t: Call({"pk": submission(t).pk}, public={404}),
}

DRAFTS = {"submission": lambda t: draft(t, title="A plan nobody knows")}

"""Scenes of accounts."""

from __future__ import annotations

from typing import Any

from accounts.models import Role, RoleAssignment, Section, SectionKind, Submission
from accounts.permissions.services.sections import create_section
from productions.services.productions import update_production
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from theater_site.core.actions import Submitted
from theater_site.core.actors import System


def submission(t: Theater, title: str = "A better title") -> Submission:
    """One by somebody who may only submit, waiting."""
    author = t.__dict__.setdefault("_author", None) or world.give("marketing_coordinator", t.root, by=t.director)
    t.__dict__["_author"] = author
    done = update_production.submit(
        actor=world.acting(author), production=t.production, changes={"title": f"{title} {world.number()}"}
    )
    assert isinstance(done, Submitted)
    made: Submission = done.submission
    return made


def assignment(t: Theater) -> RoleAssignment:
    return world.assign("viewer", t.root, by=t.director, to=world.user())


def _empty(t: Theater) -> Section:
    made: Section = create_section(
        actor=t.acting(), parent=t.root, kind=SectionKind.AREA, name=f"Empty {world.number()}"
    )
    return made


def _role(name: str = "viewer") -> Role:
    return Role.objects.get(name=name)


def _give(t: Theater) -> dict[str, Any]:
    return {
        "user": world.user(),
        "role": _role(),
        "section": t.section,
        "starts_at": None,
        "ends_at": None,
        "reason": "",
    }


def _submission(t: Theater) -> Scene:
    author = world.give("marketing_coordinator", t.root, by=t.director)
    given = {
        "section": t.section, "area": "details", "title": "x", "action_name": "production.publish", "inputs_json": "{}",
        "seen_version": None, "digest": "0" * 64, "subjects": [],
    }  # fmt: skip
    return Scene(given, who=author)


def _found(t: Theater) -> Scene:
    # There can be only one, so this their way to succeed is shown in test_services on an empty database.
    return Scene({"name": "Another", "director": t.director}, actor=System("test"))


def _withdraw(t: Theater) -> Scene:
    waiting = submission(t)
    return Scene({"submission": waiting}, who=waiting.author)


ACTIONS = {
    "user.update_self": lambda t: Scene({"changes": {"name": "Dora Director"}}),
    "organization.found": _found,
    "section.create": lambda t: Scene({"parent": t.root, "kind": SectionKind.AREA, "name": f"Area {world.number()}"}),
    "section.remove": lambda t: Scene({"section": _empty(t)}),
    "section.rename": lambda t: Scene({"section": t.section, "name": f"Renamed {world.number()}"}),
    "role.assign": lambda t: Scene(_give(t)),
    "role.end": lambda t: Scene({"assignment": assignment(t), "reason": "over"}),
    "submission.create": _submission,
    "submission.approve": lambda t: Scene(
        {"submission": (waiting := submission(t)), "comment": "", "digest": world.seen(waiting)}
    ),
    "submission.reject": lambda t: Scene({"submission": submission(t), "comment": "not now"}),
    "submission.withdraw": _withdraw,
}


def _body_of_assignment(t: Theater) -> dict[str, Any]:
    return {"user": world.user().pk, "role": _role().pk, "section": t.section.pk, "reason": "needed"}


def _withdraw_call(t: Theater) -> Call:
    waiting = submission(t)
    return Call({"pk": waiting.pk}, {}, who=waiting.author)


def _entry(t: Theater) -> str:
    from accounts.models import AuditEntry

    return str(AuditEntry.objects.order_by("-id").first().pk)


ROUTES = {
    "GET me": lambda t: Call(stranger={200}),
    "GET own-permissions": lambda t: Call(stranger={200}, public={401}),
    "PATCH me": lambda t: Call(body={"name": "Dora Director"}, stranger={200}),
    "GET root": lambda t: open_read(),
    "GET schema": lambda t: open_read(),
    "GET actions": lambda t: open_read(),
    "GET section-list": lambda t: open_read(),
    "POST section-list": lambda t: Call(
        body={"parent": t.root.pk, "kind": "area", "name": f"Area {world.number()}"},
        status=201,
        # A section that they may not see does not exist for them.
        stranger={400},
    ),
    "GET section-detail": lambda t: Call({"pk": t.section.pk}, stranger={404}, public={404}),
    "PATCH section-detail": lambda t: Call(
        {"pk": t.section.pk}, {"name": f"New {world.number()}"}, version=t.section.version
    ),
    "GET role-list": lambda t: open_read(),
    "GET role-detail": lambda t: Call({"pk": _role().pk}, stranger={200}, public={404}),
    "GET role-assignment-list": lambda t: open_read(),
    "POST role-assignment-list": lambda t: Call(body=_body_of_assignment(t), status=201, stranger={400}),
    "GET role-assignment-detail": lambda t: Call({"pk": assignment(t).pk}, public={404}),
    "POST role-assignment-end": lambda t: Call({"pk": assignment(t).pk}, {"reason": "over"}),
    "GET submission-list": lambda t: open_read(),
    "GET submission-detail": lambda t: Call({"pk": submission(t).pk}, public={404}),
    "POST submission-approve": lambda t: Call(
        {"pk": (waiting := submission(t)).pk}, {"comment": "", "digest": world.seen(waiting)}
    ),
    "POST submission-reject": lambda t: Call({"pk": submission(t).pk}, {"comment": "not now"}),
    "POST submission-withdraw": _withdraw_call,
    "GET audit-list": lambda t: Call(stranger={200}, public={401}),
    "GET audit-detail": lambda t: Call({"pk": _entry(t)}, public={401}),
}

ANOTHER = {
    "section-list": lambda t: world.season(t.root, by=t.director),
    "role-list": lambda t: Role(
        section=t.root, name=f"role{world.number()}", title="Made by hand", permissions=["view_cast"]
    ).save(),
    "role-assignment-list": assignment,
    "submission-list": submission,
    "audit-list": assignment,
}

# Everybody does this to their own account alone.
BY_SECRET = {"user.update_self": None}

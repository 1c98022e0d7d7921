"""Scenes of delegation: roles as data, ends, handing over, invitations, moving, explaining."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Invitation, Role, RoleAssignment, Section, SectionKind, User
from accounts.permissions.services.sections import create_section
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import delegation


def _role(t: Theater) -> Role:
    return delegation.role(["view_cast", "view_details"], t.root, by=t.director)


def _area(t: Theater) -> Section:
    made: Section = create_section(
        actor=t.acting(), parent=t.section, kind=SectionKind.AREA, name=f"Area {world.number()}"
    )
    return made


def _assignment(t: Theater) -> RoleAssignment:
    return world.assign("viewer", t.section, by=t.director, to=world.user())


def _invitation(t: Theater) -> Invitation:
    made, _ = delegation.invited(f"guest{world.number()}@theater.example", "viewer", t.section, by=t.director)
    return made


def _accepting(t: Theater) -> tuple[User, str]:
    guest = delegation.with_address(world.user())
    _, secret = delegation.invited(guest.email, "viewer", t.section, by=t.director)
    return guest, secret


def _accept(t: Theater) -> Scene:
    guest, secret = _accepting(t)
    return Scene({"token": secret}, who=guest)


def _accept_call(t: Theater) -> Call:
    guest, secret = _accepting(t)
    return Call(body={"token": secret}, status=201, who=guest)


def _carry_over(t: Theater) -> dict[str, Any]:
    kept = _assignment(t)
    return {
        "source": t.section, "target": t.draft_season.section, "assignments": [kept], "starts_at": None, "ends_at": None,
        "reason": "next season",
    }  # fmt: skip


def _carry_over_call(t: Theater) -> Call:
    kept = _assignment(t)
    body = {"source": t.section.pk, "target": t.draft_season.section.pk, "assignments": [kept.pk], "reason": ""}
    # Sections that they may not see do not exist for them.
    return Call(body=body, status=201, stranger={400})


def _soon() -> Any:
    return timezone.now() + timedelta(days=30)


ACTIONS = {
    "role.create": lambda t: Scene(
        {"section": t.root, "name": f"role_{world.number()}", "fields": {"title": "Made", "permissions": ["view_cast"]}}
    ),
    "role.update": lambda t: Scene({"role": _role(t), "changes": {"permissions": ["view_cast", "edit_cast"]}}),
    "role.delete": lambda t: Scene({"role": _role(t)}),
    "role.set_end": lambda t: Scene({"assignment": _assignment(t), "ends_at": _soon(), "reason": ""}),
    "role.hand_over": lambda t: Scene({"leaver": _assignment(t).user, "successor": world.user(), "reason": "leaves"}),
    "role.carry_over": lambda t: Scene(_carry_over(t)),
    "invitation.create": lambda t: Scene(
        {
            "email": f"guest{world.number()}@theater.example",
            "name": "Gwen Guest",
            "role": Role.objects.get(name="viewer"),
            "section": t.section,
            "starts_at": None,
            "ends_at": None,
            "reason": "",
        }
    ),
    "invitation.resend": lambda t: Scene({"invitation": _invitation(t)}),
    "invitation.withdraw": lambda t: Scene({"invitation": _invitation(t)}),
    "invitation.accept": _accept,
    "section.move": lambda t: Scene({"section": _area(t), "parent": t.draft_season.section}),
    "production.move_season": lambda t: Scene({"production": t.production, "season": t.draft_season}),
}


def _patch_role(t: Theater) -> Call:
    role = _role(t)
    return Call({"pk": role.pk}, {"title": "Another"}, version=role.version)


def _delete_role(t: Theater) -> Call:
    role = _role(t)
    return Call({"pk": role.pk}, version=role.version, status=204)


ROUTES = {
    "GET section-explain": lambda t: Call({"pk": t.section.pk}, query=f"?permission=edit_cast&user={t.director.pk}"),
    "GET section-members": lambda t: Call({"pk": t.section.pk}),
    "POST section-move": lambda t: Call({"pk": _area(t).pk}, {"parent": t.draft_season.section_id}),
    "POST role-list": lambda t: Call(
        body={"section": t.root.pk, "name": f"role_{world.number()}", "title": "Made", "permissions": ["view_cast"]},
        status=201,
        stranger={400},
    ),
    "PATCH role-detail": _patch_role,
    "DELETE role-detail": _delete_role,
    "POST role-assignment-set-end": lambda t: Call({"pk": _assignment(t).pk}, {"ends_at": _soon(), "reason": ""}),
    "POST role-assignment-hand-over": lambda t: Call(
        body={"leaver": _assignment(t).user_id, "successor": world.user().pk, "reason": ""}, status=201
    ),
    "POST role-assignment-carry-over": _carry_over_call,
    "GET invitation-list": lambda t: open_read(),
    "POST invitation-list": lambda t: Call(
        body={
            "email": f"guest{world.number()}@theater.example",
            "role": Role.objects.get(name="viewer").pk,
            "section": t.section.pk,
            "reason": "",
        },
        status=201,
        stranger={400},
    ),
    "GET invitation-detail": lambda t: Call({"pk": _invitation(t).pk}, public={404}),
    "POST invitation-resend": lambda t: Call({"pk": _invitation(t).pk}, {}),
    "POST invitation-withdraw": lambda t: Call({"pk": _invitation(t).pk}, {}),
    "POST invitation-accept": _accept_call,
    "POST production-move-season": lambda t: Call(
        {"pk": t.production.pk}, {"season": t.draft_season.pk}, stranger={400, 403}, needs=frozenset({"manage_members"})
    ),
}

ANOTHER = {"invitation-list": _invitation}

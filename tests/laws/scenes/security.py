"""Scenes of what lets somebody in and what is held about them: API tokens, sessions, personal data, keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession

from accounts.models import ApiToken
from accounts.permissions.selectors.sections import area
from accounts.permissions.services.api_tokens import create_token
from accounts.users.services.login_tokens import issue_session_token
from tests import world
from tests.laws.scenes import Call, Scene, Theater, open_read
from tests.worlds import directory
from theater_site.core.actors import System


def _end() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def token(t: Theater) -> ApiToken:
    made: ApiToken = create_token(
        actor=t.acting(), section=t.root, name=f"Website {world.number()}", permissions=[], expires_at=_end()
    )
    return made


def _own_session(t: Theater) -> UserSession:
    issue_session_token(t.director, note="the theater's laptop")
    return UserSession.objects.filter(user=t.director).latest("pk")


def _whom(t: Theater) -> dict[str, Any]:
    person = directory.person(by=t.director, name="Ingrid Forgettable", email="ingrid@home.example")
    return {"user": None, "person": person, "email": None}


def _subject(t: Theater) -> dict[str, Any]:
    return {"organization": t.root, "directory": area("Directory"), **_whom(t)}


ACTIONS = {
    "token.create": lambda t: Scene(
        {"section": t.root, "name": "Website", "permissions": ["view_schedule"], "expires_at": _end()}
    ),
    "token.revoke": lambda t: Scene({"token": token(t)}),
    "session.revoke": lambda t: Scene({"session": _own_session(t)}),
    "session.revoke_all": lambda t: Scene({"organization": t.root, "user": t.stranger}),
    "keys.rotate": lambda t: Scene(
        {"counts": [{"table": "ticketing_order", "rows": 3, "rotated": 2, "unreadable": 0}]}, actor=System("test")
    ),
    "personal_data.export": lambda t: Scene(_subject(t)),
    "personal_data.erase": lambda t: Scene({**_subject(t), "keep_public_credits": False}),
}


def _token_body(t: Theater) -> dict[str, Any]:
    return {"section": t.root.pk, "name": "Website", "permissions": ["view_schedule"], "expires_at": _end().isoformat()}


ROUTES = {
    "GET token-list": lambda t: open_read(),
    "POST token-list": lambda t: Call(body=_token_body(t), status=201, stranger={400}),
    "GET token-detail": lambda t: Call({"pk": token(t).pk}, public={404}),
    "POST token-revoke": lambda t: Call({"pk": token(t).pk}, {}),
    "GET own-session-list": lambda t: Call(stranger={200}, public={401}),
    "DELETE own-session-detail": lambda t: Call({"pk": _own_session(t).pk}, status=204, stranger={404}),
    "POST session-revoke-all": lambda t: Call(body={"user": t.stranger.pk}, status=204),
    "GET own-personal-data": lambda t: Call(stranger={200}),
    "POST personal-data-export": lambda t: Call(body={"person": _whom(t)["person"].pk}),
    "POST personal-data-erase": lambda t: Call(body={"person": _whom(t)["person"].pk, "keep_public_credits": False}),
}

ANOTHER = {"token-list": token, "own-session-list": _own_session}

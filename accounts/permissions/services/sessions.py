"""Ends sessions: users end their own, and managers of members end those of others."""

from __future__ import annotations

from typing import Annotated

from allauth.usersessions.models import UserSession

from accounts.permissions.models.sections import Section
from accounts.users.models.users import User
from accounts.users.services.login_tokens import revoke_all_session_tokens, revoke_session_token
from theater_site.core.actions import Needs, OpenTo, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid, NotAllowed


@action("session.revoke", open_to=OpenTo.SIGNED_IN)
def revoke_session(*, session: UserSession) -> None:
    """Sign out one of your own sessions. Error: `not_own_session`."""
    run = current()
    if session.user_id != run.actor.user_id:
        raise NotAllowed("This session is somebody else's.", code="not_own_session")
    run.note["session"] = session.pk
    revoke_session_token(session.session_key)


@action("session.revoke_all", needs=Needs("manage_members", on="organization"))
def revoke_all_sessions(
    *,
    organization: Section,
    user: Annotated[User, Doc("Id of the user who is signed out everywhere. Example: 7")],  # type: ignore[valid-type]
) -> None:
    """Sign a user out everywhere. The permission is needed on the organization itself. Error: `not_root`."""
    if organization.parent_id is not None:
        raise Invalid(
            "Accounts belong to the organization, not to a part of it.", code="not_root", field="organization"
        )
    current().note.update(user=user.pk, sessions=revoke_all_session_tokens(user))

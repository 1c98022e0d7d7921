"""Creates and revokes API tokens. A token has no permission that its maker lacks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from accounts.permissions.models.sections import Section
from accounts.permissions.models.tokens import ApiToken, ApiTokenUse
from accounts.permissions.rules.api_tokens import TOKEN_PERMISSIONS, digest_of, hint_of, new_token
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Conflict, Invalid, NotAllowed

LONGEST = timedelta(days=2 * 366)
_MINUTE = timedelta(minutes=1)


@action("token.create", needs=Needs("manage_members", on="section"))
def create_token(
    *,
    section: Annotated[Section, Doc("Id of the section that it can read, with all below. Example: 4")],  # type: ignore[valid-type]
    name: Annotated[str, Doc("What it is for. Example: Website")],
    permissions: Annotated[
        list[str],
        Doc(
            'The view permissions of the token on the section and below. Example: ["view_schedule"]',
            lambda: TOKEN_PERMISSIONS,
        ),
    ],
    expires_at: Annotated[
        datetime, Doc("Until when it works: an instant in UTC, at most two years away. Example: 2028-03-14T00:00:00Z")
    ],
) -> ApiToken:
    """Create an API token that reads what is public, and what its permissions show on a section and below.

    The answer contains the secret as `token`. It is shown only once, and only its digest is stored.

    Errors: `not_for_tokens` for other than view permissions of content; `beyond_own_permissions` if you lack a permission
    there; `bad_end` if the end is past or more than two years away; `required` without a name; `nobody` if you are not a user.
    """
    run = current()
    if run.actor.user is None:
        raise NotAllowed("A token belongs to a user. Sign in to make one.", code="nobody")
    if not name.strip():
        raise Invalid("Say what it is for.", code="required", field="name")
    if not run.instant < expires_at <= run.instant + LONGEST:
        raise Invalid("Choose an end in the future, within two years.", code="bad_end", field="expires_at")
    if foreign := sorted(set(permissions) - TOKEN_PERMISSIONS):
        raise Invalid(
            f"A token cannot have {foreign[0]!r}. It can have: {', '.join(sorted(TOKEN_PERMISSIONS))}.",
            code="not_for_tokens",
            field="permissions",
        )
    lacking = sorted(
        permission for permission in set(permissions) if not run.actor.holds(permission, section, run.instant)
    )
    if lacking:
        raise NotAllowed(
            f"You cannot give what you do not hold here: {', '.join(lacking)}.",
            code="beyond_own_permissions",
            data={"lacking": lacking},
        )
    secret = new_token()
    token = ApiToken(
        section=section,
        name=name.strip(),
        permissions=sorted(set(permissions)),
        made_by=run.actor.user,
        digest=digest_of(secret),
        hint=hint_of(secret),
        expires_at=expires_at,
    )
    token.save()
    token.secret = secret  # type: ignore[attr-defined]
    return token


@action("token.revoke", needs=Needs("manage_members", on="token"), subject="token")
def revoke_token(*, token: ApiToken) -> ApiToken:
    """Revoke an API token at once. Error: `already_revoked`."""
    if token.revoked_at is not None:
        raise Conflict("This token was revoked already.", code="already_revoked")
    token.revoked_at = current().instant
    token.save()
    return token


def note_use(token: ApiToken, at: datetime) -> None:
    """Record when the token was last used. Written at most once a minute."""
    use = ApiTokenUse.objects.filter(token=token).first() if not hasattr(token, "use") else token.use
    if use is None:
        ApiTokenUse.objects.get_or_create(token=token, defaults={"at": at})
    elif use.at <= at - _MINUTE:
        ApiTokenUse.objects.filter(token=token, at__lte=at - _MINUTE).update(at=at)

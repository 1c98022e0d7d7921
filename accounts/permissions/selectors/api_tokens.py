"""The permissions of an API token."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from accounts.permissions.models.sections import Section
from accounts.permissions.models.tokens import ApiToken
from accounts.permissions.rules.api_tokens import digest_of
from accounts.permissions.selectors.permissions import Permissions
from theater_site.core.actors import EVERYWHERE, Actor, ActorKind, Sections


class TokenBearer(Actor):
    """A program with an API token. It has the view permissions of the token on the token's section, as far as the token's maker
    has them at that instant. It is not a user: it owns no objects and cannot write."""

    kind = ActorKind.TOKEN

    # Django and REST framework read these from a request's user; `pk` is the key of the rate limit.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: ApiToken) -> None:
        self.token = token
        self.pk = self.label = f"token:{token.pk}"
        self._permissions = Permissions(token.made_by)
        self._below: frozenset[int] | None = None

    def holds(self, permission: str, scope: Any, at: datetime) -> bool:
        return (
            permission in self.token.permissions
            and self._in_section(scope)
            and self._permissions.holds(permission, scope, at)
        )

    def sections_held(self, permission: str, at: datetime) -> Sections:
        if permission not in self.token.permissions:
            return ()
        held = self._permissions.sections(permission, at)
        if self.token.section.parent_id is None:
            return held
        if self._below is None:
            within = Section.objects.filter(path__startswith=self.token.section.path)
            self._below = frozenset(within.values_list("pk", flat=True))
        if held is EVERYWHERE:
            return self._below
        assert isinstance(held, Collection)
        return tuple(self._below.intersection(held))

    def _in_section(self, scope: Any) -> bool:
        if self.token.section.parent_id is None:
            return True
        if isinstance(scope, Section):
            return scope.path.startswith(self.token.section.path)
        section_id = getattr(scope, "owning_section_id", None)
        return (
            section_id is not None
            and Section.objects.filter(pk=section_id, path__startswith=self.token.section.path).exists()
        )


def bearer_of(text: str, at: datetime) -> TokenBearer | None:
    """The bearer of this token; None if the token is unknown, expired or revoked, or its maker's account is closed."""
    digest = digest_of(text)
    if not digest:
        return None
    token = (
        ApiToken.objects.select_related("made_by", "section", "use")
        .filter(digest=digest, revoked_at=None, expires_at__gt=at, made_by__is_active=True)
        .first()
    )
    return TokenBearer(token) if token is not None else None

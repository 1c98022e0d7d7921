"""The endpoints of the own account and permissions."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions.api import serializers
from accounts.permissions.api.explanations import OwnPermissionsRead
from accounts.permissions.selectors.explain import held_by
from accounts.users.services.profiles import update_own_account
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, actor_of
from theater_site.core import runs
from theater_site.core.actors import ActorKind

_BODY = body_of(update_own_account, partial=True)


class MeView(ActingView):
    """Your own account."""

    @extend_schema(responses=serializers.Me, operation_id="me")
    def get(self, request: Request) -> Response:
        """Get your own account."""
        if actor_of(request).kind is not ActorKind.USER:
            raise NotAuthenticated("Sign in to see who you are.")
        return Response(serializers.Me(actor_of(request).user).data)

    @extend_schema(request=_BODY, responses=serializers.Me, operation_id="me_update")
    def patch(self, request: Request) -> Response:
        return self.perform(request, update_own_account, lambda user: Response(serializers.Me(user).data), body=_BODY)

    patch.action_run = update_own_account  # type: ignore[attr-defined]
    patch.__doc__ = update_own_account.__doc__


class OwnPermissionsView(ActingView):
    """Your own roles and permissions."""

    @extend_schema(responses=OwnPermissionsRead(many=True), operation_id="own_permissions")
    def get(self, request: Request) -> Response:
        """List your roles and permissions, now and later: on which section, from when to when, given by whom.

        A permission on a section applies to everything below it.
        """
        if actor_of(request).kind is not ActorKind.USER:
            raise NotAuthenticated("Sign in to see what you may do.")
        held = held_by(actor_of(request).user, runs.instant())
        return Response(OwnPermissionsRead(held, many=True, context={"actor": actor_of(request)}).data)

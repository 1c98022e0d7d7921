"""Who I am. Other addresses of accounts: `submissions`, `delegation`, `audit`, `token_views`."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from accounts.services.profiles import update_own_account
from theater_site.api.inputs import body_of
from theater_site.api.resources import ActingView, actor_of
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

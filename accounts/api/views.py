"""Who I am. Other addresses of accounts: `submissions`, `delegation`, `audit`, `token_views`."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers
from theater_site.api.resources import ActingView, actor_of
from theater_site.core.actors import ActorKind


class MeView(ActingView):
    """Get your own account."""

    @extend_schema(responses=serializers.Me, operation_id="me")
    def get(self, request: Request) -> Response:
        if actor_of(request).kind is not ActorKind.USER:
            raise NotAuthenticated("Sign in to see who you are.")
        return Response(serializers.Me(actor_of(request).user).data)

"""The list of all actions with their permissions and inputs."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.approvals.services.submissions.items import may_be_item
from accounts.permissions.rules.api_tokens import TOKEN_PERMISSIONS
from accounts.permissions.rules.permissions import APPROVED_AREAS, PERMISSIONS
from theater_site.api import descriptions
from theater_site.api.action_inputs import inputs_of
from theater_site.api.resources import ActingView
from theater_site.api.schema import name_values
from theater_site.core.actions import Action, registered

name_values(
    "PermissionEnum",
    "A permission, named by a verb and an area: `view`, `submit`, `edit`, `publish`, `approve`, `manage` or `emergency`, and "
    "what it is about. `edit_details` allows changing what is played; `submit_details` allows submitting such a change for "
    "approval.",
    lambda: PERMISSIONS,
)
name_values(
    "ItemActionEnum",
    "An action that can be an item of a submission; `GET /api/v1/actions/` lists each with its inputs.",
    lambda: [name for name, action in registered().items() if may_be_item(action)],
)
name_values(
    "TokenPermissionEnum",
    "A permission that an API token can have: to view what is not public.",
    lambda: TOKEN_PERMISSIONS,
)
name_values("AreaEnum", "An area of the theater's work; every permission names one.", lambda: APPROVED_AREAS)


class NeededPermission(serializers.Serializer[Any]):
    """A permission, and the object on whose section it is needed."""

    permission = serializers.CharField(
        help_text="The permission; `approve_{area}` takes the area from the input or object of that name. Example: edit_details"
    )
    on = serializers.CharField(
        help_text="The input on whose section it is needed; a dot leads to what belongs to it. Example: production.season"
    )


class ActionRead(serializers.Serializer[Any]):
    """An action: one operation that changes data."""

    name = serializers.CharField(
        help_text="How items of submissions and the audit log call it. Example: production.update"
    )
    summary = serializers.CharField(help_text="What it does, in one sentence.")
    description = serializers.CharField(help_text="What it does, its side effects and its errors; Markdown.")
    permissions = NeededPermission(
        many=True, help_text="The permissions that it needs: all of them. Empty: see `open_to`."
    )
    open_to = serializers.ChoiceField(
        choices=[("public", "everybody"), ("signed_in", "everybody signed in"), ("system", "the installation itself")],
        allow_null=True,
        help_text="Who may run it without a permission; null if it needs `permissions`.",
    )
    can_be_submitted = serializers.BooleanField(
        help_text="Whether a user with only the `submit_` permission can submit it for approval. The response is then 202."
    )
    can_be_item = serializers.BooleanField(help_text="Whether it can be an item of a submission.")
    subject = serializers.CharField(
        allow_null=True,
        help_text="The input whose version is compared with `If-Match` or with an item's `if_version`. Example: production",
    )
    inputs = serializers.DictField(
        help_text="JSON Schema of its inputs, as in an item of a submission. An endpoint takes some of them from the path, and "
        "the fields of groups directly in the body."
    )


class ActionList(serializers.Serializer[Any]):
    """All actions."""

    results = ActionRead(many=True, help_text="Every action, by name.")


class ActionsView(ActingView):
    """The actions with their permissions and inputs."""

    @extend_schema(responses=ActionList)
    def get(self, request: Request) -> Response:
        """List the actions. Every change runs one of them, whether it comes from an endpoint or a command. Items of
        submissions and audit entries name them."""
        return Response(_actions())


@cache
def _actions() -> dict[str, Any]:
    return {"results": [_as_data(action) for action in registered().values()]}


def _as_data(action: Action[Any, Any]) -> dict[str, Any]:
    return {
        "name": action.name,
        "summary": descriptions.sentence_of(action.__doc__),
        "description": descriptions.paragraphs(action.__doc__),
        "permissions": [{"permission": need.permission, "on": need.on} for need in action.needs],
        "open_to": action.open_to.value if action.open_to is not None else None,
        "can_be_submitted": action.submittable,
        "can_be_item": may_be_item(action),
        "subject": action.subject,
        "inputs": inputs_of(action),
    }

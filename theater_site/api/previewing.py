"""`?preview=true`: the representation of what an action would do."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from theater_site.core import runs
from theater_site.core.actions import Action
from theater_site.core.actors import Actor, ActorKind
from theater_site.core.changes import Change, visible_to
from theater_site.core.encryption import BlindIndexField


class PreviewedChange(serializers.Serializer[Any]):
    """One object that would be created, changed or deleted."""

    object_type = serializers.CharField(help_text="The model of the object. Example: productions.production")
    object_id = serializers.CharField(
        help_text="Id of the object, as text; for an object that would be created, it differs each time. Example: 12"
    )
    operation = serializers.CharField(
        help_text="What would happen to it: created, changed or deleted. Example: changed"
    )
    before = serializers.DictField(help_text="The values of its changed fields before; empty if it would be created.")
    after = serializers.DictField(help_text="The values of its changed fields after; empty if it would be deleted.")


class PreviewedFinding(serializers.Serializer[Any]):
    """A rule that the result would break."""

    rule = serializers.CharField(help_text="The rule, to name in `waive`. Example: title_too_long")
    severity = serializers.CharField(
        help_text="`error` stops the action; `warning` can be waived with a reason. Example: warning"
    )
    message = serializers.CharField(
        help_text="What is wrong, for people. Example: The title has 95 characters; the brand allows 80."
    )
    hint = serializers.CharField(help_text="How to fix it. Example: Shorten it by 15.")
    object_type = serializers.CharField(
        help_text="The model of the object that breaks the rule. Example: productions.production"
    )
    object_id = serializers.CharField(help_text="Id of the object that breaks the rule, as text. Example: 12")
    field = serializers.CharField(
        help_text="The field that breaks the rule; empty if the whole object does. Example: title"
    )


class PreviewAnswer(serializers.Serializer[Any]):
    """What an action would do. Nothing was changed."""

    changes = PreviewedChange(
        many=True,
        help_text="The objects that would be created, changed and deleted, in order; without those that you may not see.",
    )
    findings = PreviewedFinding(many=True, help_text="The rules that the result would break.")
    needs_approval = serializers.BooleanField(
        help_text="True if the action would be submitted for approval instead of run. Example: false"
    )


def wants_preview(request: Request) -> bool:
    """Whether the request has `?preview=true`."""
    return request.query_params.get("preview", "").lower() in ("true", "1")


def _visible_values(change: Change, values: dict[str, Any], *, personal: bool) -> dict[str, Any]:
    """The values of a previewed change, with personal values only if `personal`.

    Blind indexes are left out, and random values, since a real run generates new ones.
    """
    model = change.model
    hidden = set(model.chance) | {f.attname for f in model._meta.concrete_fields if isinstance(f, BlindIndexField)}
    return {
        name: value for name, value in values.items() if name not in hidden and (personal or name not in model.personal)
    }


def preview_of(
    action: Action[Any, Any], actor: Actor, arguments: dict[str, Any], version: int | None
) -> dict[str, Any]:
    """The data of a PreviewAnswer for `action`. An actor who may only submit it gets a preview too.

    Raises what the action raises, except findings.
    """
    submitting = action.submittable and not action.permits(actor, arguments)
    preview = action.preview(actor=actor, if_version=version, submitting=submitting, **arguments)
    at = runs.instant()
    # The changes of a public action are not shown: else a stranger learns whether an address is on the waiting list.
    changes = visible_to(actor, preview.changes, at) if actor.kind is not ActorKind.PUBLIC else []
    return {
        "changes": [
            {
                "object_type": change.object_type,
                "object_id": str(change.object_id),
                "operation": change.operation,
                "before": _visible_values(change, change.before, personal=change.values_visible_to(actor, at)),
                "after": _visible_values(change, change.after, personal=True),
            }
            for change in changes
        ],
        "findings": [finding.as_data() for finding in preview.findings],
        "needs_approval": submitting,
    }

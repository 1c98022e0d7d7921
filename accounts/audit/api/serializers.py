"""Serializers of the audit log."""

from __future__ import annotations

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.audit.models.entries import AuditChange, AuditEntry
from accounts.audit.models.seals import AuditCheckpoint
from accounts.audit.selectors.history import Difference, FieldState, Known, State, differences, reasons
from accounts.audit.selectors.searching import TOLD
from accounts.audit.selectors.verification import documents
from theater_site.api.inputs import ActionInput


class AuditChangeRead(serializers.ModelSerializer[AuditChange]):
    """The change of one object: the names of its changed fields, without values."""

    fields = serializers.ListField(
        child=serializers.CharField(), help_text='The names of the fields that changed. Example: ["subtitle"]'
    )  # type: ignore[assignment]

    class Meta:
        model = AuditChange
        fields = ("id", "object_type", "object_id", "section_id", "operation", "version", "fields")


class AuditEntryRead(serializers.ModelSerializer[AuditEntry]):
    """One action. `changes` has the first changes that you may read; if `more_changes`, the others are at `changes/`.
    `complete` is true if you may read all of its changes; only then the note is shown."""

    note = serializers.SerializerMethodField(
        help_text="Details that the action recorded, if you may read the whole entry."
    )
    changes = serializers.SerializerMethodField(help_text="The first changes that you may read.")
    more_changes = serializers.SerializerMethodField(help_text="True if there are more at `changes/`. Example: false")
    complete = serializers.BooleanField(source="whole", help_text="True if you may read all changes. Example: true")

    class Meta:
        model = AuditEntry
        fields = (
            "id", "action", "actor_kind", "actor", "on_behalf_of", "request_id", "cause", "at", "note", "changes",
            "more_changes", "complete",
        )  # fmt: skip

    def get_note(self, entry: Any) -> dict[str, Any]:
        return entry.note if entry.whole else {}

    @extend_schema_field(AuditChangeRead(many=True))
    def get_changes(self, entry: Any) -> Any:
        return AuditChangeRead(entry.told[:TOLD], many=True).data

    def get_more_changes(self, entry: Any) -> bool:
        return len(entry.told) > TOLD


class ValueKnown(models.TextChoices):
    """Whether a value is shown, was erased, or is hidden from the reader."""

    SHOWN = Known.SHOWN.value, "shown"
    ERASED = Known.ERASED.value, "erased"
    HIDDEN = Known.HIDDEN.value, "hidden"


class DifferenceRead(serializers.Serializer[Difference]):
    """One field. `known` is shown, erased, or hidden from you; unless it is shown, the values are null."""

    field = serializers.CharField(help_text="The name of the field. Example: subtitle")
    known = serializers.ChoiceField(
        choices=ValueKnown.choices, help_text="Whether the values are shown, erased, or hidden from you. Example: shown"
    )
    before = serializers.JSONField(
        allow_null=True, help_text="The value before; null if it is not shown. Example: A play"
    )
    after = serializers.JSONField(
        allow_null=True, help_text="The value afterwards; null if it is not shown. Example: A comedy"
    )


class HistoryRead(serializers.ModelSerializer[AuditChange]):
    """One change of an object, with its differences. `waived` maps rules to the reasons why their warnings were waived, if
    you may see these."""

    action = serializers.CharField(
        source="entry.action", help_text="The name of the action. Example: production.update"
    )
    actor_kind = serializers.CharField(
        source="entry.actor_kind",
        help_text="The kind of actor: a user, a token, the public, or the installation itself. Example: user",
    )
    actor = serializers.IntegerField(
        source="entry.actor_id",
        allow_null=True,
        help_text="Id of the user who did it; null if no user did. Example: 7",
    )
    on_behalf_of = serializers.IntegerField(
        source="entry.on_behalf_of_id",
        allow_null=True,
        help_text="Id of the user for whom it was done, if any. Example: 9",
    )
    at = serializers.DateTimeField(
        source="entry.at", help_text="When it was done: an instant in UTC. Example: 2027-03-14T18:30:00Z"
    )
    differences = serializers.SerializerMethodField(
        help_text="The fields that changed, with their values as far as you may see them."
    )
    waived = serializers.SerializerMethodField(
        help_text='The waived rules with the reasons, if you may see them. Example: {"title_too_long": '
        '"The author insists on it."}'
    )

    class Meta:
        model = AuditChange
        fields = (
            "id", "entry", "action", "actor_kind", "actor", "on_behalf_of", "at", "section_id", "operation", "version",
            "differences", "waived",
        )  # fmt: skip

    @extend_schema_field(DifferenceRead(many=True))
    def get_differences(self, change: AuditChange) -> Any:
        told: Any = differences(self.context["reader"], change)
        return DifferenceRead(told, many=True).data

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_waived(self, change: AuditChange) -> Any:
        return reasons(self.context["reader"], change)


class FieldStateRead(serializers.Serializer[FieldState]):
    """The value of one field at an instant."""

    known = serializers.ChoiceField(
        choices=ValueKnown.choices, help_text="Whether the value is shown, erased, or hidden from you. Example: shown"
    )
    value = serializers.JSONField(allow_null=True, help_text="The value; null if it is not shown. Example: A comedy")


class StateRead(serializers.Serializer[State]):
    """The state of an object at an instant."""

    at = serializers.DateTimeField(help_text="The instant asked about. Example: 2027-03-14T18:30:00Z")
    version = serializers.IntegerField(help_text="The object's version at that instant. Example: 6")
    deleted = serializers.BooleanField(help_text="True if it was deleted by then. Example: false")
    fields = serializers.DictField(child=FieldStateRead(), help_text="Each field's value at that instant, by its name.")  # type: ignore[assignment]


class CheckpointRead(serializers.BaseSerializer[AuditCheckpoint]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    def to_representation(self, row: AuditCheckpoint) -> dict[str, Any]:
        return documents([row])[0]


class CheckpointClaim(serializers.Serializer[Any]):
    """The claim of a checkpoint about the audit log."""

    type = serializers.CharField(help_text="The type of the document. Example: theater-audit-checkpoint")
    number = serializers.IntegerField(help_text="The checkpoint's number, from 1. Example: 12")
    seq = serializers.IntegerField(help_text="The number of the last sealed entry. Example: 4711")
    hash = serializers.CharField(help_text="The hash of the chain up to that entry, in hexadecimal digits.")
    at = serializers.CharField(help_text="When it was signed, ISO 8601. Example: 2027-03-14T18:30:00+00:00")


class CheckpointDocument(serializers.Serializer[Any]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    checkpoint = CheckpointClaim(help_text="The signed claim.")
    public_key = serializers.CharField(help_text="The public key of the signature, in Base64.")
    signature = serializers.CharField(help_text="The Ed25519 signature, in Base64.")


class HistoryAsked(ActionInput):
    """Which object."""

    object_type = serializers.CharField(max_length=60)
    object_id = serializers.CharField(max_length=40)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class StateAsked(ActionInput):
    """The object, and the instant."""

    object_type = serializers.CharField(max_length=60)
    object_id = serializers.CharField(max_length=40)
    at = serializers.DateTimeField()


class RevertInput(ActionInput):
    """The change to revert, if the entry has several."""

    change = serializers.UUIDField(
        required=False,
        help_text="Id of the change to revert, if the entry has several. Example: 0190b6f2-7c1e-7d43-9a55-0d6f3b1c2a44",
    )
    waive = serializers.DictField(
        child=serializers.CharField(max_length=1000), required=False, help_text="Warnings to waive: rule to reason."
    )


class Reverted(serializers.Serializer[Any]):
    """The object whose change was reverted, with its new version."""

    object_type = serializers.CharField(help_text="The model of the object. Example: productions.production")
    object_id = serializers.CharField(help_text="Id of the object, as text. Example: 12")
    version = serializers.IntegerField(help_text="The object's version now. Example: 8")


class Expired(serializers.Serializer[Any]):
    """The number of changes whose values were deleted."""

    count = serializers.IntegerField(help_text="How many changes lost their values. Example: 1200")

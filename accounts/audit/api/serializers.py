"""How the audit log shows itself."""

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
    """What was done to one object: which fields, not their values."""

    fields = serializers.ListField(
        child=serializers.CharField(), help_text='The names of the fields that changed. Example: ["subtitle"]'
    )  # type: ignore[assignment]

    class Meta:
        model = AuditChange
        fields = ("id", "object_type", "object_id", "section_id", "operation", "version", "fields")


class AuditEntryRead(serializers.ModelSerializer[AuditEntry]):
    """One action. `changes` are the first ones that may be read; `more_changes` says that there are more at `changes/`, and
    `complete` that none is kept from this reader. The note is told where all of it may be read."""

    note = serializers.SerializerMethodField(
        help_text="What the action noted about itself, where you may read all of the entry."
    )
    changes = serializers.SerializerMethodField(help_text="The first of its changes that you may read.")
    more_changes = serializers.SerializerMethodField(
        help_text="True where there are more at `changes/`. Example: false"
    )
    complete = serializers.BooleanField(
        source="whole", help_text="True where no change is kept from you. Example: true"
    )

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
    """One field: `known` is shown, erased, or hidden from this reader; in the latter two the values say nothing."""

    field = serializers.CharField(help_text="The name of the field. Example: subtitle")
    known = serializers.ChoiceField(
        choices=ValueKnown.choices, help_text="Whether the values are shown, erased, or hidden from you. Example: shown"
    )
    before = serializers.JSONField(
        allow_null=True, help_text="The value before; null where it is not shown. Example: A play"
    )
    after = serializers.JSONField(
        allow_null=True, help_text="The value afterwards; null where it is not shown. Example: A comedy"
    )


class HistoryRead(serializers.ModelSerializer[AuditChange]):
    """One change of an object, with what differs. `waived` tells those who may know, rule by rule, why warnings were
    waived for it."""

    action = serializers.CharField(
        source="entry.action", help_text="The name of the action that was done. Example: production.update"
    )
    actor_kind = serializers.CharField(
        source="entry.actor_kind",
        help_text="What kind of actor did it: a user, a token, the public, the installation itself. Example: user",
    )
    actor = serializers.IntegerField(
        source="entry.actor_id",
        allow_null=True,
        help_text="Id of the user who did it; null where no user did. Example: 7",
    )
    on_behalf_of = serializers.IntegerField(
        source="entry.on_behalf_of_id",
        allow_null=True,
        help_text="Id of the user for whom it was done; null where for nobody. Example: 9",
    )
    at = serializers.DateTimeField(
        source="entry.at", help_text="When it was done: an instant in UTC. Example: 2027-03-14T18:30:00Z"
    )
    differences = serializers.SerializerMethodField(
        help_text="The fields that changed, with their values as far as you may see them."
    )
    waived = serializers.SerializerMethodField(
        help_text='Which rules were waived and why, for those who may know. Example: {"title_too_long": '
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
    """One field as it was at an instant."""

    known = serializers.ChoiceField(
        choices=ValueKnown.choices, help_text="Whether the value is shown, erased, or hidden from you. Example: shown"
    )
    value = serializers.JSONField(allow_null=True, help_text="The value; null where it is not shown. Example: A comedy")


class StateRead(serializers.Serializer[State]):
    """An object as it stood at an instant."""

    at = serializers.DateTimeField(help_text="The instant that was asked about. Example: 2027-03-14T18:30:00Z")
    version = serializers.IntegerField(help_text="The object's version at that instant. Example: 6")
    deleted = serializers.BooleanField(help_text="True where it had been deleted by then. Example: false")
    fields = serializers.DictField(child=FieldStateRead(), help_text="Each field's value at that instant, by its name.")  # type: ignore[assignment]


class CheckpointRead(serializers.BaseSerializer[AuditCheckpoint]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    def to_representation(self, row: AuditCheckpoint) -> dict[str, Any]:
        return documents([row])[0]


class CheckpointClaim(serializers.Serializer[Any]):
    """What a checkpoint says of the audit log."""

    type = serializers.CharField(help_text="What kind of document it is. Example: theater-audit-checkpoint")
    number = serializers.IntegerField(help_text="The checkpoint's number, from 1. Example: 12")
    seq = serializers.IntegerField(help_text="The number of the last sealed entry. Example: 4711")
    hash = serializers.CharField(help_text="The hash of the chain up to that entry, in hexadecimal digits.")
    at = serializers.CharField(help_text="When it was signed, ISO 8601. Example: 2027-03-14T18:30:00+00:00")


class CheckpointDocument(serializers.Serializer[Any]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    checkpoint = CheckpointClaim(help_text="What is signed.")
    public_key = serializers.CharField(help_text="The public key that it is signed with, in Base64.")
    signature = serializers.CharField(help_text="The Ed25519 signature, in Base64.")


class HistoryAsked(ActionInput):
    """Which object."""

    object_type = serializers.CharField(max_length=60)
    object_id = serializers.CharField(max_length=40)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class StateAsked(ActionInput):
    """Which object, and when."""

    object_type = serializers.CharField(max_length=60)
    object_id = serializers.CharField(max_length=40)
    at = serializers.DateTimeField()


class RevertInput(ActionInput):
    """Which change of the entry, where it has several."""

    change = serializers.UUIDField(
        required=False,
        help_text="Id of the change to revert, where the entry has several. Example: "
        "0190b6f2-7c1e-7d43-9a55-0d6f3b1c2a44",
    )
    waive = serializers.DictField(
        child=serializers.CharField(max_length=1000), required=False, help_text="Warnings to go past: rule to reason."
    )


class Reverted(serializers.Serializer[Any]):
    """The object that was changed back, and its version now."""

    object_type = serializers.CharField(help_text="The model of the object. Example: productions.production")
    object_id = serializers.CharField(help_text="Id of the object, as text. Example: 12")
    version = serializers.IntegerField(help_text="The object's version now. Example: 8")


class Expired(serializers.Serializer[Any]):
    """How many changes lost their values."""

    count = serializers.IntegerField(help_text="How many changes lost their values. Example: 1200")

"""How the audit log shows itself."""

from __future__ import annotations

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import AuditChange, AuditCheckpoint, AuditEntry
from accounts.selectors.audit.history import Difference, FieldState, Known, State, differences, reasons
from accounts.selectors.audit.searching import TOLD
from accounts.selectors.audit.verification import documents
from theater_site.api.inputs import ActionInput


class AuditChangeRead(serializers.ModelSerializer[AuditChange]):
    """What was done to one object: which fields, not their values."""

    fields = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]

    class Meta:
        model = AuditChange
        fields = ("id", "object_type", "object_id", "section_id", "operation", "version", "fields")


class AuditEntryRead(serializers.ModelSerializer[AuditEntry]):
    """One action. `changes` are the first ones that may be read; `more_changes` says that there are more at `changes/`, and
    `complete` that none is kept from this reader. The note is told where all of it may be read."""

    note = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    more_changes = serializers.SerializerMethodField()
    complete = serializers.BooleanField(source="whole")

    class Meta:
        model = AuditEntry
        fields = (
            "id", "action", "actor_kind", "actor", "on_behalf_of", "request_id", "cause", "at", "note", "changes",
            "more_changes", "complete",
        )  # fmt: skip

    def get_note(self, entry: Any) -> dict[str, Any]:
        return entry.note if entry.whole else {}

    def get_changes(self, entry: Any) -> Any:
        return AuditChangeRead(entry.told[:TOLD], many=True).data

    def get_more_changes(self, entry: Any) -> bool:
        return len(entry.told) > TOLD


class _Choice(models.TextChoices):
    SHOWN = Known.SHOWN.value, "shown"
    ERASED = Known.ERASED.value, "erased"
    HIDDEN = Known.HIDDEN.value, "hidden"


class DifferenceRead(serializers.Serializer[Difference]):
    """One field: `known` is shown, erased, or hidden from this reader; in the latter two the values say nothing."""

    field = serializers.CharField()
    known = serializers.ChoiceField(choices=_Choice.choices)
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class HistoryRead(serializers.ModelSerializer[AuditChange]):
    """One change of an object, with what differs. `waived` tells those who may know, rule by rule, why warnings were
    waived for it."""

    action = serializers.CharField(source="entry.action")
    actor_kind = serializers.CharField(source="entry.actor_kind")
    actor = serializers.IntegerField(source="entry.actor_id", allow_null=True)
    on_behalf_of = serializers.IntegerField(source="entry.on_behalf_of_id", allow_null=True)
    at = serializers.DateTimeField(source="entry.at")
    differences = serializers.SerializerMethodField()
    waived = serializers.SerializerMethodField()

    class Meta:
        model = AuditChange
        fields = (
            "id", "entry", "action", "actor_kind", "actor", "on_behalf_of", "at", "section_id", "operation", "version",
            "differences", "waived",
        )  # fmt: skip

    def get_differences(self, change: AuditChange) -> Any:
        told: Any = differences(self.context["reader"], change)
        return DifferenceRead(told, many=True).data

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_waived(self, change: AuditChange) -> Any:
        return reasons(self.context["reader"], change)


class FieldStateRead(serializers.Serializer[FieldState]):
    known = serializers.ChoiceField(choices=_Choice.choices)
    value = serializers.JSONField(allow_null=True)


class StateRead(serializers.Serializer[State]):
    """An object as it stood at an instant."""

    at = serializers.DateTimeField()
    version = serializers.IntegerField()
    deleted = serializers.BooleanField()
    fields = serializers.DictField(child=FieldStateRead())  # type: ignore[assignment]


class CheckpointRead(serializers.BaseSerializer[AuditCheckpoint]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    def to_representation(self, row: AuditCheckpoint) -> dict[str, Any]:
        return documents([row])[0]


class CheckpointClaim(serializers.Serializer[Any]):
    type = serializers.CharField()
    number = serializers.IntegerField()
    seq = serializers.IntegerField()
    hash = serializers.CharField()
    at = serializers.CharField()


class CheckpointDocument(serializers.Serializer[Any]):
    """A signed checkpoint, as `verify_audit --checkpoint` takes it."""

    checkpoint = CheckpointClaim()
    public_key = serializers.CharField()
    signature = serializers.CharField()


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

    change = serializers.UUIDField(required=False)
    waive = serializers.DictField(
        child=serializers.CharField(max_length=1000), required=False, help_text="Warnings to go past: rule to reason."
    )


class Reverted(serializers.Serializer[Any]):
    """The object that was changed back, and its version now."""

    object_type = serializers.CharField()
    object_id = serializers.CharField()
    version = serializers.IntegerField()


class Expired(serializers.Serializer[Any]):
    """How many changes lost their values."""

    count = serializers.IntegerField()

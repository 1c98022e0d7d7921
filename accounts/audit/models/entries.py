"""The audit log: who did what to which object. Rows never change, except that values may be erased."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.audit.models.exact_json import ExactJSONField
from theater_site.core.guards import AppendOnly, Guard


class AuditEntry(models.Model):
    """One action: who did it, for whom, when, in which request, and as a consequence of which action.

    `actor_kind` is user, token, public or system. An entry with the action "unattributed" reports a write that bypassed the
    services. Rows are written once, in the action's transaction.
    """

    guards: ClassVar[list[Guard]] = [
        AppendOnly(name="audit_entry_written_once", message="The audit log cannot be changed.")
    ]

    id = models.UUIDField(primary_key=True, help_text="Id of the entry. Example: 0190b6f2-7c1e-7d43-9a55-0d6f3b1c2a44")
    action = models.CharField(max_length=100, help_text="The name of the action. Example: production.update")
    actor_kind = models.CharField(
        max_length=10,
        help_text="The kind of actor: a user, a token, the public, or the installation itself. Example: user",
    )
    actor_label = models.CharField(max_length=100)
    # No constraint in the database: entries stay when the user or object that they name is deleted.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        help_text="Id of the user who did it; null if no user did. Example: 7",
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,
        help_text="Id of the user for whom it was done, such as the author of a submission. Example: 9",
    )
    request_id = models.CharField(
        max_length=128,
        blank=True,
        help_text="The id of the request, as in the logs; empty if there was none. Example: "
        "c024995a98ac485fb4107ef19d030ec9",
    )
    cause = models.UUIDField(null=True, help_text="Id of the entry that caused this one; null if none did.")
    at = models.DateTimeField(help_text="When it was done: an instant in UTC. Example: 2027-03-14T18:30:00Z")
    note = ExactJSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_label} at {self.at:%Y-%m-%d %H:%M:%S}"


class AuditChange(models.Model):
    """The change of one object by one action: its fields, and a salted digest of their values before and after."""

    guards: ClassVar[list[Guard]] = [
        AppendOnly(name="audit_change_written_once", message="The audit log cannot be changed.")
    ]

    id = models.UUIDField(primary_key=True)
    entry = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="changes")
    object_type = models.CharField(max_length=60, help_text="The model of the object. Example: productions.production")
    object_id = models.CharField(max_length=40, help_text="Id of the object, as text. Example: 12")
    section_id = models.BigIntegerField(
        null=True, help_text="Id of the section of the object; null if it had none. Example: 4"
    )
    operation = models.CharField(
        max_length=10, help_text="What happened to it: created, changed or deleted. Example: changed"
    )
    # The object's version after the change.
    version = models.PositiveIntegerField(help_text="The object's version afterwards. Example: 7")
    fields = ExactJSONField(default=list, help_text='The names of the fields that changed. Example: ["subtitle"]')
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "version"], name="audit_change_of_object"),
            models.Index(fields=["section_id", "id"], name="audit_change_in_section"),
        ]

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id} {self.operation}"


class AuditValue(models.Model):
    """The values before and after one change. Erasure and retention may delete this row, but never change it.

    Personal values are encrypted in `personal`, the others are JSON. `salt` is deleted too, so that nobody can guess the
    values and compare them with the digest that remains.
    """

    guards: ClassVar[list[Guard]] = [
        AppendOnly(name="audit_value_never_changed", message="The audit log cannot be changed.", erasable=True)
    ]

    change = models.OneToOneField(AuditChange, primary_key=True, on_delete=models.PROTECT, related_name="value")
    salt = models.CharField(max_length=32)
    values = ExactJSONField()
    personal = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"values of {self.change_id}"

"""Waivers: reasoned exceptions to the warnings of a rule."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.permissions.models.sections import Section
from theater_site.core.encryption import EncryptedTextField
from theater_site.core.models import ContentModel


class Waiver(ContentModel):
    """Accepts warnings of `rule` about one object until `until` (excluded), or until it is revoked."""

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_brand"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    object_type = models.CharField(
        max_length=60, help_text="The model of the objects that it is about. Example: productions.production"
    )
    object_id = models.CharField(
        max_length=40,
        help_text="Id of the object that it is about, as text; empty for all objects of the section. Example: 12",
    )
    rule = models.CharField(max_length=100, help_text="The rule whose warnings it accepts. Example: title_too_long")
    reason = EncryptedTextField(
        max_length=1000, help_text="Why the warning does not matter here. Example: The author insists on it."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who gave it. Example: 2",
    )
    until = models.DateTimeField(help_text="When it ends (exclusive): an instant in UTC. Example: 2027-07-01T00:00:00Z")
    revoked_at = models.DateTimeField(
        null=True, help_text="When it was revoked; null if it was not. Example: 2027-05-01T09:00:00Z"
    )

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["object_type", "object_id", "rule"], name="waiver_of_object")]

    def __str__(self) -> str:
        return f"{self.rule} for {self.object_type} {self.object_id}"

    def holds_at(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.until

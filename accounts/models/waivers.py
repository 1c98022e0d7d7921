"""That a rule does not count for one object for a while: who says so, why, and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.models.sections import Section
from theater_site.core.encryption import EncryptedTextField
from theater_site.core.models import ContentModel


class Waiver(ContentModel):
    """Warnings of `rule` about one object stop nothing until `until` (excluded), or until this is revoked."""

    section_lookup: ClassVar[str] = "section_id"
    view_right: ClassVar[str] = "view_brand"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    rule = models.CharField(max_length=100)
    reason = EncryptedTextField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["object_type", "object_id", "rule"], name="waiver_of_object")]

    def __str__(self) -> str:
        return f"{self.rule} for {self.object_type} {self.object_id}"

    def holds_at(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.until

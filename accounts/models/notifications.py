"""The outbox: what people are to be told, written in the transaction of what happened, delivered by `manage.py work`."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from theater_site.core.encryption import EncryptedTextField


class Notification(models.Model):
    """One message to one user, or to an address that no account has yet. `next_attempt_at` is None once it is delivered or
    given up; `failed` tells which."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="notifications"
    )
    address = EncryptedTextField(blank=True, default="")
    kind = models.CharField(max_length=60)
    # The text repeats what people wrote, so it is kept encrypted.
    subject = EncryptedTextField()
    body = EncryptedTextField()
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="notification_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id or 'an address'}"

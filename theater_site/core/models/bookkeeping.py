"""Rows of the framework itself: stored responses for idempotency keys, and heartbeats of workers."""

from __future__ import annotations

from django.db import models


class IdempotentAnswer(models.Model):
    """The first response to a POST with an `Idempotency-Key`. A repeated request gets it again for 24 hours.

    Written in the transaction of the action: both are committed, or neither. Encrypted, since a response can contain
    personal values.
    """

    # SHA-256 of the caller and the key. The key itself is not stored: it can be any text.
    fingerprint = models.CharField(max_length=64, primary_key=True)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return f"{self.fingerprint[:12]} {self.status}"


class Heartbeat(models.Model):
    """When a part of the installation last worked. `/readyz` reads it."""

    name = models.CharField(max_length=50, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return f"{self.name} at {self.seen_at:%Y-%m-%d %H:%M:%S}"

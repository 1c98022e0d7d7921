"""Rows that are not content: stored responses for idempotency keys, and heartbeats of workers."""

from __future__ import annotations

from django.db import models


class IdempotentAnswer(models.Model):
    """The first response to a POST with an `Idempotency-Key`. A repeated request within 24 hours gets it again.

    Written in the transaction of the action, so that both are committed or neither. Encrypted, since a response can contain
    personal values.
    """

    # SHA-256 of the caller and the key. The key is not stored: it can be any text, also a personal one.
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
    """When a part of the installation, such as the worker, was last active. `/readyz` reads it."""

    name = models.CharField(max_length=50, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return f"{self.name} at {self.seen_at:%Y-%m-%d %H:%M:%S}"

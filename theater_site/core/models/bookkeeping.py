"""What the frame itself remembers: answers already given, and that the worker lives."""

from __future__ import annotations

from django.db import models


class IdempotentAnswer(models.Model):
    """The first answer to a POST that carried an `Idempotency-Key`, given again to its repetitions for 24 hours.

    The row is written in the transaction of the action itself: either both stand or neither. The answer is encrypted,
    since it may show personal values.
    """

    # SHA-256 of who asked, by which key; the key itself is a stranger's text and is not kept.
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
    """When a part of the installation was last seen at work; `/readyz` reads it."""

    name = models.CharField(max_length=50, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return f"{self.name} at {self.seen_at:%Y-%m-%d %H:%M:%S}"

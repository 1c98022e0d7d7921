"""How a user wants to be notified."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models

from accounts.notifications.rules.notification_kinds import KINDS, Delivery


class NotificationPreferences(models.Model):
    """The choices of one user; users without a row have the defaults. Times are wall times in the user's zone.

    `deliveries` maps kinds to the chosen delivery. A choice that the kind no longer allows does not count.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="notification_preferences"
    )
    deliveries = models.JSONField(default=dict)
    digest_at = models.TimeField(
        default=time(8), help_text="When the daily digest is sent, in wall time. Example: 08:00:00"
    )
    quiet_from = models.TimeField(
        null=True, help_text="From when nothing is mailed, in wall time; null is never. Example: 22:00:00"
    )
    quiet_until = models.TimeField(
        null=True, help_text="Until when nothing is mailed, in wall time; null is never. Example: 07:00:00"
    )

    def __str__(self) -> str:
        return f"preferences of user {self.user_id}"

    def delivery_of(self, kind: str) -> Delivery:
        known = KINDS[kind]
        chosen = self.deliveries.get(kind)
        return Delivery(chosen) if chosen in known.choices else known.default

"""Notifications: written in the transaction of their cause, mailed by `manage.py work`, listed by the API."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from theater_site.core.encryption import EncryptedTextField


class Notification(models.Model):
    """One message to a user, or to an address without an account. With both, it is sent to `address`.

    `next_attempt_at` is when the worker sends it. It is None if it was delivered or given up (`failed` says which), or is not
    mailed by itself. `digest_at` is when it is added to its reader's `digest`; None before and after.
    """

    recipient = models.ForeignKey(
        # The index below covers the key too.
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,
    )
    address = EncryptedTextField(null=True)
    kind = models.CharField(max_length=60, help_text="What kind of event it reports. Example: submission_approved")
    # The text repeats what people wrote, so it is encrypted.
    subject = EncryptedTextField()
    body = EncryptedTextField()
    # The mails that belong together ("submission:17"), and the object, named as in the audit log.
    thread = models.CharField(
        max_length=80,
        blank=True,
        default="",
        help_text="Its thread: mail programs show messages of one thread as one conversation. Example: submission:7",
    )
    about_type = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="The model of the object that it is about; empty if there is none. Example: accounts.submission",
    )
    about_id = models.CharField(
        max_length=40, blank=True, default="", help_text="Id of that object, as text. Example: 7"
    )
    # The name of what makes its attachments when it is sent (mails/attachments.py); empty without any.
    attachments = models.CharField(max_length=40, blank=True, default="")
    # A notification with the same text here is stored only once for each user; holds ids, no words.
    once = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField(help_text="When it was written: an instant in UTC. Example: 2027-03-14T18:30:00Z")
    read_at = models.DateTimeField(
        null=True, help_text="When its reader marked it as read; null if it is unread. Example: 2027-03-15T08:00:00Z"
    )
    digest_at = models.DateTimeField(
        null=True,
        help_text="When it is sent in a digest; null if it is sent alone. Example: 2027-03-15T08:00:00Z",
    )
    digest = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="gathered")
    next_attempt_at = models.DateTimeField(
        null=True, help_text="When it is sent next; null if it is not sent. Example: 2027-03-14T18:35:00Z"
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="The number of attempts to send it. Example: 2")
    delivered_at = models.DateTimeField(
        null=True, help_text="When the mail server accepted it; null until then. Example: 2027-03-14T18:30:05Z"
    )
    failed = models.BooleanField(default=False)
    last_error = models.CharField(
        max_length=200,
        blank=True,
        help_text="Why the last attempt failed; empty if it did not. Example: SMTPRecipientsRefused 550",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "once"], condition=~Q(once=""), name="accounts_notification_told_once"
            )
        ]
        # Finished rows are only in the last of these indexes, so that the worker never reads past them.
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(next_attempt_at__isnull=False), name="notification_due"
            ),
            models.Index(
                fields=["digest_at", "recipient"], condition=Q(digest_at__isnull=False), name="notification_to_gather"
            ),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notification_unread"),
            models.Index(fields=["-id"], condition=Q(failed=True), name="notification_failed"),
            models.Index(fields=["recipient", "-id"], name="notification_list"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_id or 'an address'}"

"""Invitations to a role, for people who may have no account yet."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.permissions.models.sections import Role, RoleAssignment, Section
from theater_site.core.encryption import BlindIndexField, EncryptedTextField
from theater_site.core.models import ContentModel


class Invitation(ContentModel):
    """A role offered by mail. A user with this verified address accepts it with the secret from the mail.

    Only the SHA-256 of the secret is stored. The invitation is open until it is accepted, withdrawn or expired (`expires_at`).
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"
    personal: ClassVar[frozenset[str]] = frozenset({"email", "name", "reason"})
    chance: ClassVar[frozenset[str]] = frozenset({"token_hash", "expires_at"})

    email = EncryptedTextField(one_line=True)
    name = EncryptedTextField(one_line=True, blank=True, default="")
    email_index = BlindIndexField("email")
    role = models.ForeignKey(
        Role,
        on_delete=models.PROTECT,
        related_name="invitations",
        help_text="Id of the role that is offered. Example: 5",
    )
    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="invitations",
        help_text="Id of the section on which the role is offered. Example: 4",
    )
    starts_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the role starts; null is when it is accepted. Example: 2027-09-01T00:00:00Z",
    )
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the role ends (exclusive); null for no end. Example: 2028-07-01T00:00:00Z",
    )
    reason = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why, for those who see the members and for the invited person. Example: Box office volunteer",
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who sent the invitation. Example: 7",
    )
    # The permissions of the role at the time of the offer.
    permissions = models.JSONField(default=list, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(
        help_text="Until when it can be accepted: an instant in UTC. Example: 2027-03-28T18:30:00Z"
    )
    withdrawn_at = models.DateTimeField(
        null=True, help_text="When it was withdrawn; null if it was not. Example: 2027-03-20T09:00:00Z"
    )
    assignment = models.OneToOneField(
        RoleAssignment,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="invitation",
        help_text="Id of the resulting role assignment; null until it is accepted. Example: 21",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="invitation_ends_after_start",
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                violation_error_message="The end must be after the start.",
            ),
            models.UniqueConstraint(
                fields=["email_index", "role", "section"],
                condition=Q(assignment=None, withdrawn_at=None),
                name="invitation_open_once",
                violation_error_message="They are invited already. Send that invitation again, or withdraw it.",
                violation_error_code="already_invited",
            ),
        ]

    def state_at(self, at: datetime) -> str:
        """open, accepted, withdrawn or expired"""
        if self.assignment_id is not None:
            return "accepted"
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "open" if at < self.expires_at else "expired"

    def __str__(self) -> str:
        return f"invitation {self.pk}"  # ends up in logs, so no address

"""API tokens, with which a website or another program reads the API."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.permissions.models.sections import Section
from theater_site.core.models import ContentModel


class ApiToken(ContentModel):
    """A read-only token. It shows public content, and what `permissions` (such as "view_schedule") show on `section` and
    below.

    A permission counts only while the token's maker has it too. Only the SHA-256 of the token is stored; for 256 random bits
    no salt and no slow hash is needed.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "view_members"
    chance: ClassVar[frozenset[str]] = frozenset({"digest", "hint"})

    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the section that it can read, with all sections below. Example: 4",
    )
    name = models.CharField(max_length=120, help_text="What it is for. Example: Website")
    permissions = models.JSONField(
        default=list, blank=True, help_text='Its view permissions. Example: ["view_schedule"]'
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text="Id of the user who made it. Example: 7",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Its first letters, to tell tokens apart.
    hint = models.CharField(
        max_length=12, editable=False, help_text="Its first letters, by which you tell tokens apart. Example: tp_Xk3"
    )
    expires_at = models.DateTimeField(help_text="Until when it works: an instant in UTC. Example: 2028-03-14T00:00:00Z")
    revoked_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was revoked; null if it was not. Example: 2027-05-01T09:00:00Z"
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.hint}…"


class ApiTokenUse(models.Model):
    """When a token was last used, to the minute. Kept apart from the token, since a use must not change its version."""

    token = models.OneToOneField(ApiToken, primary_key=True, on_delete=models.CASCADE, related_name="use")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.token_id} at {self.at:%Y-%m-%d %H:%M}"

"""What somebody proposed and somebody else decides on."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models.sections import Section
from accounts.rules.rights import AREAS
from theater_site.core import recording
from theater_site.core.actors import EVERYWHERE, Actor
from theater_site.core.encryption import EncryptedJSONField
from theater_site.core.models import ContentModel


class SubmissionState(models.TextChoices):
    SUBMITTED = "submitted", "submitted"
    APPLIED = "applied", "applied"
    DECLINED = "declined", "declined"
    WITHDRAWN = "withdrawn", "withdrawn"


class Submission(ContentModel):
    """An action with its inputs, waiting for somebody who may approve in its area and is not its author.

    `items` is a list of {action, inputs, if_version}, encrypted since inputs may be personal. `digest` is what its
    preview came to when it was submitted: only exactly that is ever applied.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_right: ClassVar[str] = "manage_members"
    personal: ClassVar[frozenset[str]] = frozenset({"items", "comment"})

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="submissions")
    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="submissions")
    area = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    state = models.CharField(max_length=20, choices=SubmissionState.choices, default=SubmissionState.SUBMITTED)
    items = EncryptedJSONField()
    digest = models.CharField(max_length=64)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, max_length=5000)

    class Meta:
        base_manager_name = "objects"
        indexes = [models.Index(fields=["state", "section", "id"], name="submission_waiting")]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """What they proposed, and what they may decide: its inputs are nobody else's to read."""
        if actor.user_id is None:
            return None
        theirs = Q(author_id=actor.user_id)
        for area in AREAS:
            sections = actor.sections_held(f"approve_{area}", recording.instant())
            if sections is EVERYWHERE:
                theirs |= Q(area=area)
            elif sections:
                theirs |= Q(area=area, section__in=sections)
        return theirs

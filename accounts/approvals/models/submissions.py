"""Submissions, their authors, comments and subjects."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.permissions.models.sections import Section
from accounts.permissions.rules.permissions import AREAS
from theater_site.core import runs
from theater_site.core.actors import EVERYWHERE, Actor
from theater_site.core.encryption import EncryptedJSONField, EncryptedTextField
from theater_site.core.errors import DomainError
from theater_site.core.models import ContentModel, ContentQuerySet


class SubmissionState(models.TextChoices):
    """The state of a submission."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "submitted"
    CHANGES_REQUESTED = "changes_requested", "changes requested"
    APPROVED = "approved", "approved, waits for its time"
    APPLIED = "applied", "applied"
    REJECTED = "rejected", "rejected"
    WITHDRAWN = "withdrawn", "withdrawn"
    STALE = "stale", "stale"
    FAILED = "failed", "failed"


class SubmissionQuerySet(ContentQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """The submissions that `actor` may see; drafts only if they write them."""
        # Asking for a `decide_` permission first loads all permissions of the actor in the same query.
        actor.sections_held(f"decide_{next(iter(AREAS))}", runs.instant())
        return super().visible_to(actor).filter(~Q(state=SubmissionState.DRAFT) | _written_by(actor))


class Submission(ContentModel):
    """One or several actions with their inputs, decided on by somebody who wrote no part of it.

    `items` is a list of {action, inputs, if_version, name}, encrypted since inputs may be personal. Later items refer to the
    result of an item by its `name`. `round` counts how often it was submitted. `digest` is a hash of the round's changes: only
    exactly these are applied (the API shows `token`). `area` and `section` are those of the first item that needs approval; a
    draft has "" and the organization until they are known. `failure` is the code of the error that made it stale or failed.
    """

    section_lookup: ClassVar[str] = "section_id"
    view_permission: ClassVar[str] = "manage_members"
    personal: ClassVar[frozenset[str]] = frozenset({"items", "comment", "title", "decided_changes"})
    loaded_along: ClassVar[tuple[str, ...]] = ("author", "section")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="submissions",
        help_text="Id of the user who wrote it first. Example: 9",
    )
    section = models.ForeignKey(
        Section,
        on_delete=models.PROTECT,
        related_name="submissions",
        help_text="Id of the section whose approvers decide. Example: 4",
    )
    area = models.CharField(
        max_length=20, blank=True, default="", help_text="The area of work that it is about. Example: details"
    )
    title = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="What it is about, for the approvers. Example: New subtitle of The Seagull",
    )
    state = models.CharField(
        max_length=20,
        choices=SubmissionState.choices,
        default=SubmissionState.DRAFT,
        help_text="Its state. Example: submitted",
    )
    items = EncryptedJSONField(blank=True)
    digest = models.CharField(max_length=64, blank=True, default="")
    # The changes that were decided on; null until then.
    decided_changes = EncryptedJSONField(null=True, editable=False)
    round = models.PositiveIntegerField(
        default=0, help_text="How often it was submitted, from 1; 0 for a draft. Example: 1"
    )
    step = models.PositiveSmallIntegerField(
        default=0, help_text="The approval step at which it waits, from 0. Example: 0"
    )
    run_at = models.DateTimeField(
        null=True,
        help_text="When it is applied after its approval: an instant in UTC; null means at once. Example: "
        "2027-03-20T08:00:00Z",
    )
    submitted_at = models.DateTimeField(
        null=True, help_text="When it was last submitted; null for a draft. Example: 2027-03-14T18:30:00Z"
    )
    # Items that need no approval run with the permissions of this user.
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who last submitted it. Example: 9",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who decided; null until then. Example: 2",
    )
    decided_in_place_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Id of the user for whom they decided as a substitute; null if for themselves. Example: 7",
    )
    decided_at = models.DateTimeField(
        null=True, help_text="When it was decided; null until then. Example: 2027-03-15T08:00:00Z"
    )
    comment = EncryptedTextField(
        blank=True,
        default="",
        max_length=5000,
        help_text="The comment of the decision. Example: Thank you, very clear.",
    )
    failure = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="The error code if it was approved and could not be applied; else empty. Example: reference_gone",
    )

    objects = models.Manager.from_queryset(SubmissionQuerySet)()  # type: ignore[misc]

    # Why the approval that is running could not be applied; not stored.
    refusal: DomainError | None = None

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["state", "section", "id"], name="submission_waiting"),
            models.Index(fields=["state", "run_at"], condition=Q(run_at__isnull=False), name="submission_by_time"),
        ]

    def __str__(self) -> str:
        return self.title

    def token(self, digest: str | None = None) -> str:
        """The digest that an approval sends: a hash of the round, its scheduled time, and `digest` (by default that of the
        submission). "" if it was never submitted."""
        digest = self.digest if digest is None else digest
        at = self.run_at.astimezone(UTC).isoformat() if self.run_at is not None else ""
        return hashlib.sha256(f"{self.round} {at} {digest}".encode()).hexdigest() if digest else ""

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        """Submissions that `actor` writes or may decide on. Only these users may read the inputs."""
        if actor.user_id is None:
            return None
        theirs = _written_by(actor)
        for area in AREAS:
            sections = actor.sections_held(f"decide_{area}", runs.instant())
            if sections is EVERYWHERE:
                theirs |= Q(area=area)
            elif sections:
                theirs |= Q(area=area, section__in=sections)
        return theirs


class SubmissionAuthor(ContentModel):
    """A user who may edit a submission besides its author.

    `wrote_at` is when they last saved it. They cannot approve it only if it is set, so that sharing a submission with an
    approver does not keep them from deciding.
    """

    section_lookup: ClassVar[str] = "submission__section_id"
    view_permission: ClassVar[str] = "manage_members"

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="authors", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wrote_at = models.DateTimeField(null=True)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "user"],
                name="submission_author_once",
                violation_error_message="They write it already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of submission {self.submission_id}"


class SubmissionComment(ContentModel):
    """A comment on one field of a submission ("items.0.inputs.changes.title"), or on all of it with an empty path.

    `asks` is True if it requests a change.
    """

    section_lookup: ClassVar[str] = "submission__section_id"
    view_permission: ClassVar[str] = "manage_members"
    personal: ClassVar[frozenset[str]] = frozenset({"text"})

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Id of the user who wrote it. Example: 2",
    )
    round = models.PositiveIntegerField(help_text="The round in which it was written. Example: 1")
    field = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="The field that it is about; empty for the whole submission. Example: subtitle",
    )
    text = EncryptedTextField(
        max_length=5000, help_text="The text of the comment. Example: Please without an exclamation mark."
    )
    asks = models.BooleanField(default=False, help_text="True if it requests a change. Example: true")

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"comment {self.pk} on submission {self.submission_id}"


class SubmissionSubject(models.Model):
    """An object that a submission would change, with its version at the last preview.

    Used to list other submissions about the same object, and to find the fields that others changed since.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="subjects")
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    # The fields that it would change; empty if it only adds related objects.
    fields = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"], name="submission_of_object")]

    def __str__(self) -> str:
        return f"submission {self.submission_id} on {self.object_type} {self.object_id}"


def _written_by(actor: Actor) -> Q:
    if actor.user_id is None:
        return Q(pk__in=())
    shared = SubmissionAuthor.objects.filter(user_id=actor.user_id).values("submission_id")
    return Q(author_id=actor.user_id) | Q(pk__in=shared)

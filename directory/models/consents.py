"""Consents of people, and since when."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q

from directory.models.people import Person
from theater_site.core.actors import Actor
from theater_site.core.encryption import EncryptedTextField
from theater_site.core.models import ContentModel


class ConsentPurpose(models.TextChoices):
    """What a person consents to."""

    PHOTO = "photo", "pictures of them are shown"
    CONTACT_SHARING = "contact_sharing", "their contact data is passed on within the company"
    NEWSLETTER = "newsletter", "they are written to about the theater's work"
    BIOGRAPHY = "biography", "programs print their biography though they have no public page"


class Consent(ContentModel):
    """A person's consent to one purpose, from `given_at` until `withdrawn_at`; None means that it is in force.

    At most one consent for each purpose is in force at a time. Consenting again after a withdrawal creates a new row.
    Rows are deleted only with their person.
    """

    section_lookup: ClassVar[str] = "person__section_id"
    view_permission: ClassVar[str] = "view_directory"
    personal: ClassVar[frozenset[str]] = frozenset({"note"})

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(
        max_length=16, choices=ConsentPurpose.choices, help_text="What the person agreed to. Example: photos"
    )
    given_at = models.DateTimeField(help_text="When they agreed: an instant in UTC. Example: 2027-03-14T18:30:00Z")
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="When they took it back; null while it holds. Example: 2027-05-01T09:00:00Z"
    )
    note = EncryptedTextField(
        blank=True,
        default="",
        validators=[MaxLengthValidator(1_000)],
        help_text="How they agreed, for those who look after it. Example: Signed form of March 2027",
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "purpose"],
                condition=Q(withdrawn_at=None),
                name="consent_stands_once",
                violation_error_code="consent_stands",
                violation_error_message="This consent is already given.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_ends_after_start",
                violation_error_message="A consent is withdrawn after it was given.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.person_id}"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(person__user_id=actor.user_id) if actor.user_id is not None else None

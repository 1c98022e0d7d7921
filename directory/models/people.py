"""Who they are: people, and the groups that are credited like people."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator, validate_email
from django.db import models
from django.db.models import Q

from accounts.models import Section
from directory.models.trigrams import TrigramIndex
from theater_site.core.actors import Actor
from theater_site.core.encryption import BlindIndexField, EncryptedTextField
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class PersonKind(models.TextChoices):
    PERSON = "person", "person"
    GROUP = "group", "group or ensemble"


class Person(ContentModel):
    """Somebody, or an ensemble, who can be credited. Published ones have a page for everybody to see.

    `email` and `phone` are encrypted at rest, and shown to those with view_directory and to the person alone. `user` is
    who signs in as this person.
    """

    view_right: ClassVar[str] = "view_directory"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)
    personal: ClassVar[frozenset[str]] = frozenset({"email", "email_index", "phone"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=PersonKind.choices, default=PersonKind.PERSON)
    name = models.CharField(max_length=300)
    # As lists order it ("Bernhardt, Sarah"), where that is not the name itself.
    sort_name = models.CharField(max_length=300, blank=True, default="")
    pronouns = models.CharField(max_length=60, blank=True, default="")
    # Django tells max_length of text to forms alone; the validator judges every save.
    bio = models.TextField(blank=True, default="", validators=[MaxLengthValidator(10_000)])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="people",
        db_index=False,
    )
    email = EncryptedTextField(blank=True, default="", validators=[MaxLengthValidator(254), validate_email])
    # By which somebody is found who asks what is held about them.
    email_index = BlindIndexField("email", db_index=True)
    phone = EncryptedTextField(blank=True, default="", validators=[MaxLengthValidator(60)])
    folded = FoldedField(sources=("name", "sort_name"))
    sort_key = FoldedField(sources=("listed_name",))
    published_at = models.DateTimeField(null=True, editable=False)
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "people"
        indexes = [
            models.Index(fields=["sort_key", "id"], name="person_by_name"),
            TrigramIndex(fields=["folded"], name="person_folded_trigram"),
        ]
        constraints = [
            # Named, since a unique column is called otherwise by each database. Unlinked people are many: NULL repeats.
            models.UniqueConstraint(
                fields=["user"],
                name="person_one_a_user",
                violation_error_code="user_taken",
                violation_error_message="This account belongs to another person already. Unlink that one first.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def listed_name(self) -> str:
        """The name by which lists are ordered."""
        return self.sort_name or self.name

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(user_id=actor.user_id) if actor.user_id is not None else None


class Alias(ContentModel):
    """Another name of a person, by which they are found and were perhaps credited.

    An `internal` one (a former or a legal name) is neither shown to the public nor found by it.
    """

    section_lookup: ClassVar[str] = "person__section_id"
    view_right: ClassVar[str] = "view_directory"
    public_when: ClassVar[Q | None] = Q(person__published_at__isnull=False, internal=False)

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", db_index=False)
    name = models.CharField(max_length=300)
    internal = models.BooleanField(default=False)
    folded = FoldedField(sources=("name",))

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "aliases"
        indexes = [TrigramIndex(fields=["folded"], name="alias_folded_trigram")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "name"],
                name="alias_once_a_person",
                violation_error_code="alias_exists",
                violation_error_message="This person has this alias already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(person__user_id=actor.user_id) if actor.user_id is not None else None

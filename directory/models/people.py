"""People, and the groups that are credited like people."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxLengthValidator, validate_email
from django.db import models
from django.db.models import Q

from accounts.models import Section
from directory.models.sounds import SoundsField
from directory.models.trigrams import TrigramIndex
from directory.rules.sort_names import suggested_sort_name
from theater_site.core.actors import Actor
from theater_site.core.encryption import BlindIndexField, EncryptedTextField
from theater_site.core.errors import DomainError, NotFound
from theater_site.core.fields import FoldedField, MarkdownField
from theater_site.core.models import ContentModel


def merged_error(survivor_id: int) -> NotFound:
    """The error for the old id of a merged person."""
    return NotFound(
        f"This person was merged into person {survivor_id}. Use that id.", code="merged", data={"person": survivor_id}
    )


class PersonKind(models.TextChoices):
    """A person, or a group that is credited like one."""

    PERSON = "person", "person"
    GROUP = "group", "group or ensemble"


class Person(ContentModel):
    """A person or ensemble that can be credited. Published ones have a public page.

    `email` and `phone` are encrypted at rest, and shown to the person and to those with `view_directory`. `user` is
    the account of this person.
    """

    view_permission: ClassVar[str] = "view_directory"
    public_when: ClassVar[Q | None] = Q(published_at__isnull=False)
    personal: ClassVar[frozenset[str]] = frozenset({"email", "email_index", "phone"})

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(
        max_length=6,
        choices=PersonKind.choices,
        default=PersonKind.PERSON,
        help_text="Whether it is a person or a group such as an ensemble. Example: person",
    )
    name = models.CharField(max_length=300, help_text="The name as programs print it. Example: Anna Bell")
    # As lists order it ("Bernhardt, Sarah"), where that is not the name itself.
    sort_name = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="The name by which lists are ordered; suggested from the name where it is not given. Example: Bell, Anna",
    )
    pronouns = models.CharField(
        max_length=60, blank=True, default="", help_text="How to speak of them, as they ask. Example: she/her"
    )
    # Django checks the max_length of text fields in forms only; the validator checks every save.
    bio = MarkdownField(
        blank=True,
        default="",
        validators=[MaxLengthValidator(10_000)],
        help_text="Who they are, for their own page and for programs; Markdown. Example: Anna joined in 2019.",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="people",
        db_index=False,
    )
    email = EncryptedTextField(
        one_line=True,
        blank=True,
        default="",
        validators=[MaxLengthValidator(254), validate_email],
        help_text="Their e-mail address, for those who work on the directory; empty where it is not known. "
        "Example: anna@home.example",
    )
    # A keyed hash by which an address is found, since the address itself is encrypted.
    email_index = BlindIndexField("email", db_index=True)
    phone = EncryptedTextField(
        one_line=True,
        blank=True,
        default="",
        validators=[MaxLengthValidator(60)],
        help_text="Their phone number, for those who work on the directory. Example: +44 20 7946 0000",
    )
    folded = FoldedField(sources=("name", "sort_name"))
    sort_key = FoldedField(sources=("listed_name",))
    sounds = SoundsField(sources=("name",))
    published_at = models.DateTimeField(null=True, editable=False)
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "people"
        indexes = [
            models.Index(fields=["sort_key", "id"], name="person_by_name"),
            TrigramIndex(fields=["folded"], name="person_folded_trigram"),
            models.Index(fields=["sounds"], name="person_by_sounds"),
            TrigramIndex(fields=["sounds"], name="person_sounds_trigram"),
        ]
        constraints = [
            # A named constraint, since databases name a unique column differently. NULL may repeat: unlinked people.
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
        return self.sort_name or suggested_sort_name(self.name, group=self.kind == PersonKind.GROUP)

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(user_id=actor.user_id) if actor.user_id is not None else None

    @classmethod
    def gone(cls, pk: Any) -> DomainError:
        """Of a merged person, an error `merged` with the id of the survivor as `data["person"]`."""
        merge = cls._meta.get_field("merges").related_model.objects.filter(old_id=pk).first()  # type: ignore[union-attr]
        return super().gone(pk) if merge is None else merged_error(merge.survivor_id)


class Alias(ContentModel):
    """Another name of a person, by which they are found and were perhaps credited.

    An `internal` alias (a former or a legal name) is hidden from the public and from its searches.
    """

    section_lookup: ClassVar[str] = "person__section_id"
    view_permission: ClassVar[str] = "view_directory"
    public_when: ClassVar[Q | None] = Q(person__published_at__isnull=False, internal=False)

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases", db_index=False)
    name = models.CharField(
        max_length=300, help_text="Another name of theirs, by which they are found. Example: Anna Smith"
    )
    internal = models.BooleanField(
        default=False, help_text="True where only those who work on the directory may see it. Example: false"
    )
    folded = FoldedField(sources=("name",))
    sounds = SoundsField(sources=("name",))

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "aliases"
        indexes = [
            TrigramIndex(fields=["folded"], name="alias_folded_trigram"),
            models.Index(fields=["sounds"], name="alias_by_sounds"),
            TrigramIndex(fields=["sounds"], name="alias_sounds_trigram"),
        ]
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

"""Who holds which part or job in a production."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from directory.models.people import Person
from directory.models.trigrams import TrigramIndex
from productions.models import PartialDateField, Production
from theater_site.core.fields import FoldedField
from theater_site.core.models import ContentModel


class CreditKind(models.TextChoices):
    CAST = "cast", "cast"
    CREW = "crew", "crew"
    CREATIVE = "creative", "creative team"
    COMPANY = "company", "company"


class Credit(ContentModel):
    """A person or group, and what they did in one production, from when to when where that is known.

    Public with its production: a printed program names everybody in it, whether or not they have a public page.
    `role` may be blank, since archives know of people and not always of what they did. A person has many roles and a
    role many people; only the same credit twice, from the same day on, is refused.
    """

    section_lookup: ClassVar[str] = "production__section_id"
    view_right: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="credits", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="credits")
    kind = models.CharField(max_length=8, choices=CreditKind.choices, default=CreditKind.CAST)
    # Both lengths together must fit into one entry of a PostgreSQL index: 2,700 bytes, four a letter.
    role = models.CharField(max_length=300, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    billing_order = models.PositiveIntegerField(default=0)
    starts_on = PartialDateField()
    ends_on = PartialDateField()
    role_folded = FoldedField(sources=("role",))
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["production", "billing_order", "id"], name="credit_by_billing"),
            TrigramIndex(fields=["role_folded"], name="credit_role_trigram"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["production", "person", "kind", "role", "note", "starts_on"],
                name="credit_once",
                violation_error_code="credit_exists",
                violation_error_message="This production has this very credit already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} as {self.role or self.kind}"

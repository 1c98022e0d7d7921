"""Who holds which part or job in a production."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import Q

from directory.models.people import Person
from directory.models.trigrams import TrigramIndex
from directory.rules.holdings import Holding
from productions.models import Character, Job, PartialDateField, Production
from theater_site.core.fields import FoldedField
from theater_site.core.guards import Guard, Refuse
from theater_site.core.models import ContentModel


class CreditKind(models.TextChoices):
    """What a credit is for: a part in the cast, or a job behind the stage."""

    CAST = "cast", "cast"
    CREW = "crew", "crew"
    CREATIVE = "creative", "creative team"
    COMPANY = "company", "company"
    MUSICIAN = "musician", "musicians"
    THANKS = "thanks", "with thanks"


_HOLDINGS = [(holding.value, holding.value) for holding in Holding if holding]


class Credit(ContentModel):
    """A part or job of a person or group in one production, from when to when if that is known.

    Public with its production: a printed program names everybody in it, whether or not they have a public page.
    `role` may be blank, since archives often know the person and not the part. Only a duplicate of a credit (also
    from the same first day) is an error.

    `character` is the part of the play that a cast credit is about; `holding` is how it is held ("" if not known, as
    in archives; see directory/rules/holdings.py for the meaning of each on a night); `job` is a job of a department.
    `role` is what the program prints, independent of these.
    """

    section_lookup: ClassVar[str] = "production__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q(production__published_at__isnull=False)

    production = models.ForeignKey(Production, on_delete=models.PROTECT, related_name="credits", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="credits", db_index=False)
    kind = models.CharField(
        max_length=8,
        choices=CreditKind.choices,
        default=CreditKind.CAST,
        help_text="Whether it is a part in the cast or a job in the crew. Example: cast",
    )
    # Both lengths together must fit into one entry of a PostgreSQL index: 2,700 bytes, up to four bytes a character.
    role = models.CharField(
        max_length=300, blank=True, default="", help_text="The part or job as the program prints it. Example: Nina"
    )
    note = models.CharField(
        max_length=300, blank=True, default="", help_text="What the program prints beside it. Example: from 1 May"
    )
    billing_order = models.PositiveIntegerField(
        default=0, help_text="Its place in the billing of its production, the lowest first. Example: 3"
    )
    starts_on = PartialDateField(
        help_text="From which day, partial dates too; empty is from the start of the run. Example: 2027-03-20"
    )
    ends_on = PartialDateField(
        help_text="Until which day, partial dates too; empty is to the end of the run. Example: 2027-04-01"
    )
    holding = models.CharField(
        max_length=11,
        choices=_HOLDINGS,
        blank=True,
        default="",
        help_text="How a part is held, such as first cast, understudy or replacement; empty where nothing "
        "is said. Example: understudy",
    )
    character = models.ForeignKey(Character, null=True, blank=True, on_delete=models.PROTECT, related_name="credits")
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="credits")
    # The printed name, if it is not the person's.
    credited_as = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text="The name that the program prints, where it is not the person's own. Example: A. Bell",
    )
    # Programs print the credits of one block together under its title; blocks are ordered by the lowest order.
    block = models.CharField(
        max_length=60,
        blank=True,
        default="",
        help_text="The heading of the program above it; empty is the usual one. Example: Creative team",
    )
    block_order = models.PositiveIntegerField(
        default=0, help_text="The place of that heading in the program, the lowest first. Example: 2"
    )
    # Of alternating casts ("Red", "Blue"): the cast in which this holder plays.
    team = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="Which of several casts that alternate plays it; empty where there is one cast. Example: Red",
    )
    in_place_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="taken_over_by"
    )
    role_folded = FoldedField(sources=("role",))
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index(fields=["production", "billing_order", "id"], name="credit_by_billing"),
            # The index contains the production, so that counting credits per person reads no rows.
            models.Index(fields=["person", "production"], name="credit_by_person"),
            TrigramIndex(fields=["role_folded"], name="credit_role_trigram"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["production", "person", "kind", "role", "note", "starts_on", "holding"],
                name="credit_once",
                violation_error_code="credit_exists",
                violation_error_message="This production has this very credit already.",
            ),
            models.CheckConstraint(
                condition=Q(kind=CreditKind.CAST) | Q(holding="", character=None, team=""),
                name="credit_part_of_cast",
                violation_error_code="part_without_cast",
                violation_error_message="Only the cast holds parts. Leave character, holding and team empty here.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=CreditKind.CAST) | Q(job=None),
                name="credit_job_of_others",
                violation_error_code="job_of_cast",
                violation_error_message="The cast has parts, not jobs. Leave the job empty, or choose another kind.",
            ),
        ]

    guards: ClassVar[Sequence[Guard]] = (
        Refuse(
            name="credit_of_another_play",
            message="This character is not in the play that the credit is for.",
            when=(
                "NEW.character_id IS NOT NULL AND NEW.production_id <> "
                "(SELECT production_id FROM productions_character WHERE id = NEW.character_id)"
            ),
        ),
    )

    def covers(self, date: str) -> bool:
        """Whether the credit covers a day, or part of the month or year, as far as its dates are known."""
        size = min(len(date), len(self.starts_on) or 10)
        begun = not self.starts_on or self.starts_on[:size] <= date[:size]
        size = min(len(date), len(self.ends_on) or 10)
        return begun and (not self.ends_on or date[:size] <= self.ends_on[:size])

    def __str__(self) -> str:
        return f"{self.person_id} as {self.role or self.kind}"

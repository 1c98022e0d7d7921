"""Who is called to an event, and when people cannot come."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q

from directory.models import Person
from scheduling.models.fields import ZoneField
from scheduling.models.occurrences import Occurrence
from scheduling.rules.availability import Absence
from theater_site.core.actors import Actor
from theater_site.core.encryption import EncryptedTextField
from theater_site.core.models import ContentModel


class Call(ContentModel):
    """That a person is asked to come to an event, from its start to its end."""

    section_lookup: ClassVar[str] = "occurrence__section_id"
    view_permission: ClassVar[str] = "view_schedule"

    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, related_name="calls", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="calls")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence", "person"],
                name="person_called_once",
                violation_error_message="This person is called twice to one event. Name them once.",
                violation_error_code="person_repeated",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} to {self.occurrence_id}"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(person__user_id=actor.user_id) if actor.user_id is not None else None


class AvailabilityKind(models.TextChoices):
    """Whether a person cannot come, or prefers to."""

    UNAVAILABLE = "unavailable", "unavailable"
    PREFERRED = "preferred", "preferred"


class Unavailability(ContentModel):
    """When a person cannot come (or prefers to): on some days, all day or by the hour, once or every week.

    `reason` is encrypted, and shown to the person and to those with `view_directory`.
    """

    section_lookup: ClassVar[str] = "person__section_id"
    view_permission: ClassVar[str] = "view_directory"
    personal: ClassVar[frozenset[str]] = frozenset({"reason"})

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="unavailabilities")
    kind = models.CharField(
        max_length=12,
        choices=AvailabilityKind.choices,
        default=AvailabilityKind.UNAVAILABLE,
        help_text="Whether they cannot come or prefer to. Example: unavailable",
    )
    first_date = models.DateField(help_text="The first day. Example: 2027-03-01")
    last_date = models.DateField(
        null=True, blank=True, help_text="The last day; null means every week without an end. Example: 2027-03-14"
    )
    weekdays = models.JSONField(
        default=list,
        blank=True,
        help_text='The days of the week, by two letters; empty means each day. Example: ["TU", "TH"]',
    )
    start_time = models.TimeField(
        null=True, blank=True, help_text="From when, in wall time; null means all day. Example: 17:00:00"
    )
    end_time = models.TimeField(
        null=True,
        blank=True,
        help_text="Until when, in wall time; before the start means the next day. Example: 20:00:00",
    )
    timezone = ZoneField(help_text="IANA time zone of the wall time. Example: Europe/London")
    reason = EncryptedTextField(
        one_line=True,
        blank=True,
        default="",
        validators=[MaxLengthValidator(300)],
        help_text="Why, for the person and the directory only; may be empty. Example: Evening classes",
    )

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "unavailabilities"
        constraints = [
            models.CheckConstraint(
                name="unavailability_in_order",
                condition=Q(last_date=None) | Q(last_date__gte=F("first_date")),
                violation_error_message="The last day is before the first. Exchange them.",
                violation_error_code="ends_before_start",
            ),
            models.CheckConstraint(
                name="unavailability_hours_whole",
                condition=Q(start_time=None, end_time=None) | Q(start_time__isnull=False, end_time__isnull=False),
                violation_error_message="Give both the start and the end, or neither for the whole day.",
                violation_error_code="half_a_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} from {self.first_date}"

    @classmethod
    def visible_as_own(cls, actor: Actor) -> Q | None:
        return Q(person__user_id=actor.user_id) if actor.user_id is not None else None

    @property
    def absence(self) -> Absence:
        """The same as plain values, from which its spans follow."""
        return Absence(
            self.first_date, self.last_date, tuple(self.weekdays), self.start_time, self.end_time, self.timezone
        )

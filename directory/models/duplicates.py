"""Which people are not the same, and which were merged."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from directory.models.people import Person
from theater_site.core.encryption import EncryptedJSONField
from theater_site.core.models import ContentModel


class DistinctPair(ContentModel):
    """Two people of whom somebody decided that they are not the same. `first` has the lower id."""

    section_lookup: ClassVar[str] = "first__section_id"
    view_permission: ClassVar[str] = "view_directory"

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                name="distinct_pair_once",
                violation_error_code="already_distinct",
                violation_error_message="It is already recorded that these two are not the same.",
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")),
                name="distinct_pair_in_order",
                violation_error_message="A pair is stored with the lower id first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"


class PersonMerge(ContentModel):
    """A person who was merged into another. Their old id and archive key lead to the survivor.

    `memory` is what undoing the merge needs: the values of the merged record, and what was moved. It is None after the
    survivor's erasure; then the merge cannot be undone.
    """

    section_lookup: ClassVar[str] = "survivor__section_id"
    view_permission: ClassVar[str] = "view_directory"
    personal: ClassVar[frozenset[str]] = frozenset({"memory"})
    # It has the ids of new rows, which differ in each run.
    chance: ClassVar[frozenset[str]] = frozenset({"memory"})

    survivor = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges")
    old_id = models.PositiveBigIntegerField(editable=False, help_text="The id that the merged person had. Example: 41")
    archive_key = models.CharField(max_length=200, null=True, unique=True, editable=False)
    merged_at = models.DateTimeField(
        editable=False, help_text="When they were merged: an instant in UTC. Example: 2027-03-14T18:30:00Z"
    )
    memory = EncryptedJSONField(null=True, editable=False)

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["old_id"],
                name="person_merged_once",
                violation_error_code="merged",
                violation_error_message="This person was merged already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.old_id} into {self.survivor_id}"

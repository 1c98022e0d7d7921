"""The departments of a theater and their jobs, so that all productions group their crew lists alike."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Section
from theater_site.core.models import ContentModel


class Department(ContentModel):
    """A department ("Lighting"), listed by `order`; public, like programs."""

    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q()

    section = models.ForeignKey(Section, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100, help_text="What programs print above its crew. Example: Lighting")
    order = models.PositiveIntegerField(default=0, help_text="Its place in crew lists, the lowest first. Example: 3")

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="department_once",
                violation_error_code="department_exists",
                violation_error_message="There is a department of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Job(ContentModel):
    """A job of a department ("Followspot operator"), in the order in which the department lists it."""

    section_lookup: ClassVar[str] = "department__section_id"
    view_permission: ClassVar[str] = "view_cast"
    public_when: ClassVar[Q | None] = Q()

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    name = models.CharField(
        max_length=100, help_text="What the work is called in crew lists. Example: Followspot operator"
    )
    order = models.PositiveIntegerField(
        default=0, help_text="Its place in its department, the lowest first. Example: 1"
    )

    class Meta:
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(
                fields=["department", "name"],
                name="job_once",
                violation_error_code="job_exists",
                violation_error_message="This department has a job of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

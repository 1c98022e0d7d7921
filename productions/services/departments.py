"""Creates, updates and deletes departments and their jobs, for all productions."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from productions.models import Department, Job
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

MOST_JOBS = 100


class DepartmentFields(TypedDict, total=False):
    """Fields of a department: absent means unchanged. `jobs` are all its jobs, in the order of the program."""

    name: str
    order: int
    jobs: Annotated[
        list[str],
        Doc(
            'The names of all its jobs, in the order in which programs list them. Example: ["Lighting '
            'designer", "Followspot operator"]'
        ),
    ]


@action("department.create", needs=Needs("edit_cast", on="organization"), submittable=True)
def create_department(*, organization: Section, fields: DepartmentFields) -> Department:
    """Create a department with its jobs. Raises: Invalid for a missing or duplicate name, and for a job without a name or
    listed twice. Also `department_exists`.
    """
    department = Department(section=organization)
    _describe(department, fields)
    return department


@action("department.update", needs=Needs("edit_cast", on="department"), subject="department", submittable=True)
def update_department(*, department: Department, changes: DepartmentFields) -> Department:
    """Update a department and its jobs. Same errors as `department.create`, and Conflict if a job with credits would be
    removed.
    Error: `bad_entry`.
    """
    _describe(department, changes)
    return department


@action("department.delete", needs=Needs("edit_cast", on="department"), subject="department", submittable=True)
def delete_department(*, department: Department) -> None:
    """Delete a department with its jobs. Raises: Conflict if one of them has credits."""
    department.delete()


def _describe(department: Department, fields: DepartmentFields) -> None:
    if "name" in fields:
        department.name = " ".join(fields["name"].split())
    if "order" in fields:
        department.order = fields["order"]
    department.save()
    if "jobs" in fields:
        _set_jobs(department, [" ".join(name.split()) for name in fields["jobs"]])


def _set_jobs(department: Department, names: list[str]) -> None:
    if len(names) > MOST_JOBS or len(set(names)) < len(names) or not all(names):
        raise Invalid(f"Give up to {MOST_JOBS} jobs, each with a unique name.", code="bad_entry", field="jobs")
    known = {job.name: job for job in Job.objects.filter(department=department).select_related("department")}
    Job.objects.filter(pk__in=[job.pk for name, job in known.items() if name not in names]).delete()
    for order, name in enumerate(names, 1):
        job = known.get(name) or Job(department=department, name=name)
        if job.order != order:
            job.order = order
            job.save()

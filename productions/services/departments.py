"""Departments and their jobs are laid down, for all productions alike."""

from __future__ import annotations

from typing import Annotated, TypedDict

from accounts.models import Section
from productions.models import Department, Job
from theater_site.core.actions import Needs, action
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

MOST_JOBS = 100


class DepartmentFields(TypedDict, total=False):
    """What can be said of a department: absent means unchanged. `jobs` are all its jobs, in the order of the program."""

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
    """Create a department with its jobs. Refused: no name, a name that another has, a job without a name or named
    twice."""
    department = Department(section=organization)
    _describe(department, fields)
    return department


@action("department.update", needs=Needs("edit_cast", on="department"), subject="department", submittable=True)
def update_department(*, department: Department, changes: DepartmentFields) -> Department:
    """Update a department and its jobs. Raises the errors of creating it, and where a job that somebody is credited with would
    go."""
    _describe(department, changes)
    return department


@action("department.delete", needs=Needs("edit_cast", on="department"), subject="department", submittable=True)
def delete_department(*, department: Department) -> None:
    """Delete a department with its jobs. Refused where somebody is credited with one of them."""
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
        raise Invalid(f"Up to {MOST_JOBS} jobs, each with a name of its own.", code="bad_entry", field="jobs")
    known = {job.name: job for job in Job.objects.filter(department=department).select_related("department")}
    Job.objects.filter(pk__in=[job.pk for name, job in known.items() if name not in names]).delete()
    for order, name in enumerate(names, 1):
        job = known.get(name) or Job(department=department, name=name)
        if job.order != order:
            job.order = order
            job.save()

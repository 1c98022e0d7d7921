"""Imports a performing archive: one action, one audit entry, all or nothing.

Each row is recognized by its `archive_key` ("<archive>:<id>"). So a second import creates nothing twice, and does not
change what people have edited since. Nothing is guessed: what the archive does not say stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated

from accounts.models import Section
from scheduling.rules.wall_time import valid_zone
from theater_site.archive.outcomes import Outcome
from theater_site.archive.reader import read_archive
from theater_site.archive.writer import ArchiveWriter, Progress
from theater_site.core.actions import Needs, action, current
from theater_site.core.docs import Doc
from theater_site.core.errors import Invalid

_progress: ContextVar[Progress | None] = ContextVar("archive_progress", default=None)


@contextmanager
def reporting(progress: Progress) -> Iterator[None]:
    """Inside the context, an import calls `progress(table, read)` every thousand rows of a table, and at its end."""
    token = _progress.set(progress)
    try:
        yield
    finally:
        _progress.reset(token)


@action(
    "archive.import",
    needs=tuple(
        Needs(permission, on="organization")
        for permission in ("manage_details", "manage_cast", "manage_schedule", "manage_directory", "manage_venues")
    ),
)
def import_archive(
    *,
    organization: Section,
    folder: Annotated[str, Doc("The folder of the archive's files on the server. Example: archive/")],
    archive: Annotated[
        str,
        Doc(
            "A name for the archive. A later import under the same name recognizes its rows. At most 50 characters, no "
            "colon. Example: attic"
        ),
    ],
    default_timezone: Annotated[
        str | None,
        Doc("IANA time zone for venues without one in the archive; null leaves it unknown. Example: Europe/London"),
    ],
    publish: Annotated[
        bool, Doc("True publishes the seasons, productions, performances and people that are created. Example: true")
    ],
    add_people: Annotated[
        bool,
        Doc(
            "True creates a person who has only a name for each credit whose person has no record; false refuses"
            " these credits. Example: false"
        ),
    ],
) -> Outcome:
    """Import all rows of the archive in `folder` that are correct. List the others with file, line and reason.

    Rows that an earlier import under the same name created are left unchanged. A venue without a time zone gets
    `default_timezone`, and the outcome counts these venues. With `publish`, seasons, productions, performances and people
    are public. With `add_people`, a person without a record is named by the `person_name` of the credit, else by its
    `person` ("anna-bell" is Anna Bell).

    Errors: `bad_archive_name`, `archive_not_found`, `archive_table_missing`, `archive_table_twice`, `unknown_timezone`.
    """
    if not archive or len(archive) > 50 or ":" in archive:
        raise Invalid(
            "The name of an archive has 1 to 50 characters and no colon.", code="bad_archive_name", field="archive"
        )
    if default_timezone is not None:
        valid_zone(default_timezone)
    tables = read_archive(folder)
    tables.unknown_people = add_people
    published_at = current().instant if publish else None
    report = _progress.get() or (lambda table, read: None)
    outcome = ArchiveWriter(organization, tables, archive, default_timezone, published_at, report).write()
    current().note["import"] = outcome.as_data()
    return outcome

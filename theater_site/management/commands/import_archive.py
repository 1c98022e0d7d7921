"""`manage.py import_archive DIR`: import a performing archive."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from accounts.management.acting import acting_for
from accounts.models import Section
from accounts.permissions.selectors.sections import organization
from theater_site.archive.importer import import_archive, reporting
from theater_site.archive.outcomes import Outcome
from theater_site.archive.reader import read_archive
from theater_site.core.errors import DomainError
from theater_site.core.logs import bind_request_id


class Command(BaseCommand):
    help = (
        "Import a performing archive: seasons, venues, productions, performances, runs, people and credits as JSON "
        "lines, plain or gzip. An error rolls the whole import back; a second run changes nothing. Refused rows are listed. "
        "Reading is possible during the import. On SQLite, which has one writer, a request that writes waits up to 20 "
        "seconds and then gets 503. On PostgreSQL, only a second import waits for the first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", help="the folder of the archive's files")
        parser.add_argument("--name", help="the name of the archive; the default is the folder's name")
        parser.add_argument(
            "--default-timezone", metavar="ZONE", help="the time zone of venues without one, such as America/New_York"
        )
        parser.add_argument("--publish", action="store_true", help="publish what is imported")
        parser.add_argument(
            "--add-people", action="store_true", help="add a person by name for each credit whose person has no record"
        )
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="act as this user, not as the installation")
        parser.add_argument("--preview", action="store_true", help="run the import, print the outcome, and roll back")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, folder: str, **options: Any) -> None:
        quiet = bool(options["json"])
        if Section._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The database has no tables. Run `manage.py migrate`, then `manage.py found`.")
        try:
            with bind_request_id():
                outcome = self._import(folder, options, quiet)
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{error.filename or folder} cannot be read: {error.strerror}.") from error
        if quiet:
            bad = [{"file": row.file, "line": row.line, "code": row.code, "reason": row.reason} for row in outcome.bad]
            remarks = [
                {"file": file, "line": line, "code": remark.code, "text": remark.text}
                for file, line, remark in outcome.remarked
            ]
            report = {**outcome.as_data(), "preview": options["preview"], "bad": bad, "remarks": remarks}
            self.stdout.write(json.dumps(report))
        else:
            self._print(outcome, options["preview"])

    def _import(self, folder: str, options: dict[str, Any], quiet: bool) -> Outcome:
        inputs = {
            "organization": organization(),
            "folder": folder,
            "archive": options["name"] or Path(folder).resolve().name,
            "default_timezone": options["default_timezone"],
            "publish": options["publish"],
            "add_people": options["add_people"],
        }
        actor = acting_for(options["email"], "import_archive")
        total = read_archive(folder).total_lines
        columns = (TextColumn("{task.description:14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
            task = bar.add_task("reading", total=total)
            finished: dict[str, int] = {}

            def advance(table: str, read: int) -> None:
                finished[table] = read
                bar.update(task, description=table, completed=sum(finished.values()))

            with reporting(advance):
                if options["preview"]:
                    return import_archive.preview(actor=actor, **inputs).result
                return import_archive(actor=actor, **inputs)

    def _print(self, outcome: Outcome, preview: bool) -> None:
        out = Console(file=cast(Any, self.stdout)._out, width=110)
        table = Table("table", title=f"{outcome.archive}{' (preview: nothing was kept)' if preview else ''}")
        for column in ("lines", "new", "known", "merged", "bad"):
            table.add_column(column, justify="right")
        table.add_column("remarks")
        for name, tally in outcome.tables.items():
            remarks = ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in tally.remarks.most_common())
            numbers = (tally.lines, tally.new, tally.known, tally.merged, tally.bad)
            table.add_row(name, *(f"{number:,}" for number in numbers), remarks)
        out.print(table)
        if outcome.assumed_zone:
            out.print(f"{outcome.assumed_zone} venues without a time zone got the default one.")
        if outcome.people_added:
            out.print(f"{outcome.people_added} people without a record were added by name.")
        for row in outcome.bad:
            self.stdout.write(f"{row.file}:{row.line}: {row.reason}")
